import type { OwnerEvent } from '../../lambda/domain/mail/owner-event';
import type { NoticeEvent } from '../../lambda/contract/notice';
import type { RosterSlice, SliceUser } from '../../lambda/contract/slice';

export const ACCOUNT = '333333333333';
export const EVENT_ID = '0123456789abcdef0123456789abcdef';
export const OLD_KEY = 'AKIAOLDOLDOLDOLDWXYZ';
export const NEW_KEY = 'AKIANEWNEWNEWNEWABCD';

export const user = (changes: Partial<SliceUser> = {}): SliceUser => ({
  name: 'jeremy.ritchie',
  secretName: '/access-key/jeremy.ritchie',
  email: 'jeremy.ritchie@example.com',
  state: 'active',
  rotateEveryHours: 2160,
  keepPreviousForHours: 168,
  quietForHours: 48,
  deleteInactiveAfterHours: 168,
  whenStillUsed: 'hold',
  unmanagedKeys: 'retire',
  ownerReads: true,
  readers: [],
  ...changes,
});

export const slice = (...users: SliceUser[]): RosterSlice => ({
  schemaVersion: 1,
  generation: 1,
  accountId: ACCOUNT,
  accountName: 'payments-prod',
  region: 'eu-central-1',
  state: 'active',
  userGuard: { kind: 'none' },
  limits: { maxFirstRotationsPerRun: 20, freeze: [] },
  breakGlassRoles: [],
  users: users.length > 0 ? users : [user()],
});

export const notice = (changes: Partial<NoticeEvent> = {}): NoticeEvent => ({
  schemaVersion: 1,
  id: EVENT_ID,
  type: 'rotated',
  audience: ['owner'],
  accountId: ACCOUNT,
  region: 'eu-central-1',
  userName: 'jeremy.ritchie',
  secretName: '/access-key/jeremy.ritchie',
  occurredAt: '2026-03-07T09:30:00.000Z',
  currentKeyId: NEW_KEY,
  previousKeyId: OLD_KEY,
  previousKeyActiveUntil: '2026-03-14T09:30:00.000Z',
  whenStillUsed: 'hold',
  ...changes,
});

/** One event of every type that owners get, as rotate and reconcile write them. */
export const EVENTS: Readonly<Record<OwnerEvent['type'], NoticeEvent>> = {
  rotated: notice(),
  'rotation-partial': notice({
    type: 'rotation-partial',
    audience: ['owner', 'admin'],
    code: 'ThrottlingException',
    reason: 'an AWS call failed with ThrottlingException',
  }),
  'previous-key-in-use': notice({
    type: 'previous-key-in-use',
    previousKeyLastUsed: { at: '2026-03-12T22:05:00.000Z', service: 's3', region: 'us-east-1' },
  }),
  'previous-key-deactivated': notice({
    type: 'previous-key-deactivated',
    previousKeyActiveUntil: undefined,
    previousKeyDeletedAfter: '2026-03-21T09:35:00.000Z',
  }),
  'previous-key-deleted': notice({
    type: 'previous-key-deleted',
    previousKeyActiveUntil: undefined,
    previousKeyDeletedAfter: '2026-03-21T09:35:00.000Z',
  }),
  'key-compromised': notice({
    type: 'key-compromised',
    audience: ['owner', 'admin'],
    currentKeyId: undefined,
    previousKeyActiveUntil: undefined,
    code: 'KEY_COMPROMISED',
  }),
  'rolled-back': notice({ type: 'rolled-back', audience: ['owner', 'admin'], code: 'ROLLED_BACK' }),
  'stored-key-unusable': notice({
    type: 'stored-key-unusable',
    audience: ['owner', 'admin'],
    previousKeyId: undefined,
    previousKeyActiveUntil: undefined,
    whenStillUsed: undefined,
    workingKeyIds: [OLD_KEY],
    code: 'CURRENT_KEY_INACTIVE',
  }),
  'retirement-failed': notice({ type: 'retirement-failed', audience: ['owner', 'admin'], code: 'AccessDenied' }),
};
