/** The secret itself: made, restored, its policy kept, and what people changed by hand reported. */
import { heldKeys } from '../account/held-keys';
import type { Run } from '../context';
import type { UserState } from '../user-state';
import type { NoticeOf } from '../../../contract/notice';
import type { SliceUser } from '../../../contract/slice';
import type { KeyAdministration, User, Secret } from '../../ports';
import { appliedGeneration, outdated } from '../../roster/subject';
import { keyUnder, printSecretValue } from '../../secret-value';
import {
  alertsOf,
  alertTagKey,
  foreignCurrentOf,
  foreignCurrentTag,
  LIST_LAG_MS,
  lossTag,
  tagKeysOf,
  TAGS,
  userNameTag,
} from '../../ledger/tags';
import { requireOwnName, requireOwnVersions } from '../../secrets/foreign-versions';
import { isOurs, requireAdoptable } from '../../secrets/adoptable';
import { inheritanceOf } from '../../secrets/former-secrets';
import { offboardingOf, retirementTagKey } from '../../ledger/retirements';
import { labelCompromised } from '../../operate/deactivate-compromised';
import { noticeBase, byHand } from '../../notices/compose';
import { digest } from '../../digest';
import { versionWith } from '../../ledger/versions';
import { intentsOf } from '../../ledger/intents';
import { lastFour } from '../../keys/describe';

/**
 * The user's secret, made when there is none and brought back when it was deleted; undefined when neither can be. That of a
 * user who retires is made for its keys' sake, and goes with the last of them.
 * @throws RotationError SLICE_OUTDATED when a newer slice has been applied to it
 */
export async function ensureSecret(
  run: Run,
  user: SliceUser,
  iam: KeyAdministration,
  found: User | undefined,
): Promise<Secret | undefined> {
  const { secrets, slice, settings } = run;
  const secret = await secrets.describe(user.secretName);
  if (secret && !isOurs(secret, settings.rotateFunctionArn)) return adopt(run, user, iam, secret, found);
  const applied = secret ? appliedGeneration(secret, run.now) : 0;
  if (slice.generation < applied) throw outdated(slice.generation, applied);
  if (secret?.deletedAt) return user.state === 'retired' ? secret : restore(run, user, secret, found);
  if (secret || !found || (user.state === 'retired' && !(await hasKeysToEnd(run, iam)))) return secret;
  return create(run, user, iam, found);
}

/** A user who retires without ever having been managed: the ledger that sees to its keys has to be somewhere. */
const hasKeysToEnd = async ({ slice }: Run, iam: KeyAdministration): Promise<boolean> =>
  slice.state !== 'leaving' && (await iam.list()).length > 0;

/** The ledger is written last: until then the secret is somebody else's. @throws RotationError SECRET_NOT_OURS */
async function adopt(
  run: Run,
  user: SliceUser,
  iam: KeyAdministration,
  secret: Secret,
  found: User | undefined,
): Promise<Secret | undefined> {
  const { secrets, slice, settings, notices, clock } = run;
  const isWanted = user.adoptSecret === true && found !== undefined;
  await requireAdoptable({ ...run, iam, userName: user.name, accountId: settings.accountId, isWanted }, secret);
  await notices.send({
    ...noticeBase({ slice, user, secret }, clock.now()),
    id: digest(secret.arn, 'SECRET_ADOPTED'),
    type: 'attention',
    audience: ['admin'],
    code: 'SECRET_ADOPTED',
    reason: 'the secret, which this product did not make, is being taken over, as adoptSecret says',
    nextStep:
      'its policy, its schedule and its rotation function become those of this product: readers that the roster does not list lose access',
  });
  await secrets.tag(secret.arn, {
    ...(found && { [TAGS.userId]: found.id, ...userNameTag(found.name) }),
    [TAGS.generation]: String(slice.generation),
    [TAGS.adopted]: clock.now().toISOString(),
  });
  return secrets.describe(secret.arn);
}

/**
 * Where a secret of this user held keys before, the new one says so: nothing else knows that they are ours. What a secret
 * under a former name holds goes along, so that nobody is without a stored key until the next rotation.
 */
async function create(run: Run, user: SliceUser, iam: KeyAdministration, found: User): Promise<Secret | undefined> {
  const { secrets, slice, settings, clock } = run;
  const names = { userName: found.name, accountId: settings.accountId };
  const formers = await formerSecrets(run, user, found);
  const existing = formers.length > 0 ? await iam.list() : [];
  const inherited = await inheritanceOf({ ...run, ...names, existing }, formers);
  const { value } = inherited;
  const lost = [...new Set([...(await heldKeys(run, user.name)), ...inherited.keyIds])].filter(
    (id) => id !== value?.key?.id && !(retirementTagKey(id) in inherited.tags),
  );
  await secrets.create(user.secretName, printSecretValue({ ...value, ...names }), {
    [TAGS.userId]: found.id,
    ...userNameTag(found.name),
    [TAGS.generation]: String(slice.generation),
    ...inherited.tags,
    ...(value && { [TAGS.moved]: clock.now().toISOString() }),
    ...(lost.length > 0 && lossTag({ since: clock.now(), keyIds: lost })),
  });
  const made = await secrets.describe(user.secretName);
  if (!made || inherited.compromised.length === 0) return made;
  for (const keyId of inherited.compromised) await labelCompromised(secrets, made, keyId);
  return secrets.describe(user.secretName);
}

/** By the names that the roster had for them, and by the unique id of a user who was renamed; the latest last. */
async function formerSecrets(run: Run, { formerSecretNames = [] }: SliceUser, found: User): Promise<Secret[]> {
  const { secrets } = await run.unwanted();
  const renamed = secrets.filter(
    ({ name, tags }) => tags[TAGS.userId] === found.id && !formerSecretNames.includes(name),
  );
  const named: (Secret | undefined)[] = [];
  for (const name of formerSecretNames) named.push(await run.secrets.describe(name));
  return [...renamed, ...named.filter((secret) => secret !== undefined)];
}

/**
 * A wanted secret that was deleted, by hand or because its user had retired, still holds what it held, and its name
 * is taken as long. Where the user is another one of the same name, nothing of that is believed any more: it is adopted anew.
 */
async function restore(
  run: Run,
  user: SliceUser,
  secret: Secret,
  found: User | undefined,
): Promise<Secret | undefined> {
  const isSame = found !== undefined && secret.tags[TAGS.userId] === found.id;
  if (!isSame) requireOwnName(secret, user.name);
  await run.secrets.restore(secret.arn);
  const replaced = found !== undefined && secret.tags[TAGS.userId] !== undefined && !isSame;
  if (replaced) await disown(run, secret, found);
  await run.notices.send(restoredNotice(run, user, secret, replaced));
  return run.secrets.describe(user.secretName);
}

function restoredNotice(run: Run, user: SliceUser, secret: Secret, replaced: boolean): NoticeOf<'attention'> {
  const present = offboardingOf(secret) ? 'the user is back in the roster: its deleted secret was restored' : BY_HAND;
  return {
    ...noticeBase({ slice: run.slice, user, secret }, run.clock.now()),
    id: digest(secret.arn, 'SECRET_RESTORED', secret.deletedAt!.toISOString()),
    type: 'attention',
    audience: ['admin'],
    code: 'SECRET_RESTORED',
    reason: replaced
      ? 'the deleted secret was made for a former user of the same name: it was restored, and the new user is adopted'
      : present,
    nextStep: replaced
      ? 'its first rotation creates a key; nothing of the former user is used'
      : 'remove the user from the roster, or retire it, before you delete its secret',
  };
}

const BY_HAND = 'the secret was deleted manually; it was restored because its user is in the roster';

/**
 * The new user and the former one's version are written at once; what else was written of the former one goes.
 * @throws RotationError SECRET_VALUE_FOREIGN, having written nothing, where a version is of a user of another name
 */
async function disown({ secrets, slice }: Run, secret: Secret, found: User): Promise<void> {
  await requireOwnVersions({ secrets, secret, userName: found.name, accountId: slice.accountId, keyIds: [] });
  const current = versionWith(secret, 'AWSCURRENT');
  const tags = { [TAGS.userId]: found.id, ...userNameTag(found.name), ...(current && { [TAGS.former]: current }) };
  await secrets.tag(secret.arn, tags);
  // what was reported stays, so that it is reported as over
  const reported = [...alertsOf(secret).keys()].map(alertTagKey);
  const stale = tagKeysOf(secret).filter((key) => !(key in tags) && !reported.includes(key));
  if (stale.length > 0) await secrets.untag(secret.arn, stale);
}

/**
 * AWSCURRENT on a version that no rotation of ours put there: accepted as it is when its key works, and reported once.
 * @returns whether the key that it names works with another secret than the stored one
 */
export async function noticeForeignCurrent(state: UserState): Promise<boolean> {
  const { secrets, secret, notices } = state;
  const current = versionWith(secret, 'AWSCURRENT');
  const promoted = secret.tags[TAGS.notified];
  if (!current || !promoted || current === promoted) return false;
  if (intentsOf(secret).some(({ token }) => token === current)) return false;
  const fails = await storedValueFails(state);
  if (foreignCurrentOf(secret)) return fails;
  const isSameKey = await holdsPromotedKey(state, promoted);
  await notices.send(
    byHand(
      state,
      'CURRENT_CHANGED',
      current,
      'AWSCURRENT was moved, or its value changed, manually',
      isSameKey
        ? 'it is left unchanged until its next rotation, which is due as before because it contains the same key'
        : 'it is left unchanged, and its next rotation is due as if its key were new; a key that is no longer in any version is retired as the roster says',
    ),
  );
  await secrets.tag(secret.arn, foreignCurrentTag(current, isSameKey ? undefined : state.now));
  return fails;
}

/** A value with another field beside the same key is no way back to an older one, and postpones no rotation. */
const holdsPromotedKey = async (state: UserState, promoted: string): Promise<boolean> =>
  versionWith(state.secret, 'AWSPREVIOUS') === promoted &&
  (await keyUnder(state, 'AWSPREVIOUS'))?.id === state.currentKeyId;

/** A value put by hand can name an Active key and hold the wrong secret for it: only its use tells. */
async function storedValueFails(state: UserState): Promise<boolean> {
  const { identities, existing, currentKeyId, now, conditions } = state;
  const key = existing.find(
    ({ id, status, createdAt }) =>
      id === currentKeyId && status === 'Active' && now.getTime() - createdAt.getTime() >= LIST_LAG_MS,
  );
  const stored = key && (await keyUnder(state, 'AWSCURRENT'));
  if (!stored || stored.id !== key?.id || (await identities.identify(stored))) return false;
  conditions.set('CURRENT_VALUE_WRONG', {
    reason: `the value that was stored manually contains the key …${lastFour(stored.id)} and does not work`,
    nextStep: 'a rotation is started; the key is kept while it is used',
  });
  return true;
}
