import type { OwnerEvent } from '../../lambda/domain/mail/owner-event';
import type { NoticeEvent, NoticeOf, NoticeType } from '../../lambda/contract/notice';
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

export const DAY = '2026-03-07';

const head = {
  schemaVersion: 2 as const,
  id: EVENT_ID,
  day: DAY,
  audience: ['owner'] as const,
  accountId: ACCOUNT,
  region: 'eu-central-1',
  userName: 'jeremy.ritchie',
  secretName: '/access-key/jeremy.ritchie',
  occurredAt: '2026-03-07T09:30:00.000Z',
};
const both = { ...head, audience: ['owner', 'admin'] as const };
export const WORKS = {
  kind: 'works',
  keyId: OLD_KEY,
  until: '2026-03-14T09:30:00.000Z',
  whenStillUsed: 'hold',
} as const;
const INACTIVE = { kind: 'inactive', keyId: OLD_KEY, deletedAfter: '2026-03-21T09:35:00.000Z' } as const;

export const notice = (changes: Partial<NoticeOf<'rotated'>> = {}): NoticeOf<'rotated'> => ({
  ...head,
  type: 'rotated',
  versionId: 'v2',
  currentKeyId: NEW_KEY,
  previousKey: WORKS,
  steps: [],
  ...changes,
});

/** One event of every type that owners get, as rotate and reconcile write them. */
export const EVENTS: { readonly [T in OwnerEvent['type']]: NoticeOf<T> } = {
  rotated: notice(),
  'rotation-partial': {
    ...notice(),
    audience: ['owner', 'admin'],
    type: 'rotation-partial',
    previousKey: { kind: 'uncertain', keyId: OLD_KEY },
    code: 'AWS_THROTTLED',
    reason: 'an AWS call failed with ThrottlingException',
  },
  'previous-key-in-use': {
    ...head,
    type: 'previous-key-in-use',
    currentKeyId: NEW_KEY,
    previousKey: WORKS,
    previousKeyLastUsed: { at: '2026-03-12T22:05:00.000Z', service: 's3', region: 'us-east-1' },
  },
  'previous-key-deactivated': {
    ...head,
    type: 'previous-key-deactivated',
    currentKeyId: NEW_KEY,
    previousKey: INACTIVE,
  },
  'previous-key-deleted': {
    ...head,
    type: 'previous-key-deleted',
    currentKeyId: NEW_KEY,
    previousKey: { kind: 'gone', keyId: OLD_KEY },
  },
  'key-compromised': {
    ...both,
    type: 'key-compromised',
    previousKey: { kind: 'inactive', keyId: OLD_KEY },
    code: 'KEY_COMPROMISED',
    reason: 'it was declared compromised',
  },
  'rolled-back': {
    ...both,
    type: 'rolled-back',
    versionId: 'v1',
    currentKeyId: NEW_KEY,
    previousKey: WORKS,
    code: 'ROLLED_BACK',
    reason: 'an operator went back',
  },
  'stored-key-unusable': {
    ...both,
    type: 'stored-key-unusable',
    currentKeyId: NEW_KEY,
    workingKeyIds: [OLD_KEY],
    code: 'CURRENT_KEY_INACTIVE',
    reason: 'it was deactivated',
  },
  'first-rotation-announced': {
    ...both,
    type: 'first-rotation-announced',
    startsAt: '2026-03-21T09:30:00.000Z',
    workingKeyIds: [OLD_KEY],
  },
  'action-needed': {
    ...both,
    type: 'action-needed',
    currentKeyId: NEW_KEY,
    workingKeyIds: [OLD_KEY],
    code: 'KEY_STILL_USED',
    reason: 'it is still used',
  },
  'retirement-failed': {
    ...both,
    type: 'retirement-failed',
    currentKeyId: NEW_KEY,
    previousKey: WORKS,
    code: 'AWS_DENIED',
    reason: 'an AWS call failed with AccessDenied',
  },
};

/** The same events as schema version 1 had them, at their old place. */
export const EVENTS_OF_VERSION_1: Readonly<Record<OwnerEvent['type'], object>> = Object.fromEntries(
  Object.values<NoticeEvent>(EVENTS).map((event) => [event.type, ofVersion1(event)]),
) as Record<OwnerEvent['type'], object>;

function ofVersion1(event: NoticeEvent): object {
  const { previousKey, day: _day, steps: _steps, ...members } = event as Partial<NoticeOf<'rotated'>>;
  return {
    ...members,
    schemaVersion: 1,
    ...(previousKey && 'keyId' in previousKey && { previousKeyId: previousKey.keyId }),
    ...(previousKey?.kind === 'works' && {
      previousKeyActiveUntil: previousKey.until,
      whenStillUsed: previousKey.whenStillUsed,
    }),
    ...(previousKey?.kind === 'inactive' && { previousKeyDeletedAfter: previousKey.deletedAfter }),
  };
}

/** A notice of a type that no owner gets. */
export const attention = (changes: Partial<NoticeOf<'attention'>> = {}): NoticeOf<'attention'> => ({
  ...head,
  type: 'attention',
  audience: ['admin'],
  code: 'ROTATION_OVERDUE',
  reason: 'it is late',
  ...changes,
});

export const ofType = (type: NoticeType): NoticeEvent =>
  type in EVENTS ? EVENTS[type as OwnerEvent['type']] : { ...attention(), type: type as 'attention' };
