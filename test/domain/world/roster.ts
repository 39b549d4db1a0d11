/** The roster that tests begin with: one account, one user. */
import type { RosterSlice, SliceUser } from '../../../lambda/contract/slice';

export const ACCOUNT = '333333333333';
export const REGION = 'us-east-1';

export const ANN: SliceUser = {
  name: 'ann',
  secretName: '/access-key/ann',
  email: 'ann@example.com',
  state: 'active',
  rotateEveryHours: 90 * 24,
  keepPreviousForHours: 7 * 24,
  quietForHours: 48,
  deleteInactiveAfterHours: 7 * 24,
  whenStillUsed: 'hold',
  unmanagedKeys: 'retire',
  ownerReads: true,
  readers: [],
};

export function sliceOf(...users: SliceUser[]): RosterSlice {
  return {
    schemaVersion: 1,
    generation: 1,
    accountId: ACCOUNT,
    region: REGION,
    state: 'active',
    userGuard: { kind: 'none' },
    limits: { maxFirstRotationsPerRun: 20, freeze: [] },
    breakGlassRoles: [],
    users,
  };
}
