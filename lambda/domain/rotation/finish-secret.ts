import { existingUserName, listedKey, requirePendingKey } from './pending-key';
import { RotationError, codeOf, reasonOf } from '../errors';
import { deactivateAndDelete } from '../keys/protected-keys';
import { isQuiet } from '../keys/quiet';
import { lastFour } from '../keys/describe';
import { judgeKey } from '../keys/last-key';
import { withLease } from '../ledger/lease';
import { isFormers, lossOf } from '../ledger/tags';
import { retirementsOf, retirementTag, retirementTagKey, type Retirement } from '../ledger/retirements';
import { versionWith } from '../ledger/versions';
import type { NoticeOf } from '../../contract/notice';
import type { AccessKey, AccessKeyPair, Secret } from '../ports';
import { beginRetirement } from '../keys/retirement-schedule';
import type { Rotation } from './context';
import { ownKeyUnder } from '../secret-value';
import { closeRotation } from './close-rotation';
import { deletedNotice, rotatedNotice } from '../notices/compose';
import { worksNow } from './prove-key';

/**
 * Step finishSecret: writes into the ledger which key retires, moves AWSCURRENT, tells the owner. Called again for a
 * promoted version it completes whatever is missing of that.
 * @throws RotationError PENDING_EMPTY, PENDING_KEY_NOT_ACTIVE or KEY_IDENTITY_WRONG, the current key unchanged
 */
export async function finishSecret(rotation: Rotation): Promise<void> {
  const promoted = rotation.secret.versions[rotation.event.token]?.includes('AWSCURRENT');
  if (!promoted) await promote(rotation);
  await completeTail(rotation);
}

async function promote(rotation: Rotation): Promise<void> {
  const { secrets, secret, event } = rotation;
  const pending = await requirePendingKey(rotation);
  const keys = await rotation.iam.list();
  await requireWorking(rotation, pending, keys);
  const currentVersion = versionWith(secret, 'AWSCURRENT');
  if (currentVersion) await retirePrevious(rotation, currentVersion, pending.id, keys);
  try {
    await secrets.moveStage(secret.arn, 'AWSCURRENT', {
      to: event.token,
      ...(currentVersion && { from: currentVersion }),
    });
  } catch (error) {
    const after = await secrets.describe(secret.arn);
    if (!after?.versions[event.token]?.includes('AWSCURRENT')) throw error;
  }
}

/** IAM's list says what is to be; that the key works, and for whom, only the key itself can prove. A list that lags is no reason to wait. */
async function requireWorking(rotation: Rotation, pending: AccessKeyPair, keys: readonly AccessKey[]): Promise<void> {
  const listed = keys.find(({ id }) => id === pending.id);
  const works =
    (!listed || listed.status === 'Active') && (await worksNow(rotation, pending, await existingUserName(rotation)));
  if (!works)
    throw new RotationError(
      'PENDING_KEY_NOT_ACTIVE',
      `the new key …${lastFour(pending.id)} is not Active, or no longer works`,
      'the rotation is retried; the current key is unchanged',
    );
}

/** The label keeps the previous version from being cleaned up; the tag says since when its key retires. */
async function retirePrevious(
  rotation: Rotation,
  currentVersion: string,
  pendingKeyId: string,
  keys: readonly AccessKey[],
): Promise<void> {
  const { secrets, secret, event, user, clock } = rotation;
  const previous = await ownKeyUnder(rotation, 'AWSCURRENT', { keyIds: keys.map(({ id }) => id) });
  if (!previous) return retireLost(rotation, pendingKeyId, keys);
  if (previous.id === pendingKeyId || isFormers(secret)) return;
  const holder = versionWith(secret, 'KEY_RETIRING');
  if (holder !== currentVersion)
    await secrets.moveStage(secret.arn, 'KEY_RETIRING', { to: currentVersion, ...(holder && { from: holder }) });
  const works = keys.find(({ id }) => id === previous.id)?.status === 'Active';
  await secrets.tag(secret.arn, retirementTag(beginRetirement(previous.id, user, clock.now(), event.token, works)));
}

/** Of a secret that is gone: what it held is replaced by this version, though none of this secret names it. */
async function retireLost(
  { secrets, secret, event, user, clock }: Rotation,
  pendingKeyId: string,
  keys: readonly AccessKey[],
): Promise<void> {
  for (const { id, status } of keys.filter(
    (key) => key.id !== pendingKeyId && lossOf(secret)?.keyIds.includes(key.id),
  )) {
    await secrets.tag(
      secret.arn,
      retirementTag(beginRetirement(id, user, clock.now(), event.token, status === 'Active')),
    );
  }
}

async function completeTail(rotation: Rotation): Promise<void> {
  const { secrets, notices, event, clock, slice, user } = rotation;
  const secret = (await secrets.describe(rotation.secret.arn)) ?? rotation.secret;
  const subject = { secret, slice, user };
  const { gone, failure }: AtOnce = user.keepPreviousForHours === 0 ? await retireAtOnce(rotation, secret) : {};
  await closeRotation(secrets, notices, secret, event.token, async () => {
    const rotated = rotatedNotice({
      subject,
      versionId: event.token,
      currentKeyId: await currentKey(rotation),
      existing: await rotation.iam.list(),
      goneKeyId: gone,
      now: clock.now(),
    });
    return failure ? partialNotice(rotated, failure) : rotated;
  });
  // only now, so that a second attempt tells the same; should it fail, reconcile forgets the key
  if (gone) await secrets.untag(secret.arn, [retirementTagKey(gone)]).catch(() => undefined);
}

async function currentKey(rotation: Rotation): Promise<string> {
  const key = await ownKeyUnder(rotation, 'AWSCURRENT', { versionId: rotation.event.token });
  if (!key) throw new RotationError('PENDING_EMPTY', `the current version of ${rotation.secret.name} holds no key`);
  return key.id;
}

interface AtOnce {
  /** The previous key, once it is deleted. */
  readonly gone?: string;
  readonly failure?: unknown;
}

/**
 * `keepPreviousFor: 0d`: the previous key goes within the rotation, deactivated first, when it is quiet. What stays
 * undone stays in the ledger for reconcile; the failure is returned, not thrown, because the new key is live.
 */
async function retireAtOnce(rotation: Rotation, secret: Secret): Promise<AtOnce> {
  const replaced = ({ replacedBy }: Retirement): boolean => replacedBy === rotation.event.token;
  const retirement = retirementsOf(secret).find(replaced);
  if (!retirement) return {};
  try {
    const isGone = await withLease(rotation, async (fresh) => {
      if (retirementsOf(fresh).some(replaced)) return deleteWhenQuiet(rotation, fresh, retirement.keyId);
      return !(await listedKey(rotation, retirement.keyId));
    });
    return isGone ? { gone: retirement.keyId } : {};
  } catch (failure) {
    return { failure };
  }
}

async function deleteWhenQuiet(rotation: Rotation, secret: Secret, keyId: string): Promise<boolean> {
  const { iam, user, clock } = rotation;
  const listed = await listedKey(rotation, keyId);
  if (!listed) return true;
  if (!isQuiet(listed, await iam.lastUse(keyId), user.quietForHours, clock.now())) return false;
  const { verdict, key } = await judgeKey({ ...rotation, secret }, keyId);
  if (verdict === 'free' && key) await removePrevious(rotation, key);
  return verdict === 'free';
}

async function removePrevious(rotation: Rotation, key: AccessKey): Promise<void> {
  await deactivateAndDelete(rotation.iam, key);
  await rotation.notices.record(
    deletedNotice(rotation, key.id, 'the roster keeps no previous key', rotation.clock.now()),
  );
}

/**
 * Has the id of the notice that it stands for: an owner hears once of a version, whatever an earlier attempt got told.
 * Whether the previous key still works is not known, so nothing is promised of it.
 */
function partialNotice(rotated: NoticeOf<'rotated'>, failure: unknown): NoticeOf<'rotation-partial'> {
  const { previousKey } = rotated;
  return {
    ...rotated,
    type: 'rotation-partial',
    previousKey: { kind: 'uncertain', ...('keyId' in previousKey && { keyId: previousKey.keyId }) },
    audience: ['owner', 'admin'],
    code: codeOf(failure),
    reason: reasonOf(failure),
    nextStep: 'the previous key is retired as soon as that works again',
  };
}
