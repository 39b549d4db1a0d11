/** Users and accounts that leave the roster: rotation ends, everything else stays. */
import { releasePolicy } from '../secret/apply-policy';
import { forEachAtMost } from '../../concurrency';
import { digest } from '../../digest';
import { calendarDate } from '../../time';
import { TAGS } from '../../ledger/tags';
import type { Secret, SecretLifecycle } from '../../ports';
import { CONCURRENT_USERS, type Run, type UnwantedSecrets } from '../context';
import type { NoticeOf } from '../../../contract/notice';
import type { RosterSlice, SliceUser } from '../../../contract/slice';
import { outstanding } from '../../ledger/versions';

/** Managed secrets whose user is no longer in the roster, or has another one now. One that cannot be read keeps no other from being found. */
export async function releasable(secrets: SecretLifecycle, slice: RosterSlice): Promise<UnwantedSecrets> {
  const wanted = new Set(slice.users.map(({ secretName }) => secretName));
  const found: Secret[] = [];
  const unread = new Map<string, unknown>();
  for (const name of await secrets.list()) {
    if (wanted.has(name)) continue;
    const secret = await secrets.describe(name).catch((error: unknown) => void unread.set(name, error));
    if (secret && !secret.deletedAt && secret.tags[TAGS.generation] !== undefined) found.push(secret);
  }
  return { secrets: found, unread };
}

/**
 * Rotation ends; the secret and its keys stay as they are, also a new one that AWSPENDING holds: a rotation under way
 * ends with it, for rotate refuses a user whom the roster does not name, and goes on, or starts over, when the user is put back.
 */
export async function release(run: Run, secret: Secret): Promise<void> {
  const { secrets, notices, slice, now } = run;
  const [at, owed] = secret.tags[TAGS.released]?.split(' ') ?? [];
  if (at && !owed) return;
  const released = at ?? now.toISOString();
  if (secret.rotationEnabled) await secrets.cancelRotation(secret.arn);
  await releasePolicy(secrets, secret);
  if (!at) await secrets.tag(secret.arn, { [TAGS.released]: `${released} owed` });
  await notices.send({
    schemaVersion: 2,
    day: calendarDate(new Date(released)),
    id: digest(secret.arn, 'released', String(slice.generation)),
    type: 'attention',
    audience: ['admin'],
    accountId: slice.accountId,
    region: slice.region,
    secretName: secret.name,
    occurredAt: now.toISOString(),
    ...(heirOf(run, secret) ? moved(secret, heirOf(run, secret)!) : left(secret)),
  });
  await secrets.tag(secret.arn, { [TAGS.released]: released });
}

/** Its user has another secret now: under the same name by the roster, or renamed in IAM, which leaves the unique id. */
const heirOf = ({ slice, usersById }: Run, { name, tags }: Secret): SliceUser | undefined =>
  slice.users.find(({ formerSecretNames }) => formerSecretNames?.includes(name)) ??
  usersById.get(tags[TAGS.userId] ?? '');

type Said = Pick<NoticeOf<'attention'>, 'userName' | 'code' | 'reason' | 'nextStep'>;

const moved = ({ name }: Secret, heir: SliceUser): Said => ({
  userName: heir.name,
  code: 'USER_MOVED',
  reason: `the secret of ${heir.name} has moved from ${name} to ${heir.secretName}: rotation continues there`,
  nextStep: `the key that ${name} holds was stored in the new secret too; once a rotation has replaced it, it retires like any previous key, while it is used not before ${heir.whenStillUsed === 'hold' ? 'it is quiet' : 'its time is over'}; have whoever reads ${name} read ${heir.secretName}, and then delete the former secret`,
});

const left = (secret: Secret): Said => ({
  userName: lastPart(secret.name),
  code: 'USER_RELEASED',
  reason: 'the user is no longer in the roster: its rotation was cancelled',
  nextStep: `its secret and ${outstanding(secret) ? 'its keys stay, with the new one that a rotation under way may have stored under AWSPENDING' : 'its key stay'}; delete them manually, or add the user to the roster again with \`state: retired\``,
});

/** Of a secret whose user the roster does not name any more. */
export const lastPart = (secretName: string): string => secretName.split('/').at(-1) ?? secretName;

/** Of an account that leaves: every secret's rotation is off, and none is outstanding. */
export async function isReleased({ secrets, slice }: Run): Promise<boolean> {
  const found: (Secret | undefined)[] = [];
  await forEachAtMost(CONCURRENT_USERS, slice.users, async ({ secretName }) => {
    found.push(await secrets.describe(secretName));
  });
  return found.every((secret) => !secret || secret.deletedAt || (!secret.rotationEnabled && !outstanding(secret)));
}
