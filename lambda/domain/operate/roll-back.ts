/** Back to the previous key, while it exists: for an owner whose workload cannot take the new one. */
import type { Operation } from './deactivate-compromised';
import { RotationError } from '../errors';
import { lastFour } from '../keys/describe';
import { withLease } from '../ledger/lease';
import { isCompromised, rollbackOf, rollbackTag, TAGS, type Rollback } from '../ledger/tags';
import { retirementsOf, retirementTag, retirementTagKey, type Retirement } from '../ledger/retirements';
import { versionWith } from '../ledger/versions';
import type { Secret } from '../ports';
import { beginRetirement } from '../keys/retirement-schedule';
import { ownKeyUnder } from '../secret-value';
import { noticeBase, retiringKey } from '../notices/compose';
import { rolledBackId } from '../notices/event-ids';
import { takePendingOff } from '../rotation/close-rotation';

/**
 * Reactivates the previous key and moves AWSCURRENT back to its version; the newer key retires in its place. A stale
 * AWSPENDING goes first, so that the newer key is not promoted again. Repeated, it completes what was cut off, and
 * changes nothing once it is done: until the next rotation there is nothing further back.
 * @returns what was done, for the operator
 * @throws RotationError ROLLBACK_IMPOSSIBLE when there is no previous key, a rotation is outstanding, or the key was
 * compromised; SECRET_BUSY
 */
export async function rollBack(operation: Operation): Promise<string> {
  return withLease(operation, async (secret) => {
    const before = rollbackOf(secret);
    if (before?.done)
      return `AWSCURRENT of ${operation.user.name} was rolled back to the key …${lastFour(before.olderKeyId)} already; nothing was changed`;
    const rollback = before ?? (await moveBack(operation, secret));
    await complete(operation, rollback);
    return `AWSCURRENT of ${operation.user.name} is the key …${lastFour(rollback.olderKeyId)} again; the newer key …${lastFour(rollback.newerKeyId)} retires`;
  });
}

/** Up to the move of AWSCURRENT, which comes before that of KEY_RETIRING: no version is ever without a label. */
async function moveBack(operation: Operation, secret: Secret): Promise<Rollback> {
  const { secrets, iam, clock } = operation;
  const newer = versionWith(secret, 'AWSCURRENT');
  const older = versionWith(secret, 'KEY_RETIRING');
  if (!newer || !older || newer === older) throw impossible('no previous version of the secret is kept');
  const newerKey = (await ownKeyUnder(operation, 'AWSCURRENT'))?.id;
  const olderKey = (await ownKeyUnder(operation, 'KEY_RETIRING'))?.id;
  if (!newerKey || !olderKey) throw impossible('a version of the secret holds no key');
  if (isCompromised(secret, olderKey)) throw impossible(`the key …${lastFour(olderKey)} was declared compromised`);
  const keys = await iam.list();
  if (!keys.some(({ id }) => id === olderKey)) throw impossible(`the key …${lastFour(olderKey)} was deleted`);
  const pending = versionWith(secret, 'AWSPENDING');
  if (pending && (pending !== newer || secret.tags[TAGS.notified] !== newer))
    throw impossible('a rotation is outstanding');
  if (pending) await takePendingOff(secrets, secret, pending);
  await iam.activate(olderKey);
  const rollback: Rollback = { newer, older, newerKeyId: newerKey, olderKeyId: olderKey, done: false, at: clock.now() };
  await secrets.tag(secret.arn, {
    ...retirementTag(
      beginRetirement(
        newerKey,
        operation.user,
        clock.now(),
        older,
        keys.some(({ id, status }) => id === newerKey && status === 'Active'),
      ),
    ),
    ...rollbackTag(rollback),
    [TAGS.notified]: older,
  });
  await secrets.moveStage(secret.arn, 'AWSCURRENT', { to: older, from: newer });
  return rollback;
}

/** The older key, current again, retires no more; the newer one does; and that is told. */
async function complete(operation: Operation, rollback: Rollback): Promise<void> {
  const { secrets, secret, clock, user } = operation;
  const { newer, older, olderKeyId, newerKeyId } = rollback;
  const after = (await secrets.describe(secret.arn)) ?? secret;
  if (versionWith(after, 'KEY_RETIRING') === older)
    await secrets.moveStage(secret.arn, 'KEY_RETIRING', { to: newer, from: older });
  if (retirementsOf(after).some(({ keyId }) => keyId === olderKeyId))
    await secrets.untag(secret.arn, [retirementTagKey(olderKeyId)]);
  const retirement = retirementsOf(after).find(({ keyId }) => keyId === newerKeyId);
  await report(operation, rollback, retirement ?? beginRetirement(newerKeyId, user, clock.now(), older));
  await secrets.tag(secret.arn, rollbackTag({ ...rollback, done: true }));
}

async function report(
  operation: Operation,
  { older, olderKeyId, newerKeyId }: Rollback,
  retirement: Retirement,
): Promise<void> {
  const { notices, secret, clock, user } = operation;
  await notices.send({
    ...noticeBase(operation, clock.now(), retirement.since),
    id: rolledBackId(secret, newerKeyId),
    type: 'rolled-back',
    audience: ['owner', 'admin'],
    versionId: older,
    currentKeyId: olderKeyId,
    previousKey: retiringKey(retirement, user, retirement.state !== 'inactive'),
    code: 'ROLLED_BACK',
    reason: `${user.name} was rolled back to the key …${lastFour(olderKeyId)}, which works again`,
    nextStep: `the newer key …${lastFour(newerKeyId)} retires; the next rotation makes another one`,
  });
}

const impossible = (found: string): RotationError =>
  new RotationError('ROLLBACK_IMPOSSIBLE', `there is nothing to roll back to: ${found}`, 'nothing was changed');
