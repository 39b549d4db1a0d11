/** The first rotation of a user who has a key: announced to its owner and the admins, where the roster says so, and waited with. */
import { digest } from '../digest';
import { hasHeldAKey, TAGS } from '../ledger/tags';
import { noticeBase } from '../notices/compose';
import { hoursToMs } from '../time';
import type { UserState } from './user-state';

const OWED = 'owed';
/** An announcement that could not be sent for so long is made anew, with a later date. */
const RESENT_WITHIN_MS = 3_600_000;

/** Somebody may be using a key that no secret has held yet. */
function isToBeAnnounced({ user, secret, currentKeyId, existing }: UserState): boolean {
  return (
    (user.announceFirstRotationHours ?? 0) > 0 &&
    currentKeyId === undefined &&
    !hasHeldAKey(secret) &&
    existing.some(({ status }) => status === 'Active')
  );
}

/** Until then nothing of the user's keys is changed: the announced date, or `not announced`. */
function announcedDate(state: UserState): Date | 'not announced' | undefined {
  if (!isToBeAnnounced(state)) return undefined;
  const [at, owed] = state.secret.tags[TAGS.announced]?.split(' ') ?? [];
  return at === undefined || owed !== undefined ? 'not announced' : new Date(at);
}

/** Whether the first rotation, with all that makes room for it, is still to wait. */
export function waitsForDate(state: UserState): boolean {
  const date = announcedDate(state);
  return date === 'not announced' || (date !== undefined && state.now < date);
}

/**
 * Announces it. What cannot be sent is not announced: the rotation goes on waiting, and the date is counted from the notice
 * that names it. A date that was named stays, whatever the roster says later.
 * @returns when to look again
 */
export async function announceFirstRotation(state: UserState): Promise<Date | 'next-run'> {
  const date = announcedDate(state);
  if (date instanceof Date) return date;
  const { secrets, secret, notices, user, existing, now, unsent } = state;
  const waitMs = hoursToMs(user.announceFirstRotationHours!);
  const owed = Date.parse(secret.tags[TAGS.announced]?.split(' ')[0] ?? '');
  const isRecent = owed - waitMs > now.getTime() - RESENT_WITHIN_MS;
  const startsAt = new Date(isRecent ? owed : now.getTime() + waitMs).toISOString();
  if (!isRecent) await secrets.tag(secret.arn, { [TAGS.announced]: `${startsAt} ${OWED}` });
  try {
    await notices.send({
      ...noticeBase(state, now, new Date(Date.parse(startsAt) - waitMs)),
      id: digest(secret.arn, 'first-rotation-announced', startsAt),
      type: 'first-rotation-announced',
      audience: ['owner', 'admin'],
      startsAt,
      workingKeyIds: existing.flatMap(({ id, status }) => (status === 'Active' ? id : [])),
    });
  } catch (error) {
    unsent.push(error);
    return 'next-run';
  }
  await secrets.tag(secret.arn, { [TAGS.announced]: startsAt });
  return new Date(startsAt);
}
