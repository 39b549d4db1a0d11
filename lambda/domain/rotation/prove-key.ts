import type { Rotation } from './context';
import type { AccessKeyPair } from '../ports';
import { RotationError } from '../errors';
import { lastFour } from '../keys/describe';

/** One success is no proof: a new key can work in one place and not yet in another. */
const SUCCESSES_IN_A_ROW = 3;

const BETWEEN_SUCCESSES_MS = 2_000;

const LONGEST_BACKOFF_MS = 10_000;

const ATTEMPTS_OF_PROVED = 3;

/** Kept free for telling of the failure. */
const RESERVE_MS = 30_000;

export async function provePropagation(rotation: Rotation, key: AccessKeyPair, userName: string): Promise<void> {
  const { clock } = rotation;
  let successes = 0;
  let backoffMs = 1_000;
  while (clock.remaining() > RESERVE_MS) {
    successes = (await authenticates(rotation, key, userName)) ? successes + 1 : 0;
    if (successes === SUCCESSES_IN_A_ROW) return;
    await clock.sleep(successes > 0 ? BETWEEN_SUCCESSES_MS : backoffMs);
    if (successes === 0) backoffMs = Math.min(backoffMs * 2, LONGEST_BACKOFF_MS);
  }
  throw new RotationError(
    'KEY_NOT_PROPAGATED',
    `the new key …${lastFour(key.id)} did not work ${SUCCESSES_IN_A_ROW} times in a row within the function's time`,
    'the rotation is retried; the current key is unchanged',
  );
}

/** For a key that was proved before: a few attempts, for it can still be unknown in one place. */
export async function worksNow(rotation: Rotation, key: AccessKeyPair, userName: string): Promise<boolean> {
  for (let left = ATTEMPTS_OF_PROVED; left > 0; left--) {
    if (await authenticates(rotation, key, userName)) return true;
    if (left > 1) await rotation.clock.sleep(BETWEEN_SUCCESSES_MS);
  }
  return false;
}

/**
 * Whether the key works now.
 * @throws RotationError KEY_IDENTITY_WRONG when it works for somebody else
 */
async function authenticates(
  { identities, settings }: Rotation,
  key: AccessKeyPair,
  userName: string,
): Promise<boolean> {
  const identity = await identities.identify(key);
  if (!identity) return false;
  const [, name] = /:user\/(?:.*\/)?([^/]+)$/.exec(identity.arn) ?? [];
  if (name !== userName || identity.accountId !== settings.accountId) {
    throw new RotationError(
      'KEY_IDENTITY_WRONG',
      `the new key …${lastFour(key.id)} belongs to ${identity.arn}, not to ${userName} in ${settings.accountId}`,
      'restore the secret from a previous version; the current key is unchanged',
    );
  }
  return true;
}
