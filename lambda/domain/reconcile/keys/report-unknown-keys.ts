/** A key that appeared and that no rotation made may be an attacker's: the admins are notified of it at once, and once. */
import { digest } from '../../digest';
import { lastFour } from '../../keys/describe';
import { knownAs } from '../../keys/protected-keys';
import { PREFIX } from '../../ledger/tags';
import { byHand } from '../../notices/compose';
import type { AccessKey } from '../../ports';
import type { SliceUser } from '../../../contract/slice';
import { inWords } from '../../time';
import { judgeUnknown } from './reconcile-keys';
import type { UserState } from '../user-state';

const SEEN = `${PREFIX}unknown-keys`;

const OWED = 'owed=';

/**
 * Of a user who has a stored key: keys from before its first rotation are those that the product found. The ledger names the
 * key before its notice is sent, because afterwards the key may retire and be unknown no more.
 */
export async function reportUnknownKeys(state: UserState): Promise<void> {
  const { existing, secret, secrets, notices, unsent } = state;
  const words = secret.tags[SEEN]?.split(' ') ?? [];
  const write = (): Promise<void> => secrets.tag(secret.arn, { [SEEN]: words.join(' ') });
  const found = await newKeys(state, words);
  if (found.length > 0) {
    const kept = words.filter((word) => existing.some(({ id }) => word.endsWith(id)));
    words.splice(0, words.length, ...kept, ...found.map((id) => `${OWED}${id}`));
    await write();
  }
  for (const key of existing.filter(({ id }) => words.includes(`${OWED}${id}`))) {
    try {
      await notices.send(unknownKey(state, key));
    } catch (error) {
      unsent.push(error);
      continue;
    }
    words[words.indexOf(`${OWED}${key.id}`)] = key.id;
    await write();
  }
}

async function newKeys(state: UserState, words: readonly string[]): Promise<string[]> {
  const { existing, currentKeyId, secrets, secret } = state;
  const current = existing.find(({ id }) => id === currentKeyId);
  if (!current) return [];
  const found: string[] = [];
  for (const { id, createdAt } of judgeUnknown(state).unmanaged) {
    const isNew = createdAt > current.createdAt && !words.some((word) => word.endsWith(id));
    if (isNew && !(await knownAs(secrets, secret, id, state.user))) found.push(id);
  }
  return found;
}

const WHAT_HAPPENS: Readonly<Record<SliceUser['unmanagedKeys'], string>> = {
  hold: 'it is left as it is, by the roster',
  retire: 'it retires like a previous key',
  delete: 'it is deactivated and deleted once it is quiet, by the roster',
};

const unknownKey = (state: UserState, { id, createdAt }: AccessKey) => ({
  ...byHand(
    state,
    'UNKNOWN_KEY',
    id,
    `the key …${lastFour(id)} of ${state.user.name} was created at ${inWords(createdAt)}, and no rotation on record made it`,
    `${WHAT_HAPPENS[state.user.unmanagedKeys]}; find out in CloudTrail who called CreateAccessKey, and if that was nobody of yours, deactivate it with the command below and treat it as an attack`,
  ),
  id: digest(state.secret.arn, 'UNKNOWN_KEY', id),
  command: `aws iam update-access-key --user-name ${state.user.name} --access-key-id ${id} --status Inactive`,
});
