import type { Rotation } from './context';
import type { AccessKeyPair, AccessKey } from '../ports';
import { TAGS } from '../ledger/tags';
import { keyUnder, ownKeyUnder } from '../secret-value';
import { RotationError } from '../errors';

/** The key that the pending version already holds. */
export const pendingKey = (rotation: Rotation): Promise<AccessKeyPair | undefined> =>
  ownKeyUnder(rotation, 'AWSPENDING', { versionId: rotation.event.token });

/**
 * The user's name as IAM spells it.
 * @throws RotationError USER_MISSING, or USER_REPLACED when the name now belongs to another user
 */
export async function existingUserName(rotation: Rotation): Promise<string> {
  const { iam, user, secret, settings } = rotation;
  const found = await iam.user();
  if (!found)
    throw new RotationError(
      'USER_MISSING',
      `there is no IAM user ${user.name} in account ${settings.accountId}`,
      'create the user or remove it from the roster',
    );
  const pinned = secret.tags[TAGS.userId];
  if (pinned && pinned !== found.id && !(await ownsStoredKey(rotation)))
    throw new RotationError(
      'USER_REPLACED',
      `the IAM user ${user.name} is not the one that this secret was created for: it was deleted and created again`,
      'delete the secret, so that the new user is adopted',
    );
  return found.name;
}

/** Then it is the user for whom the secret was made, whatever the ledger says. */
async function ownsStoredKey(rotation: Rotation): Promise<boolean> {
  const stored = await keyUnder(rotation, 'AWSCURRENT');
  return (await rotation.iam.list()).some(({ id }) => id === stored?.id);
}

/** The key in IAM's list, when it is there. */
export async function listedKey({ iam }: Rotation, keyId: string): Promise<AccessKey | undefined> {
  return (await iam.list()).find((key) => key.id === keyId);
}

/** @throws RotationError PENDING_EMPTY */
export async function requirePendingKey(rotation: Rotation): Promise<AccessKeyPair> {
  const pending = await pendingKey(rotation);
  if (!pending)
    throw new RotationError(
      'PENDING_EMPTY',
      `the pending version of ${rotation.secret.name} holds no key`,
      'the rotation is retried from its first step',
    );
  return pending;
}
