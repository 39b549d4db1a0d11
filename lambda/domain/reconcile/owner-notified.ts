/**
 * No key goes before its owner, or in the owner's place the admins, were mailed about it: by what the mailer and SES wrote,
 * which is read only when a key's time is over, or a warning is about to name the end of it. Nothing waits for ever.
 */
import { reasonOf } from '../errors';
import { lastFour } from '../keys/describe';
import { isQuiet } from '../keys/quiet';
import { activeUntil } from '../keys/retirement-schedule';
import { retirementTag, type Retirement } from '../ledger/retirements';
import { versionWith } from '../ledger/versions';
import { rolledBackId, rotatedId, warningId } from '../notices/event-ids';
import { hoursToMs, inWords } from '../time';
import type { MailDelivery } from '../../contract/mail-delivery';
import type { AccessKey, Mails, Secret } from '../ports';
import type { UserState } from './user-state';

/** For so long after a key's time is over it stays because what was mailed cannot be read. Then that counts as nothing. */
const UNREADABLE_MS = 3 * 24 * 3_600_000;

/**
 * The mail about this event that reached the owner, or in the owner's place the admins, as far as is known.
 * @returns undefined of one that was not sent, that bounced, or that is delayed
 * @throws what the read threw: then it is not known
 */
async function deliveryOf(mails: Mails, eventId: string): Promise<MailDelivery | undefined> {
  const { delivery, feedback } = await mails.about(eventId);
  return feedback && feedback.kind !== 'delivered' ? undefined : delivery;
}

/**
 * Whether the key's deadline stands, which a warning is about to name or which is over. It moves, once: to the date that a
 * late mail named, or, of a key that would go and of which nobody was mailed, by the time that the roster keeps it; then
 * the admins are notified in the owner's place.
 */
export async function deadlineStands(
  state: UserState,
  retirement: Retirement,
  key: AccessKey,
  step: 'warn' | 'deactivate',
): Promise<boolean> {
  const { user, now } = state;
  if (retirement.moved || user.keepPreviousForHours === 0 || needsNoMail(state, retirement, key)) return true;
  const mail = await mailAbout(state, retirement, key);
  const stands = activeUntil(retirement, user);
  if (mail === 'unknown' && now.getTime() < stands.getTime() + UNREADABLE_MS) return step === 'warn';
  if (mail === 'none' || mail === 'unknown') {
    if (step === 'deactivate')
      await move(state, retirement, 'unnotified', new Date(now.getTime() + hoursToMs(user.keepPreviousForHours)));
    return step === 'warn';
  }
  const named = new Date(mail.previousKeyUntil ?? stands);
  if (named <= stands || named <= now) return true;
  await move(state, retirement, 'late', named);
  return false;
}

/**
 * When a key that is held ends, by the mail that named the date: not before that date, nor before the roster's time after
 * the mail was sent.
 */
export async function announcedEnd(
  state: UserState,
  { keyId, warnedAt, heldUntil }: Retirement,
): Promise<Date | 'not announced' | 'unknown'> {
  const { mails, secret, user, now, log } = state;
  if (!warnedAt || !heldUntil) return 'not announced';
  try {
    const mail = await deliveryOf(mails, warningId(secret, keyId, warnedAt));
    if (!mail) return 'not announced';
    const named = mail.previousKeyUntil ? Date.parse(mail.previousKeyUntil) : 0;
    const counted = Date.parse(mail.sentAt) + hoursToMs(user.holdAtMostHours ?? 0);
    return new Date(Math.max(heldUntil.getTime(), named, counted));
  } catch (error) {
    log.error('what was mailed about a key cannot be read', { secret: secret.name, reason: reasonOf(error) });
    return now.getTime() < heldUntil.getTime() + UNREADABLE_MS ? 'unknown' : 'not announced';
  }
}

/**
 * Whether a mail named the date that the ledger says was promised; while that cannot be read, it was. A key that is Inactive
 * may stay for as long as somebody likes: it works for nobody.
 */
export async function wasNamed(state: UserState, retirement: Retirement): Promise<boolean> {
  if (retirement.state === 'inactive') return true;
  const promised = Math.max(...[retirement.until, retirement.heldUntil].map((at) => at?.getTime() ?? 0));
  try {
    for (const eventId of eventsAbout(state.secret, retirement)) {
      const mail = await deliveryOf(state.mails, eventId);
      if (Date.parse(mail?.previousKeyUntil ?? '') >= promised) return true;
    }
    return false;
  } catch {
    return true;
  }
}

/** Reported while the key works; the deadline has moved for that. */
export function reportUnnotified({ conditions, user }: UserState, retirement: Retirement): void {
  const isHeld = retirement.heldUntil !== undefined && user.holdAtMostHours !== undefined;
  const until = inWords(isHeld ? retirement.heldUntil! : activeUntil(retirement, user));
  const how =
    user.whenStillUsed === 'deactivate' || isHeld
      ? `on ${until}, even if it is still used`
      : `once it has not been used for ${user.quietForHours} hours, but not before ${until}`;
  conditions.set('OWNER_NOT_NOTIFIED', {
    reason: `no mail about the end of the previous key …${lastFour(retirement.keyId)} of ${user.name} is known to have reached its owner, or the administrators in the owner's place`,
    nextStep: `it is kept for longer, once, and deactivated ${how}; notify the owner, correct the address in the roster and look into the dead-letter queue of the mailer`,
    once: true,
  });
}

/** A warning that is owed named the former date; the one of the day before this date is still to come. */
async function move(
  state: UserState,
  retirement: Retirement,
  moved: NonNullable<Retirement['moved']>,
  until: Date,
): Promise<void> {
  const { owing: _, ...kept } = retirement;
  const later: Retirement = { ...kept, until, moved, warnings: Math.min(kept.warnings, 1) };
  await state.secrets.tag(state.secret.arn, retirementTag(later));
  if (moved === 'unnotified') reportUnnotified(state, later);
}

/** A key that a person made after the stored one, and that nobody uses: no mail was ever about it. */
function needsNoMail(
  { existing, currentKeyId, lastUses, user, now }: UserState,
  retirement: Retirement,
  key: AccessKey,
) {
  const stored = existing.find(({ id }) => id === currentKeyId);
  const wasReplaced = retirement.replacedBy !== '-' || (stored !== undefined && key.createdAt < stored.createdAt);
  const lastUse = lastUses.get(key.id);
  return !wasReplaced && lastUse !== undefined && isQuiet(key, lastUse, user.quietForHours, now);
}

/** The first of the mails about the end of this key that arrived. One that is older than the key was about another. */
async function mailAbout(
  { mails, secret, log }: UserState,
  retirement: Retirement,
  { createdAt }: AccessKey,
): Promise<MailDelivery | 'none' | 'unknown'> {
  try {
    for (const eventId of eventsAbout(secret, retirement)) {
      const delivery = await deliveryOf(mails, eventId);
      if (delivery && new Date(delivery.sentAt) >= createdAt) return delivery;
    }
    return 'none';
  } catch (error) {
    log.error('what was mailed about a key cannot be read', { secret: secret.name, reason: reasonOf(error) });
    return 'unknown';
  }
}

/** Events whose mails say until when the key works. */
function eventsAbout(secret: Secret, { keyId, replacedBy, warnedAt }: Retirement): string[] {
  const version = replacedBy === '-' ? versionWith(secret, 'AWSCURRENT') : replacedBy;
  return [
    ...(version === undefined ? [] : [rotatedId(secret, version)]),
    rolledBackId(secret, keyId),
    ...(warnedAt ? [warningId(secret, keyId, warnedAt)] : []),
  ];
}
