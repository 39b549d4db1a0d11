/** What was mailed about events. What Powertools brings along is the mailer's alone; accounts read its bookkeeping too. */
import type { IdempotencyRecord } from '@aws-lambda-powertools/idempotency/persistence';
import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { MailDelivery } from '../../contract/mail-delivery';
import type { MailFeedback } from '../../contract/mail-feedback';
import { mailDeliveryPath, mailFeedbackPath, mailOncePath, type OwnedBucket } from '../../contract/names';
import type { MailerPorts } from '../../domain/mail/deliver';
import type { SentMail } from '../../domain/mail/hourly-limit';
import type { Mails } from '../../domain/ports';
import { isMissing } from './missing-object';

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
function mailedBefore(entry: unknown, event: Pick<MailDelivery, 'accountId' | 'eventId'>): MailDelivery | undefined {
  const { status, expiryTimestamp, responseData } = (entry ?? {}) as Partial<Entry>;
  const { messageId = '', delivery } = (responseData ?? {}) as Partial<SentMail>;
  if (status !== 'COMPLETED' || messageId === '' || expiryTimestamp === undefined) return undefined;
  const sentAt = new Date((expiryTimestamp - REMEMBERED_SECONDS) * 1_000).toISOString();
  return { schemaVersion: 1, ...event, ...(delivery ?? { sentAt, recipient: 'owner' }) };
}

/** Written by the mailer, for the account that the event is about. */
export function s3MailDeliveries(client: S3Client, bucket: OwnedBucket): MailerPorts['accepted'] {
  return {
    async write(delivery) {
      const { accountId, eventId } = delivery;
      const body = { Body: JSON.stringify(delivery), ContentType: 'application/json' };
      await client.send(new PutObjectCommand({ ...bucket, Key: mailDeliveryPath(accountId, eventId), ...body }));
    },
  };
}

/** What became of the mails about this account's events. */
export function orgMails(client: S3Client, bucket: OwnedBucket, accountId: string): Mails {
  const read = async (key: string): Promise<unknown> => {
    const object = { ...bucket, Key: key };
    try {
      const { Body } = await client.send(new GetObjectCommand(object));
      return JSON.parse(await Body!.transformToString());
    } catch (error) {
      if (await isMissing(client, object, error)) return undefined;
      throw error;
    }
  };
  return {
    async about(eventId) {
      const delivery =
        ((await read(mailDeliveryPath(accountId, eventId))) as MailDelivery | undefined) ??
        mailedBefore(await read(mailOncePath(accountId, eventId)), { accountId, eventId });
      if (!delivery) return {};
      const feedback = (await read(mailFeedbackPath(accountId, eventId))) as MailFeedback | undefined;
      return { delivery, ...(feedback && { feedback }) };
    },
  };
}
