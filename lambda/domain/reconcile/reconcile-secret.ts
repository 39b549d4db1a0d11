/** The secret itself: made, restored, its policy kept, and what people changed by hand told of. */
import type { ReconcilePorts, ReconcileSettings, UserState } from './user-state';
import type { RosterSlice, SliceUser } from '../../contract/slice';
import type { User, Secret } from '../ports';
import { appliedGeneration, outdated } from '../roster/subject';
import { printSecretValue, parseSecretValue } from '../secret-value';
import { lossTag, TAGS, tagKeysOf, userNameTag, LIST_LAG_MS } from '../ledger/tags';
import { requireOwnName, requireOwnVersions } from '../secrets/foreign-versions';
import { offboardingOf } from '../ledger/retirements';
import { noticeBase, byHand } from '../notices/compose';
import { digest } from '../digest';
import { versionWith } from '../ledger/versions';
import { intentsOf } from '../ledger/intents';
import { lastFour } from '../keys/describe';

/**
 * The user's secret, made when there is none and brought back when it was deleted; undefined when neither can be.
 * @param held asks for the keys that a secret of this user held before
 * @throws RotationError SLICE_OUTDATED when a newer slice has been applied to it
 */
export async function ensureSecret(
  ports: ReconcilePorts,
  settings: ReconcileSettings,
  slice: RosterSlice,
  user: SliceUser,
  found: User | undefined,
  held: () => Promise<readonly string[]>,
): Promise<Secret | undefined> {
  const secret = await ports.secrets.describe(user.secretName);
  if (secret && slice.generation < appliedGeneration(secret))
    throw outdated(slice.generation, appliedGeneration(secret));
  if (secret?.deletedAt) return user.state === 'retired' ? secret : restore(ports, slice, user, secret, found);
  if (secret || !found || user.state === 'retired') return secret;
  const value = printSecretValue({ userName: found.name, accountId: settings.accountId });
  const formerly = await held();
  const loss = formerly.length > 0 ? lossTag({ since: ports.clock.now(), keyIds: formerly }) : {};
  await ports.secrets.create(user.secretName, value, {
    [TAGS.userId]: found.id,
    ...userNameTag(found.name),
    [TAGS.generation]: String(slice.generation),
    ...loss,
  });
  return ports.secrets.describe(user.secretName);
}

/**
 * A wanted secret that was deleted, by hand or because its user had retired, still holds what it held, and its name
 * is taken as long. Where the user is another one of the same name, nothing of that is believed any more: it is adopted anew.
 */
async function restore(
  ports: ReconcilePorts,
  slice: RosterSlice,
  user: SliceUser,
  secret: Secret,
  found: User | undefined,
): Promise<Secret | undefined> {
  const isSame = found !== undefined && secret.tags[TAGS.userId] === found.id;
  if (!isSame) requireOwnName(secret, user.name);
  await ports.secrets.restore(secret.arn);
  const another = found !== undefined && secret.tags[TAGS.userId] !== undefined && !isSame;
  if (another) await disown(ports, slice, secret, found);
  const now = ports.clock.now();
  const byUs = offboardingOf(secret) !== undefined;
  await ports.notices.send({
    ...noticeBase({ slice, user, secret }, now),
    id: digest(secret.arn, 'SECRET_RESTORED', secret.deletedAt!.toISOString()),
    type: 'attention',
    audience: ['admin'],
    code: 'SECRET_RESTORED',
    reason: another
      ? 'the deleted secret was made for a former user of the same name: it was restored, and the new user is adopted'
      : byUs
        ? 'the user is back in the roster: its deleted secret was restored'
        : 'the secret was deleted by hand; it was restored, for its user is in the roster',
    nextStep: another
      ? 'its first rotation makes a key; nothing of the former user is used'
      : 'take the user out of the roster, or retire it, before its secret is deleted',
  });
  return ports.secrets.describe(user.secretName);
}

/**
 * The new user and the former one's version are written at once; what else was written of the former one goes.
 * @throws RotationError SECRET_VALUE_FOREIGN, having written nothing, where a version is of a user of another name
 */
async function disown(
  { secrets }: ReconcilePorts,
  { accountId }: RosterSlice,
  secret: Secret,
  found: User,
): Promise<void> {
  await requireOwnVersions({ secrets, secret, userName: found.name, accountId, keyIds: [] });
  const current = versionWith(secret, 'AWSCURRENT');
  const tags = { [TAGS.userId]: found.id, ...userNameTag(found.name), ...(current && { [TAGS.former]: current }) };
  await secrets.tag(secret.arn, tags);
  const stale = tagKeysOf(secret).filter((key) => !(key in tags));
  if (stale.length > 0) await secrets.untag(secret.arn, stale);
}

/** AWSCURRENT on a version that no rotation of ours put there: accepted as it is when its key works, and told once. */
export async function noticeForeignCurrent(state: UserState): Promise<void> {
  const { secrets, secret, notices } = state;
  const current = versionWith(secret, 'AWSCURRENT');
  const promoted = secret.tags[TAGS.notified];
  if (!current || !promoted || current === promoted) return;
  if (intentsOf(secret).some(({ token }) => token === current)) return;
  await proveCurrent(state);
  if (secret.tags[TAGS.foreignCurrent] === current) return;
  await notices.send(
    byHand(
      state,
      'CURRENT_CHANGED',
      current,
      'AWSCURRENT was moved, or its value put, by hand',
      'it is left as it is; a key that no version names any more retires as the roster says',
    ),
  );
  await secrets.tag(secret.arn, { [TAGS.foreignCurrent]: current });
}

/** A value put by hand can name an Active key and hold the wrong secret for it: only its use tells. */
async function proveCurrent({
  secrets,
  secret,
  identities,
  existing,
  currentKeyId,
  now,
  conditions,
}: UserState): Promise<void> {
  const key = existing.find(
    ({ id, status, createdAt }) =>
      id === currentKeyId && status === 'Active' && now.getTime() - createdAt.getTime() >= LIST_LAG_MS,
  );
  const text = key && (await secrets.value(secret.arn, 'AWSCURRENT'));
  const stored = text === undefined ? undefined : parseSecretValue(text).key;
  if (!stored || stored.id !== key?.id || (await identities.identify(stored))) return;
  conditions.set('CURRENT_VALUE_WRONG', {
    reason: `the value that was put by hand names the key …${lastFour(stored.id)} and does not work`,
    nextStep: 'a rotation is started; the key stays as long as it is used',
  });
}
