import type { Subject } from '../roster/subject';
import { isBegun } from '../ledger/intents';
import { RotationError } from '../errors';
import type { Secret } from '../ports';
import type { RosterSlice, SliceUser } from '../../contract/slice';
import { compromisedKeys } from '../ledger/tags';

/**
 * A rotation that has made its key is finished whatever the roster says since: given up, it would leave a key that nobody knows.
 * @throws RotationError when this user is not to be rotated, or the token is not one of a rotation under way
 */
export function guardRotation({ secret, slice, user }: Subject, token: string, today: string): void {
  if (!isBegun(secret, token)) refuseResting(secret, slice, user, today);
  if (!secret.rotationEnabled)
    throw new RotationError('SECRET_ROTATION_DISABLED', `the secret ${secret.name} has no rotation enabled`);
  const stages = secret.versions[token];
  if (!stages)
    throw new RotationError('TOKEN_UNKNOWN', `the token does not match any version of the secret ${secret.name}`);
  if (!stages.includes('AWSPENDING') && !stages.includes('AWSCURRENT'))
    throw new RotationError(
      'TOKEN_NOT_PENDING',
      `the version of the secret ${secret.name} is neither AWSPENDING nor AWSCURRENT`,
    );
}

/** A compromised key is replaced in spite of an exemption. */
function refuseResting(secret: Secret, slice: RosterSlice, user: SliceUser, today: string): void {
  if (slice.state === 'leaving' || user.state === 'retired')
    throw new RotationError('USER_NOT_ROTATED', `${user.name} is being released or retired`);
  if (user.exempt && today <= user.exempt.until && compromisedKeys(secret).length === 0)
    throw new RotationError('USER_NOT_ROTATED', `${user.name} is exempt from rotation until ${user.exempt.until}`);
}
