import type { Subject } from '../roster/subject';
import type { NoticeEvent } from '../../contract/notice';
import { eventId } from '../digest';
import type { Secret } from '../ports';
import type { SliceUser } from '../../contract/slice';
import { retirementsOf } from '../ledger/retirements';
import { isCompromised } from '../ledger/tags';
import { activeUntil } from '../keys/retirement-schedule';
import { calendarDate } from '../time';

interface Success {
  readonly subject: Subject;
  readonly versionId: string;
  readonly currentKeyId: string;
  /** The previous key, when it no longer works. */
  readonly goneKeyId?: string;
  readonly now: Date;
}

/** Everything a notice about this user starts from. */
export function noticeBase(
  { slice, user, secret }: Subject,
  now: Date,
): Pick<
  NoticeEvent,
  'schemaVersion' | 'accountId' | 'accountName' | 'region' | 'userName' | 'secretName' | 'occurredAt'
> {
  return {
    schemaVersion: 1,
    accountId: slice.accountId,
    ...(slice.accountName && { accountName: slice.accountName }),
    region: slice.region,
    userName: user.name,
    secretName: secret.name,
    occurredAt: now.toISOString(),
  };
}

/** The notice `rotated`; its id depends on secret and version only, so that a resumed rotation tells the same thing. */
export function rotatedNotice({ subject, versionId, currentKeyId, goneKeyId, now }: Success): NoticeEvent {
  return {
    ...noticeBase(subject, now),
    id: eventId(subject.secret.arn, versionId, 'rotated'),
    type: 'rotated',
    audience: ['owner'],
    versionId,
    currentKeyId,
    ...(goneKeyId ? { previousKeyId: goneKeyId } : previousKey(subject.secret, subject.user, versionId)),
  };
}

/** Evidence that a key was deleted, and why: nobody needs a message for it. */
export function deletedNotice(subject: Subject, keyId: string, reason: string, now: Date): NoticeEvent {
  return {
    ...noticeBase(subject, now),
    id: eventId(subject.secret.arn, keyId, 'previous-key-deleted'),
    type: 'previous-key-deleted',
    audience: [],
    previousKeyId: keyId,
    reason,
  };
}

/** What is to be said of the key that this version replaced. */
function previousKey(secret: Secret, user: SliceUser, versionId: string): Partial<NoticeEvent> {
  const retirement = retirementsOf(secret).find(({ replacedBy }) => replacedBy === versionId);
  if (!retirement) return {};
  if (retirement.state === 'inactive' || isCompromised(secret, retirement.keyId))
    return { previousKeyId: retirement.keyId };
  return {
    previousKeyId: retirement.keyId,
    previousKeyActiveUntil: activeUntil(retirement, user).toISOString(),
    whenStillUsed: user.whenStillUsed,
  };
}

/** Something that happened once: the same finding is told once a day. */
export function byHand(
  subject: Subject & { readonly now: Date },
  code: string,
  finding: string,
  reason: string,
  nextStep: string,
): NoticeEvent {
  return {
    ...noticeBase(subject, subject.now),
    id: eventId(subject.secret.arn, code, finding, calendarDate(subject.now)),
    type: 'attention',
    audience: ['admin'],
    code,
    reason,
    nextStep,
  };
}
