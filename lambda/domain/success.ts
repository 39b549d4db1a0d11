/** The end of a successful rotation: told once, then marked. Shared by finishSecret and by reconcile, which resumes it. */
import { eventId } from './event-id';
import type { Subject } from './guard';
import { isCompromised, retirementsOf, TAGS } from './ledger';
import type { NoticeEvent } from './notice';
import type { Notices, Secret, Secrets } from './ports';
import { activeUntil } from './retirement';
import type { SliceUser } from './slice';

interface Success {
  readonly subject: Subject;
  readonly versionId: string;
  readonly currentKeyId: string;
  /** The previous key, when it no longer works. */
  readonly goneKeyId?: string;
  readonly now: Date;
}

/** Everything a notice about this user starts from. */
export function noticeBase({ slice, user, secret }: Subject, now: Date): Pick<NoticeEvent, 'schemaVersion' | 'accountId' | 'accountName' | 'region' | 'userName' | 'secretName' | 'occurredAt'> {
  return { schemaVersion: 1, accountId: slice.accountId, ...(slice.accountName && { accountName: slice.accountName }), region: slice.region, userName: user.name, secretName: secret.name, occurredAt: now.toISOString() };
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
  return { ...noticeBase(subject, now), id: eventId(subject.secret.arn, keyId, 'previous-key-deleted'), type: 'previous-key-deleted', audience: [], previousKeyId: keyId, reason };
}

/** What is to be said of the key that this version replaced. */
function previousKey(secret: Secret, user: SliceUser, versionId: string): Partial<NoticeEvent> {
  const retirement = retirementsOf(secret).find(({ replacedBy }) => replacedBy === versionId);
  if (!retirement) return {};
  if (retirement.state === 'inactive' || isCompromised(secret, retirement.keyId)) return { previousKeyId: retirement.keyId };
  return { previousKeyId: retirement.keyId, previousKeyActiveUntil: activeUntil(retirement, user).toISOString(), whenStillUsed: user.whenStillUsed };
}

/** Sends the notice, marks the version as told and takes AWSPENDING off it last. Each part may be repeated. */
export async function closeRotation(secrets: Secrets, notices: Notices, secret: Secret, versionId: string, notice: NoticeEvent): Promise<void> {
  if (secret.tags[TAGS.notified] !== versionId) {
    await notices.send(notice);
    await secrets.tag(secret.arn, { [TAGS.notified]: versionId });
  }
  if (secret.tags[TAGS.outstanding]) await secrets.untag(secret.arn, [TAGS.outstanding]);
  if (secret.versions[versionId]?.includes('AWSPENDING')) await takePendingOff(secrets, secret, versionId);
}

/** Somebody else may have taken it off meanwhile: then it is done. */
export async function takePendingOff(secrets: Secrets, { arn }: Secret, versionId: string): Promise<void> {
  try {
    await secrets.moveStage(arn, 'AWSPENDING', { from: versionId });
  } catch (error) {
    if ((await secrets.describe(arn))?.versions[versionId]?.includes('AWSPENDING')) throw error;
  }
}
