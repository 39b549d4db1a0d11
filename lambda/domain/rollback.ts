/** Back to the previous key, while it exists: for an owner whose workload cannot take the new one. */
import type { Operation } from './compromised';
import { RotationError } from './errors';
import { eventId } from './event-id';
import { hoursToMs, lastFour } from './keys';
import { withLease } from './lease';
import { isCompromised, retirementsOf, retirementTag, retirementTagKey, TAGS, versionWith } from './ledger';
import type { Secret } from './ports';
import { parseOwnValue } from './secret-value';
import { noticeBase } from './success';

/**
 * Reactivates the previous key and moves AWSCURRENT back to its version; the newer key retires in its place. A stale
 * AWSPENDING goes first, so that the newer key is not promoted again. Every part may be repeated.
 * @returns what was done, for the operator
 * @throws RotationError ROLLBACK_IMPOSSIBLE when there is no previous key, a rotation is outstanding, or the key was
 * compromised; SECRET_BUSY
 */
export async function rollBack(operation: Operation): Promise<string> {
  return withLease(operation, async () => {
    const { secrets, iam, clock, user } = operation;
    const secret = (await secrets.describe(operation.secret.arn)) ?? operation.secret;
    const newer = versionWith(secret, 'AWSCURRENT');
    const older = versionWith(secret, 'KEY_RETIRING');
    if (!newer || !older || newer === older) throw impossible('no previous version of the secret is kept');
    const [newerKey, olderKey] = [await keyOf(operation, 'AWSCURRENT'), await keyOf(operation, 'KEY_RETIRING')];
    if (!newerKey || !olderKey) throw impossible('a version of the secret holds no key');
    if (isCompromised(secret, olderKey)) throw impossible(`the key …${lastFour(olderKey)} was declared compromised`);
    if (!(await iam.list()).some(({ id }) => id === olderKey)) throw impossible(`the key …${lastFour(olderKey)} was deleted`);
    const pending = versionWith(secret, 'AWSPENDING');
    if (pending && (pending !== newer || secret.tags[TAGS.notified] !== newer)) throw impossible('a rotation is outstanding');
    if (pending) await secrets.moveStage(secret.arn, 'AWSPENDING', { from: pending });
    await iam.activate(olderKey);
    await secrets.tag(secret.arn, { ...retirementTag({ keyId: newerKey, state: 'active', since: clock.now(), warnings: 0, replacedBy: older }), [TAGS.notified]: older });
    await secrets.moveStage(secret.arn, 'KEY_RETIRING', { to: newer, from: older });
    await secrets.moveStage(secret.arn, 'AWSCURRENT', { to: older, from: newer });
    await forgetRetirement(operation, secret, olderKey);
    await tell(operation, olderKey, newerKey, older);
    return `AWSCURRENT of ${user.name} is the key …${lastFour(olderKey)} again; the newer key …${lastFour(newerKey)} retires`;
  });
}

async function keyOf({ secrets, secret, user, slice }: Operation, stage: 'AWSCURRENT' | 'KEY_RETIRING'): Promise<string | undefined> {
  const text = await secrets.value(secret.arn, stage);
  return text === undefined ? undefined : parseOwnValue(text, user.name, slice.accountId).key?.id;
}

async function forgetRetirement({ secrets }: Operation, secret: Secret, keyId: string): Promise<void> {
  if (retirementsOf(secret).some((retirement) => retirement.keyId === keyId)) await secrets.untag(secret.arn, [retirementTagKey(keyId)]);
}

async function tell(operation: Operation, currentKeyId: string, newerKeyId: string, versionId: string): Promise<void> {
  const { notices, secret, clock, user } = operation;
  await notices.send({
    ...noticeBase(operation, clock.now()),
    id: eventId(secret.arn, newerKeyId, 'rolled-back'),
    type: 'rolled-back',
    audience: ['owner', 'admin'],
    versionId,
    currentKeyId,
    previousKeyId: newerKeyId,
    previousKeyActiveUntil: new Date(clock.now().getTime() + hoursToMs(user.keepPreviousForHours)).toISOString(),
    whenStillUsed: user.whenStillUsed,
    code: 'ROLLED_BACK',
    reason: `${user.name} was rolled back to the key …${lastFour(currentKeyId)}, which works again`,
    nextStep: `the newer key …${lastFour(newerKeyId)} retires; the next rotation makes another one`,
  });
}

const impossible = (found: string): RotationError => new RotationError('ROLLBACK_IMPOSSIBLE', `there is nothing to roll back to: ${found}`, 'nothing was changed');
