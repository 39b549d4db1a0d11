import type { Rotation } from './context';
import type { AccessKeyPair, AccessKey } from '../ports';
import { parseOwnValue } from '../secret-value';
import { RotationError } from '../errors';

/** The key that the pending version already holds. */
export async function pendingKey({
  secrets,
  secret,
  event,
  user,
  settings,
}: Rotation): Promise<AccessKeyPair | undefined> {
  const text = await secrets.value(secret.arn, 'AWSPENDING', event.token);
  return text === undefined ? undefined : parseOwnValue(text, user.name, settings.accountId).key;
}

/**
 * The user's name as IAM spells it.
 * @throws RotationError USER_MISSING, or USER_REPLACED when the name now belongs to another user
 */
export async function existingUserName({ iam, user, secret, settings }: Rotation): Promise<string> {
  const found = await iam.user();
  if (!found)
    throw new RotationError(
      'USER_MISSING',
      `there is no IAM user ${user.name} in account ${settings.accountId}`,
      'create the user or take it out of the roster',
    );
  const pinned = secret.tags['access-keys:user-id'];
  if (pinned && pinned !== found.id)
    throw new RotationError(
      'USER_REPLACED',
      `the IAM user ${user.name} is not the one that this secret was made for: it was deleted and created again`,
      'delete the secret, so that the new user is adopted',
    );
  return found.name;
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
      'the rotation is attempted again from its first step',
    );
  return pending;
}
