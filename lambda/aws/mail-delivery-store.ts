import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { MailDelivery } from '../contract/mail-delivery';
import type { MailFeedback } from '../contract/mail-feedback';
import { mailDeliveryPath, mailFeedbackPath, mailOncePath, type OwnedBucket } from '../contract/names';
import type { MailerPorts } from '../domain/mail/deliver';
import type { Mails } from '../domain/ports';
import { mailedBefore } from './delivery-entry';
import { isMissing } from './missing-object';

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
