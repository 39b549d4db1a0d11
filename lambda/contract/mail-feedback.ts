/**
 * What SES reported of the mail about an event: `deliveries/feedback/ACCOUNT/EVENT.json` in the org bucket, written by
 * the mailer. While one says anything but `delivered`, nobody may count on that mail having been read.
 */
export interface MailFeedback {
  readonly schemaVersion: 1;
  readonly accountId: string;
  readonly eventId: string;
  /** `rejected`: SES itself refused the content. `delayed` may still become any other. */
  readonly kind: 'bounced' | 'complained' | 'rejected' | 'delayed' | 'delivered';
  /** Who was meant: the owner, or the administrators in the owner's place. */
  readonly audience: 'owner' | 'admins';
  /** Those of the recipients that it is about. */
  readonly addresses: readonly string[];
  /** ISO 8601, UTC: when SES learned of it. */
  readonly at: string;
  /** Of a bounce, such as `Permanent/General`. */
  readonly detail?: string;
}
