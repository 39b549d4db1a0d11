/** IAM allows two keys a user: before a third, one has to go, and only one that surely nobody needs. */
import { RotationError } from '../errors';
import type { Subject } from '../roster/subject';
import { inWords } from '../time';
import { deactivateAndDelete, knownAs } from '../keys/protected-keys';
import { describeLastUse, lastFour } from '../keys/describe';
import { isQuiet } from '../keys/quiet';
import { isUnsettled, judgeKey, mayBeLast } from '../keys/last-key';
import { withLease } from '../ledger/lease';
import { intentsOf } from '../ledger/intents';
import { familiesOf } from '../ledger/sound-tags';
import { isFormers, lossOf } from '../ledger/tags';
import { judgeableAt, judgeUnknownKeys } from '../keys/orphaned-keys';
import { retirementsOf, retirementTagKey } from '../ledger/retirements';
import type { AccessKey, Clock, KeyAdministration, Notices, Secrets } from '../ports';
import { keyUnder } from '../secret-value';
import type { SliceUser } from '../../contract/slice';
import { deletedNotice } from '../notices/compose';

export interface RoomInput extends Subject {
  readonly secrets: Secrets;
  readonly notices: Notices;
  readonly keys: KeyAdministration;
  readonly clock: Clock;
  readonly existing: readonly AccessKey[];
  readonly currentKeyId: string | undefined;
  readonly rotateTimeoutMs: number;
}

/**
 * Makes sure that a key can be created: returns the keys that exist afterwards. Deletes at most one: an orphan of
 * ours, else a retiring key that is Inactive and quiet, else (`unmanagedKeys: delete`) an unmanaged one that is quiet.
 * Which one is decided under the lease, from a reading of its own.
 * @throws RotationError CURRENT_KEY_MISSING, ROOM_PENDING, ROOM_NONE, LEDGER_INVALID or SECRET_BUSY, having touched no key
 */
export async function makeRoom(input: Omit<RoomInput, 'currentKeyId'>): Promise<readonly AccessKey[]> {
  const { secrets, keys, existing } = input;
  if (existing.length < 2) return existing;
  return withLease(input, async (secret) => {
    const fresh = await keys.list();
    const current = isFormers(secret) ? undefined : await keyUnder({ secrets, secret }, 'AWSCURRENT');
    return deleteOne({ ...input, secret, existing: fresh, currentKeyId: current?.id });
  });
}

async function deleteOne(input: RoomInput): Promise<readonly AccessKey[]> {
  const { secrets, secret, existing, currentKeyId } = input;
  if (existing.length < 2) return existing;
  if (secret.malformedTags)
    throw new RotationError(
      'LEDGER_INVALID',
      `tags of the secret ${secret.name} do not parse (${familiesOf(secret.malformedTags).join(', ')}), so which key may go is not known`,
      'they are repaired within the hour; then the rotation is retried',
    );
  const victim =
    (await orphan(input)) ?? (isLost(input) ? undefined : ((await retired(input)) ?? (await unmanaged(input))));
  if (!victim && isLost(input))
    throw new RotationError(
      'CURRENT_KEY_MISSING',
      `the key …${lastFour(currentKeyId!)} that AWSCURRENT names does not exist while two others do`,
      'decide which of the two keys can be deleted, and delete it; nothing was changed',
    );
  if (!victim) throw await noRoom(input);
  const { key, found } = victim;
  if (found !== 'retiring' && (await knownAs(secrets, secret, key.id, input.user))) throw await noRoom(input);
  if (!(await mayGo(input, victim))) throw await noRoom(input);
  await remove(input, victim);
  return existing.filter((other) => other !== key);
}

/** One of the keys that do exist may be what the user works with; only an orphan cannot. */
const isLost = ({ existing, currentKeyId }: RoomInput): boolean =>
  currentKeyId !== undefined && !existing.some(({ id }) => id === currentKeyId);

/** Read anew. An orphan nobody can work with, whatever else works. */
async function mayGo(input: RoomInput, { key: { id }, found }: Victim): Promise<boolean> {
  const { verdict, key } = await judgeKey({ ...input, iam: input.keys }, id);
  return verdict === 'free'
    ? found !== 'retiring' || key?.status !== 'Active'
    : verdict === 'last' && found === 'orphan';
}

async function remove(
  { secrets, secret, slice, user, notices, keys, clock }: RoomInput,
  { key, found }: Victim,
): Promise<void> {
  await (found === 'orphan' ? keys.delete(key.id) : deactivateAndDelete(keys, key));
  await notices.record(deletedNotice({ secret, slice, user }, key.id, 'it made room for a new one', clock.now()));
  if (retirementsOf(secret).some(({ keyId }) => keyId === key.id))
    await secrets.untag(secret.arn, [retirementTagKey(key.id)]);
}

interface Victim {
  readonly key: AccessKey;
  readonly found: 'orphan' | 'retiring' | 'unmanaged';
}

async function orphan(input: RoomInput): Promise<Victim | undefined> {
  const { orphans, undecided } = judge(input);
  for (const key of orphans) {
    if (!(await input.keys.lastUse(key.id)).used) return { key, found: 'orphan' };
  }
  if (undecided.length > 0) {
    const at = judgeableAt(intentsOf(input.secret), input.rotateTimeoutMs);
    throw new RotationError(
      'ROOM_PENDING',
      `an interrupted attempt may still be about to store the key …${lastFour(undecided[0]!.id)}`,
      `the rotation is retried after ${inWords(at)}`,
    );
  }
  return undefined;
}

async function retired({ secret, keys, existing, user, clock }: RoomInput): Promise<Victim | undefined> {
  for (const retirement of retirementsOf(secret)) {
    const key = existing.find((candidate) => candidate.id === retirement.keyId && candidate.status !== 'Active');
    if (key && isQuiet(key, await keys.lastUse(key.id), user.quietForHours, clock.now()))
      return { key, found: 'retiring' };
  }
  return undefined;
}

async function unmanaged(input: RoomInput): Promise<Victim | undefined> {
  if (input.user.unmanagedKeys !== 'delete') return undefined;
  const retiring = new Set([
    ...retirementsOf(input.secret).map(({ keyId }) => keyId),
    ...(lossOf(input.secret)?.keyIds ?? []),
  ]);
  const candidates = input.existing.filter(
    (key) =>
      key.id !== input.currentKeyId && !retiring.has(key.id) && !(key.status === 'Active' && mayBeLast(input, key.id)),
  );
  const inactiveFirst = candidates.sort((a, b) => Number(a.status === 'Active') - Number(b.status === 'Active'));
  for (const key of inactiveFirst) {
    if (isQuiet(key, await input.keys.lastUse(key.id), input.user.quietForHours, input.clock.now()))
      return { key, found: 'unmanaged' };
  }
  return undefined;
}

function judge({
  existing,
  secret,
  currentKeyId,
  rotateTimeoutMs,
  clock,
}: RoomInput): ReturnType<typeof judgeUnknownKeys> {
  const known = new Set([
    ...(currentKeyId ? [currentKeyId] : []),
    ...retirementsOf(secret).map(({ keyId }) => keyId),
    ...(lossOf(secret)?.keyIds ?? []),
  ]);
  return judgeUnknownKeys(existing, known, intentsOf(secret), rotateTimeoutMs, clock.now());
}

async function noRoom(input: RoomInput): Promise<RotationError> {
  const { existing, currentKeyId, keys, user } = input;
  const inTheWay = existing.find((key) => key.id !== currentKeyId)!;
  const use = describeLastUse(await keys.lastUse(inTheWay.id));
  const found = `${user.name} has two keys and the ${inTheWay.status} key …${lastFour(inTheWay.id)}, created ${inWords(inTheWay.createdAt)} and ${use}, leaves no slot for a new one`;
  return new RotationError('ROOM_NONE', found, isUnsettled(input) ? WAITS_FOR_STORED_KEY : howRoomComes(user));
}

/** For messages about keys that do not retire, for the stored one does not work. */
export const WAITS_FOR_STORED_KEY =
  'nothing is deactivated or deleted while the stored key does not work; another alert gives the command that restores it';

/** For messages about two keys that leave no room for a new one. */
export const howRoomComes = ({ unmanagedKeys }: SliceUser): string =>
  `${unmanagedKeys === 'hold' ? 'a key that a rotation replaced is deleted once it is no longer used; any other key is kept, as the roster says, until someone deletes it' : 'one of them is retired once it is no longer used'}; then the rotation starts automatically`;
