/** The emergency: the suspect key is deactivated before anything else, for while it is Active it could read its successor. */
import type { Subject } from '../roster/subject';
import type { SecretLifecycle, KeyAdministration, Notices, Clock, Secret, AccessKey } from '../ports';
import { withLease } from '../ledger/lease';
import { compromisedLabel, compromisedTag, isCompromised, type Compromised } from '../ledger/tags';
import { describeLastUse, lastFour } from '../keys/describe';
import { endsHere } from '../roster/suspension';
import { retirementsOf, retirementTag, retirementTagKey } from '../ledger/retirements';
import { versionWith, outstanding } from '../ledger/versions';
import { RotationError } from '../errors';
import { ownKeyUnder } from '../secret-value';
import { noticeBase, deletedNotice } from '../notices/compose';
import { digest } from '../digest';
import { isBegun } from '../ledger/intents';
import { unlessProtected, deactivateAndDelete } from '../keys/protected-keys';

export interface Operation extends Subject {
  readonly secrets: SecretLifecycle;
  readonly iam: KeyAdministration;
  readonly notices: Notices;
  readonly clock: Clock;
}

/**
 * Deactivates the current key, tells owner and admin, and makes room for its successor where there is to be one.
 * Repeating it changes nothing more; cut off, it is carried on by reconcile.
 * @param namedId the suspect key, when the operator names it; without, the successor of a compromised key is spared
 * @returns what was found, for the operator
 * @throws RotationError KEY_REPLACED, having done nothing; when AWSCURRENT holds no key; or ROOM_NONE, the key deactivated
 */
export async function deactivateCompromised(operation: Operation, namedId: string | undefined): Promise<string> {
  const { secrets, secret, iam, clock } = operation;
  return withLease(operation, async (fresh) => {
    const suspectId = await currentKeyId(operation);
    refuseReplaced(fresh, suspectId, namedId);
    const declared: Compromised = { keyId: suspectId, at: clock.now(), owes: 'declared' };
    await labelCompromised(secrets, fresh, suspectId);
    await secrets.tag(secret.arn, compromisedTag(declared));
    await iam.deactivate(suspectId);
    const { owes: _, ...done } = { ...declared, deactivatedAt: clock.now() };
    const use = await iam
      .lastUse(suspectId)
      .then(describeLastUse, () => 'last used at an unknown time: its last use could not be read');
    await reportCompromised(operation, declared, use);
    await secrets.tag(secret.arn, compromisedTag(done));
    if (!endsHere(operation)) await makeRoomAtOnce(operation, suspectId);
    return `the key …${lastFour(suspectId)} is permanently deactivated (${use}); `;
  });
}

/** Before the tag, which without this label is believed by nobody. */
export async function labelCompromised(
  secrets: Pick<SecretLifecycle, 'moveStage'>,
  secret: Secret,
  keyId: string,
): Promise<void> {
  const label = compromisedLabel(keyId);
  const current = versionWith(secret, 'AWSCURRENT');
  if (current && versionWith(secret, label) === undefined) await secrets.moveStage(secret.arn, label, { to: current });
}

/** A command that is repeated because its answer was lost must not hit the key that it asked for. */
function refuseReplaced(secret: Secret, currentId: string, namedId: string | undefined): void {
  if (namedId === currentId) return;
  const former =
    namedId ??
    retirementsOf(secret).find(
      ({ keyId, replacedBy }) => replacedBy === versionWith(secret, 'AWSCURRENT') && isCompromised(secret, keyId),
    )?.keyId;
  if (former)
    throw new RotationError(
      'KEY_REPLACED',
      `AWSCURRENT names the key …${lastFour(currentId)}, not …${lastFour(former)}`,
      isCompromised(secret, former)
        ? `…${lastFour(former)} was already declared compromised and replaced; if …${lastFour(currentId)} is compromised too, name it with --key`
        : 'nothing was changed; name the current key, or roll back first',
    );
}

async function currentKeyId(operation: Operation): Promise<string> {
  const key = await ownKeyUnder(operation, 'AWSCURRENT');
  if (!key) throw new RotationError('PENDING_EMPTY', `the secret ${operation.secret.name} holds no key yet`);
  return key.id;
}

export async function reportCompromised(
  operation: Pick<Operation, keyof Subject | 'notices' | 'clock'>,
  { keyId: suspectId, at }: Compromised,
  use: string,
): Promise<void> {
  const { secret, user, notices, clock } = operation;
  await notices.send({
    ...noticeBase(operation, clock.now(), at),
    id: digest(secret.arn, suspectId, 'compromised'),
    type: 'key-compromised',
    audience: ['owner', 'admin'],
    previousKey: { kind: 'inactive', keyId: suspectId },
    code: 'KEY_COMPROMISED',
    reason: `the key …${lastFour(suspectId)} of ${user.name} was declared compromised and deactivated; it was ${use}`,
    nextStep: `${endsHere(operation) ? 'no new key is created, because the user is being retired or its account is being released' : 'a new key is created as soon as the user has a free slot for it'}; check CloudTrail for what the old key was used for`,
  });
}

/**
 * Of two keys the one that retires gives its place up sooner. One that a rotation under way made is the successor;
 * what a person made is left for a person to judge, unless the roster says that it may go.
 */
async function makeRoomAtOnce(operation: Operation, suspectId: string): Promise<void> {
  const { secrets, iam, user } = operation;
  const keys = await iam.list();
  const other = keys.find(({ id }) => id !== suspectId);
  if (keys.length < 2 || !other) return;
  const secret = (await secrets.describe(operation.secret.arn)) ?? operation.secret;
  if (retirementsOf(secret).some(({ keyId }) => keyId === other.id)) return giveUp({ ...operation, secret }, other);
  const pending = outstanding(secret);
  if ((pending && isBegun(secret, pending)) || user.unmanagedKeys === 'delete') return;
  throw new RotationError(
    'ROOM_NONE',
    `a second key …${lastFour(other.id)} that was not created by a rotation leaves no slot for a new one`,
    'the suspect key is deactivated; decide whether the other key can be deleted, and delete it: a new key is then created automatically',
  );
}

async function giveUp(operation: Operation, key: AccessKey): Promise<void> {
  const { secrets, secret, iam, notices, clock } = operation;
  const retirement = retirementsOf(secret).find(({ keyId }) => keyId === key.id)!;
  await unlessProtected(secrets, secret, key.id, async () => {
    await secrets.tag(secret.arn, retirementTag({ ...retirement, state: 'deactivating', since: clock.now() }));
    await deactivateAndDelete(iam, key);
    await notices.record(
      deletedNotice(operation, key.id, 'it made room for the replacement of a compromised key', clock.now()),
    );
    await secrets.untag(secret.arn, [retirementTagKey(key.id)]);
  });
}
