/** The emergency: the suspect key is deactivated before anything else, for while it is Active it could read its successor. */
import { RotationError } from './errors';
import { eventId } from './event-id';
import type { Subject } from './guard';
import { deactivateAndDelete, describeLastUse, lastFour } from './keys';
import { withLease } from './lease';
import { compromisedTag, retirementsOf, retirementTag } from './ledger';
import type { Clock, KeyAdministration, Notices, SecretLifecycle } from './ports';
import { parseOwnValue } from './secret-value';
import { noticeBase } from './success';

export interface Operation extends Subject {
  readonly secrets: SecretLifecycle;
  readonly iam: KeyAdministration;
  readonly notices: Notices;
  readonly clock: Clock;
}

/**
 * Deactivates the current key and makes room for its successor: of two keys the one that retires is deleted, or the
 * unmanaged one refuses. Owner and admin are told. Repeating it changes nothing more.
 * @returns what was found, for the operator
 * @throws RotationError when AWSCURRENT holds no key
 */
export async function deactivateCompromised(operation: Operation): Promise<string> {
  const { secrets, secret, user, slice, iam, notices, clock } = operation;
  const text = await secrets.value(secret.arn, 'AWSCURRENT');
  const suspect = text === undefined ? undefined : parseOwnValue(text, user.name, slice.accountId).key;
  if (!suspect) throw new RotationError('PENDING_EMPTY', `the secret ${secret.name} holds no key yet`);
  await withLease(operation, async () => {
    await secrets.tag(secret.arn, compromisedTag(suspect.id, clock.now()));
    await iam.deactivate(suspect.id);
    await makeRoomAtOnce(operation, suspect.id);
  });
  const use = describeLastUse(await iam.lastUse(suspect.id));
  await notices.send({
    ...noticeBase(operation, clock.now()),
    id: eventId(secret.arn, suspect.id, 'compromised'),
    type: 'key-compromised',
    audience: ['owner', 'admin'],
    previousKeyId: suspect.id,
    code: 'KEY_COMPROMISED',
    reason: `the key …${lastFour(suspect.id)} of ${user.name} was declared compromised and deactivated; it was ${use}`,
    nextStep: 'a new key is made at once; look in CloudTrail for what the old one did',
  });
  return `the key …${lastFour(suspect.id)} is deactivated for good (${use}); `;
}

/** The key that retires already gives its place up sooner; what a person made is left for a person to judge. */
async function makeRoomAtOnce({ secrets, secret, iam, clock }: Operation, suspectId: string): Promise<void> {
  const keys = await iam.list();
  const other = keys.find(({ id }) => id !== suspectId);
  if (keys.length < 2 || !other) return;
  const retirement = retirementsOf(secret).find(({ keyId }) => keyId === other.id);
  if (!retirement) throw new RotationError('ROOM_NONE', `a second key …${lastFour(other.id)} that no rotation made stands in the way of a new one`, 'the suspect key is deactivated; decide whether the other one may go, delete it, and repeat the command');
  await secrets.tag(secret.arn, retirementTag({ ...retirement, state: 'deactivating', since: clock.now() }));
  await deactivateAndDelete(iam, other);
}
