/**
 * That SES accepted the mail about an event: `deliveries/events/ACCOUNT/EVENT.json` in the org bucket, written by the
 * mailer and read by the account that the event is about. Whether the mail arrived, {@link MailFeedback} says.
 */
export interface MailDelivery {
  readonly schemaVersion: 1;
  readonly accountId: string;
  readonly eventId: string;
  /** ISO 8601, UTC: not before the mail was handed to SES, and at most a minute later. */
  readonly sentAt: string;
  /** Who it went to: the owner, or the administrators in the owner's place. */
  readonly recipient: 'owner' | 'admins';
  /** Until when it says that the previous key works, at the least; absent where it names no such date. */
  readonly previousKeyUntil?: string;
}
