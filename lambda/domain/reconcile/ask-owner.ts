import type { Condition } from './conditions';
import type { AccessKey } from '../ports';
import type { UserState } from './user-state';

/** For conditions that last until their owner acts: nobody else knows what uses these keys. */
export const askOwner = (
  { currentKeyId }: UserState,
  code: 'ROTATION_WAITS' | 'KEY_STILL_USED',
  inUse: readonly AccessKey[],
): Condition['notice'] => ({
  type: 'action-needed',
  audience: ['owner', 'admin'],
  code,
  ...(currentKeyId && { currentKeyId }),
  workingKeyIds: inUse.map(({ id }) => id),
});
