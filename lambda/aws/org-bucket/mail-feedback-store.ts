import { GetObjectCommand, paginateListObjectsV2, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { MailFeedback } from '../../contract/mail-feedback';
import { mailFeedbackPath, mailFeedbackPrefix, type OwnedBucket } from '../../contract/names';

export interface StoredFeedback {
  readonly feedback: MailFeedback;
  /** Of the object, for {@link MailFeedbackStore.write}. */
  readonly etag: string;
}

/** What SES reported of mails that did not arrive as they should, an object an event. */
export interface MailFeedbackStore {
  /** Undefined when nothing was reported: as far as SES knows, the mail arrived. */
  read(accountId: string, eventId: string): Promise<StoredFeedback | undefined>;
  /**
   * @param former ETag of what is replaced; undefined when nothing may be there
   * @throws PreconditionFailed when another report was written in between; both may be repeated
   */
  write(feedback: MailFeedback, former: string | undefined): Promise<void>;
  /** All of one account, the oldest reports included; reads the keys that `known` has with the same ETag from there. */
  list(accountId: string, known?: ReadonlyMap<string, StoredFeedback>): Promise<ReadonlyMap<string, StoredFeedback>>;
}

export function s3MailFeedback(client: S3Client, bucket: OwnedBucket): MailFeedbackStore {
  const get = async (key: string): Promise<StoredFeedback> => {
    const { Body, ETag } = await client.send(new GetObjectCommand({ ...bucket, Key: key }));
    return { feedback: JSON.parse(await Body!.transformToString()) as MailFeedback, etag: ETag! };
  };
  return {
    async read(accountId, eventId) {
      try {
        return await get(mailFeedbackPath(accountId, eventId));
      } catch (error) {
        if ((error as Error).name === 'NoSuchKey') return undefined;
        throw error;
      }
    },
    async write(feedback, former) {
      const key = mailFeedbackPath(feedback.accountId, feedback.eventId);
      const condition = former === undefined ? { IfNoneMatch: '*' } : { IfMatch: former };
      const body = JSON.stringify(feedback);
      await client.send(
        new PutObjectCommand({ ...bucket, Key: key, Body: body, ContentType: 'application/json', ...condition }),
      );
    },
    async list(accountId, known = new Map()) {
      const found = new Map<string, StoredFeedback>();
      const pages = paginateListObjectsV2({ client }, { ...bucket, Prefix: mailFeedbackPrefix(accountId) });
      for await (const { Contents = [] } of pages) {
        for (const { Key = '', ETag } of Contents) {
          const former = known.get(Key);
          found.set(Key, former?.etag === ETag ? former! : await get(Key));
        }
      }
      return found;
    },
  };
}
