import type { Subject } from '../roster/subject';
import type { OccurrenceCode } from '../../contract/codes';
import type { NoticeHead, NoticeOf, PreviousKey } from '../../contract/notice';
import { digest } from '../digest';
import type { AccessKey, LastUse, Secret } from '../ports';
import type { SliceUser } from '../../contract/slice';
import { intentsOf } from '../ledger/intents';
import { offboardingOf, retirementsOf, type Retirement } from '../ledger/retirements';
import { stepsOf } from '../ledger/steps';
import { compromisedKeys, isCompromised, LIST_LAG_MS, TAGS } from '../ledger/tags';
import { activeUntil, inactiveUntil } from '../keys/retirement-schedule';
import { calendarDate } from '../time';
import { rotatedId } from './event-ids';

interface Success {
  readonly subject: Subject;
  readonly versionId: string;
  readonly currentKeyId: string;
  /** The user's keys as IAM lists them. */
  readonly existing: readonly AccessKey[];
  /** A key that was just deleted, which IAM may still list. */
  readonly goneKeyId?: string;
  readonly now: Date;
}

/**
 * Everything a notice about this user starts from.
 * @param fixedAt when the occasion began, as the ledger has it: it decides under which day the event is kept, so that a
 * repetition after midnight is the same object
 */
export function noticeBase(
  { slice, user, secret }: Subject,
  now: Date,
  fixedAt = now,
): Omit<NoticeHead, 'id' | 'audience'> {
  return {
    schemaVersion: 2,
    day: calendarDate(fixedAt),
    accountId: slice.accountId,
    ...(slice.accountName && { accountName: slice.accountName }),
    region: slice.region,
    userName: user.name,
    secretName: secret.name,
    occurredAt: now.toISOString(),
  };
}

/** The notice `rotated`; its id depends on secret and version only, so that a resumed rotation tells the same thing. */
export function rotatedNotice({
  subject,
  versionId,
  currentKeyId,
  existing,
  goneKeyId,
  now,
}: Success): NoticeOf<'rotated'> {
  const { secret } = subject;
  const left = existing.filter(({ id }) => id !== goneKeyId);
  return {
    ...noticeBase(subject, now, begunAt(secret, versionId)),
    id: rotatedId(secret, versionId),
    type: 'rotated',
    audience: ['owner'],
    versionId,
    currentKeyId,
    previousKey: replacedKey(subject, versionId, left, now),
    steps: stepsOf(secret, versionId),
  };
}

/** When the rotation to this version began, as far as the ledger still knows. */
export function begunAt(secret: Secret, versionId: string): Date | undefined {
  const [first] = intentsOf(secret)
    .filter(({ token }) => token === versionId)
    .map(({ at }) => at.getTime())
    .sort((a, b) => a - b);
  return first === undefined ? undefined : new Date(first);
}

/**
 * Evidence that a key was deleted, and why: nobody needs a message for it. It lies under the day from which the key might be
 * deleted, where the ledger has one, so that whoever records it records the same object.
 */
export function deletedNotice(
  subject: Subject,
  keyId: string,
  reason: string,
  now: Date,
): NoticeOf<'previous-key-deleted'> {
  const { secret } = subject;
  const offboarding = offboardingOf(secret);
  const { until } = retirementsOf(secret).find((retirement) => retirement.keyId === keyId) ??
    (offboarding?.keyId === keyId ? offboarding : undefined) ?? { until: undefined };
  return {
    ...noticeBase(subject, now, until),
    id: digest(secret.arn, keyId, 'previous-key-deleted'),
    type: 'previous-key-deleted',
    audience: [],
    previousKey: { kind: 'gone', keyId },
    reason,
  };
}

/**
 * The key that this version replaced, by the ledger and by what IAM lists. Where the two contradict each other, because a
 * list lags or somebody acted meanwhile, nothing is promised.
 */
function replacedKey(
  { secret, user }: Subject,
  versionId: string,
  existing: readonly AccessKey[],
  now: Date,
): PreviousKey {
  const retirement = retirementsOf(secret).find(({ replacedBy }) => replacedBy === versionId);
  if (!retirement) return { kind: secret.tags[TAGS.notified] === undefined ? 'none' : 'uncertain' };
  const { keyId } = retirement;
  const key = existing.find(({ id }) => id === keyId);
  if (!key) return { kind: 'gone', keyId };
  if (key.status !== 'Active' || wasJustDeactivated(secret, keyId, now)) return retiringKey(retirement, user, false);
  if (isCompromised(secret, keyId) || retirement.state === 'inactive') return { kind: 'uncertain', keyId };
  return retiringKey(retirement, user, true);
}

/** IAM's list may not show that yet. */
function wasJustDeactivated(secret: Secret, keyId: string, now: Date): boolean {
  const deactivatedAt = compromisedKeys(secret).find((key) => key.keyId === keyId)?.deactivatedAt;
  return deactivatedAt !== undefined && now.getTime() - deactivatedAt.getTime() <= LIST_LAG_MS;
}

/** A key on its way out, for owners: what is promised of it. */
export function retiringKey(
  retirement: Pick<Retirement, 'keyId' | 'state' | 'since' | 'until' | 'heldUntil'>,
  user: SliceUser,
  works: boolean,
): Extract<PreviousKey, { kind: 'works' | 'inactive' }> {
  const { keyId, state, heldUntil } = retirement;
  if (works && heldUntil && user.whenStillUsed === 'hold' && user.holdAtMostHours !== undefined)
    return { kind: 'works', keyId, until: heldUntil.toISOString(), whenStillUsed: 'deactivate' };
  if (works)
    return {
      kind: 'works',
      keyId,
      until: activeUntil(retirement, user).toISOString(),
      whenStillUsed: user.whenStillUsed,
    };
  return {
    kind: 'inactive',
    keyId,
    ...(state === 'inactive' && { deletedAfter: inactiveUntil(retirement, user).toISOString() }),
  };
}

/** The last use of a key, where there was one. */
export const keyUse = (lastUse: LastUse | undefined): Pick<NoticeOf<'previous-key-in-use'>, 'previousKeyLastUsed'> =>
  lastUse?.used
    ? { previousKeyLastUsed: { at: lastUse.at.toISOString(), service: lastUse.service, region: lastUse.region } }
    : {};

/** Something that happened once: the same finding is told once a day. */
export function byHand(
  subject: Subject & { readonly now: Date },
  code: OccurrenceCode,
  finding: string,
  reason: string,
  nextStep: string,
): NoticeOf<'attention'> {
  return {
    ...noticeBase(subject, subject.now),
    id: digest(subject.secret.arn, code, finding, calendarDate(subject.now)),
    type: 'attention',
    audience: ['admin'],
    code,
    reason,
    nextStep,
  };
}
