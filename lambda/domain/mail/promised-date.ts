/** A mail may go out long after its event: what it says of the previous key is what is so when it is sent. */
import { hoursToMs } from '../time';
import type { InactiveKey, WorkingKey } from '../../contract/notice';
import type { OwnerEvent } from './owner-event';
import type { Recipient } from './recipient';

/** A mail that goes out sooner names the date of its event: so much less time to switch is not worth another date. */
const AT_ONCE_MS = 3_600_000;

/** Of these the owner learns that there is a new key, and needs all the time that the roster gives to switch. */
const GIVES_TIME: readonly OwnerEvent['type'][] = ['rotated', 'rolled-back'];

/**
 * The event as the mail that goes out now has to put it. The first mail about a new key gives its reader the time that the
 * roster keeps the previous one, from now on, but at most once more that time than the event promised: so reconcile moves
 * the deadline. Of a date that has passed since its event nothing is said.
 */
export function asOfSending(event: OwnerEvent, recipient: Recipient, now: Date): OwnerEvent {
  const { previousKey } = event;
  if (previousKey.kind === 'works') return { ...event, previousKey: working(event, previousKey, recipient, now) };
  return previousKey.kind === 'inactive' ? { ...event, previousKey: inactive(previousKey, now) } : event;
}

function working(event: OwnerEvent, key: WorkingKey, recipient: Recipient, now: Date): OwnerEvent['previousKey'] {
  const until = Date.parse(key.until);
  const keptForMs = 'user' in recipient ? hoursToMs(recipient.user.keepPreviousForHours) : 0;
  const givesTime = GIVES_TIME.includes(event.type);
  const isLate = givesTime && now.getTime() + keptForMs - until > AT_ONCE_MS;
  const named = isLate ? Math.min(now.getTime() + keptForMs, until + keptForMs) : until;
  const wasOver = !givesTime && until <= Date.parse(event.occurredAt);
  if (named <= now.getTime() && !wasOver) return { kind: 'uncertain', keyId: key.keyId };
  return { ...key, until: new Date(named).toISOString() };
}

function inactive({ deletedAfter, ...key }: InactiveKey, now: Date): InactiveKey {
  return deletedAfter === undefined || Date.parse(deletedAfter) <= now.getTime() ? key : { ...key, deletedAfter };
}
