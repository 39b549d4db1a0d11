/** The mailer's bookkeeping of deliveries. What Powertools brings along is the mailer's alone; accounts read entries too. */
import type { IdempotencyRecord } from '@aws-lambda-powertools/idempotency/persistence';
import type { MailDelivery } from '../contract/mail-delivery';
import type { SentMail } from '../domain/mail/hourly-limit';

export type JSONValue = Exclude<IdempotencyRecord['responseData'], undefined>;

/** A delivery is remembered for as long as anybody may repeat its event. */
export const REMEMBERED_SECONDS = 2 * 365 * 24 * 3_600;

/** How one delivery stands, as it lies in the org bucket. */
export interface Entry {
  readonly status: 'INPROGRESS' | 'COMPLETED' | 'EXPIRED';
  readonly expiryTimestamp?: number;
  readonly inProgressExpiryTimestamp?: number;
  readonly responseData?: JSONValue;
}

/**
 * What the bookkeeping says of an event's mail, where nothing else was written about it: of one that was sent before
 * deliveries were written for accounts, only when, because a delivery is remembered for so long from its mail on.
 */
export function mailedBefore(
  entry: unknown,
  event: Pick<MailDelivery, 'accountId' | 'eventId'>,
): MailDelivery | undefined {
  const { status, expiryTimestamp, responseData } = (entry ?? {}) as Partial<Entry>;
  const { messageId = '', delivery } = (responseData ?? {}) as Partial<SentMail>;
  if (status !== 'COMPLETED' || messageId === '' || expiryTimestamp === undefined) return undefined;
  const sentAt = new Date((expiryTimestamp - REMEMBERED_SECONDS) * 1_000).toISOString();
  return { schemaVersion: 1, ...event, ...(delivery ?? { sentAt, recipient: 'owner' }) };
}
