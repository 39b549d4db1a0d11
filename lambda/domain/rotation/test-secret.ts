import type { Rotation } from './context';
import { pendingKey, existingUserName } from './pending-key';
import { provePropagation } from './prove-key';

/**
 * Step testSecret: proves that the pending key works everywhere and is this user's. A version without a value is
 * Secrets Manager testing the configuration (RotateImmediately=false): then only the role and the user are tried.
 * @throws RotationError KEY_IDENTITY_WRONG, or KEY_NOT_PROPAGATED when the function's time is over
 */
export async function testSecret(rotation: Rotation): Promise<void> {
  const pending = await pendingKey(rotation);
  const userName = await existingUserName(rotation);
  if (pending) await provePropagation(rotation, pending, userName);
}
