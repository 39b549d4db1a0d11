import { existingUserName, listedKey } from './create-secret';
import { RotationError, codeOf, reasonOf } from './errors';
import { deactivateAndDelete, isQuiet, lastFour, unlessProtected } from './keys';
import { withLease } from './lease';
import { isFormers, retirementsOf, retirementTag, retirementTagKey, versionWith } from './ledger';
import type { NoticeEvent } from './notice';
import type { AccessKey, Secret } from './ports';
import { beginRetirement } from './retirement';
import type { Rotation } from './rotation-context';
import { parseOwnValue } from './secret-value';
import { closeRotation, deletedNotice, noticeBase, rotatedNotice } from './success';
import { authenticates, requirePendingKey } from './test-secret';

/**
 * Step finishSecret: writes into the ledger which key retires, moves AWSCURRENT, tells the owner. Called again for a
 * promoted version it completes whatever is missing of that.
 * @throws RotationError PENDING_EMPTY or PENDING_KEY_NOT_ACTIVE, the current key unchanged
 */
export async function finishSecret(rotation: Rotation): Promise<void> {
  const promoted = rotation.secret.versions[rotation.event.token]?.includes('AWSCURRENT');
  if (!promoted) await promote(rotation);
  await completeTail(rotation);
}

async function promote(rotation: Rotation): Promise<void> {
  const { secrets, secret, event } = rotation;
  const pending = await requirePendingKey(rotation);
  await requireActive(rotation, pending);
  const currentVersion = versionWith(secret, 'AWSCURRENT');
  if (currentVersion) await retirePrevious(rotation, currentVersion, pending.id);
  try {
    await secrets.moveStage(secret.arn, 'AWSCURRENT', { to: event.token, ...(currentVersion && { from: currentVersion }) });
  } catch (error) {
    const after = await secrets.describe(secret.arn);
    if (!after?.versions[event.token]?.includes('AWSCURRENT')) throw error;
  }
}

async function requireActive(rotation: Rotation, pending: { id: string; secret: string }): Promise<void> {
  const listed = await listedKey(rotation, pending.id);
  const active = listed ? listed.status === 'Active' : await authenticates(rotation, pending, await existingUserName(rotation));
  if (!active) throw new RotationError('PENDING_KEY_NOT_ACTIVE', `the new key …${lastFour(pending.id)} is not Active`, 'the rotation is attempted again; the current key is unchanged');
}

/** The label keeps the previous version from being cleaned up; the tag says since when its key retires. */
async function retirePrevious(rotation: Rotation, currentVersion: string, pendingKeyId: string): Promise<void> {
  const { secrets, secret, event, user, settings, clock } = rotation;
  const text = await secrets.value(secret.arn, 'AWSCURRENT');
  const previous = text === undefined ? undefined : parseOwnValue(text, user.name, settings.accountId).key;
  if (!previous || previous.id === pendingKeyId || isFormers(secret)) return;
  const holder = versionWith(secret, 'KEY_RETIRING');
  if (holder !== currentVersion) await secrets.moveStage(secret.arn, 'KEY_RETIRING', { to: currentVersion, ...(holder && { from: holder }) });
  const works = (await listedKey(rotation, previous.id))?.status === 'Active';
  await secrets.tag(secret.arn, retirementTag(beginRetirement(previous.id, user, clock.now(), event.token, works)));
}

async function completeTail(rotation: Rotation): Promise<void> {
  const { secrets, notices, event, clock, slice, user } = rotation;
  const secret = (await secrets.describe(rotation.secret.arn)) ?? rotation.secret;
  const subject = { secret, slice, user };
  const failure = user.keepPreviousForHours === 0 ? await retireAtOnce(rotation, secret) : undefined;
  const after = failure || user.keepPreviousForHours > 0 ? secret : ((await secrets.describe(secret.arn)) ?? secret);
  const currentKeyId = await currentKey(rotation);
  const success = { subject: { ...subject, secret: after }, versionId: event.token, currentKeyId, now: clock.now() };
  const notice = failure ? partialNotice(rotation, rotatedNotice(success), failure) : rotatedNotice(success);
  await closeRotation(secrets, notices, after, event.token, notice);
}

async function currentKey({ secrets, secret, user, settings, event }: Rotation): Promise<string> {
  const text = await secrets.value(secret.arn, 'AWSCURRENT', event.token);
  const key = text === undefined ? undefined : parseOwnValue(text, user.name, settings.accountId).key;
  if (!key) throw new RotationError('PENDING_EMPTY', `the current version of ${secret.name} holds no key`);
  return key.id;
}

/**
 * `keepPreviousFor: 0d`: the previous key goes within the rotation, deactivated first, when it is quiet. What stays
 * undone stays in the ledger for reconcile; the failure is returned, not thrown, because the new key is live.
 */
async function retireAtOnce(rotation: Rotation, secret: Secret): Promise<unknown> {
  const { iam, secrets, user, clock, event } = rotation;
  const retirement = retirementsOf(secret).find(({ replacedBy }) => replacedBy === event.token);
  if (!retirement) return undefined;
  try {
    const key = await listedKey(rotation, retirement.keyId);
    if (key && !isQuiet(key, await iam.lastUse(key.id), user.quietForHours, clock.now())) return undefined;
    const gone = !key || (await withLease(rotation, () => unlessProtected(secrets, secret, key.id, () => removePrevious(rotation, key))));
    if (gone) await secrets.untag(secret.arn, [retirementTagKey(retirement.keyId)]);
    return undefined;
  } catch (error) {
    return error;
  }
}

async function removePrevious(rotation: Rotation, key: AccessKey): Promise<void> {
  await rotation.notices.record(deletedNotice(rotation, key.id, 'the roster keeps no previous key', rotation.clock.now()));
  await deactivateAndDelete(rotation.iam, key);
}

/** Has the id of the notice that it stands for: an owner hears once of a version, whatever an earlier attempt got told. */
function partialNotice(rotation: Rotation, rotated: NoticeEvent, failure: unknown): NoticeEvent {
  return {
    ...rotated,
    ...noticeBase(rotation, rotation.clock.now()),
    type: 'rotation-partial',
    audience: ['owner', 'admin'],
    code: codeOf(failure),
    reason: reasonOf(failure),
    nextStep: 'the previous key is retired as soon as that works again',
  };
}
