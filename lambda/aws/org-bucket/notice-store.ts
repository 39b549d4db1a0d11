import type { OwnedBucket } from '../../contract/names';
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { MailerPorts } from '../../domain/mail/deliver';

/** No event that the product writes comes near it. */
const MOST_BYTES = 64 * 1024;

/** Event objects in the org bucket. Their size is known before they are read, and S3 lists and reads consistently. */
export function orgEvents(client: S3Client, bucket: OwnedBucket): MailerPorts['events'] {
  return {
    async read(key) {
      try {
        const { Body, ContentLength } = await client.send(new GetObjectCommand({ ...bucket, Key: key }));
        if (ContentLength === undefined || ContentLength <= MOST_BYTES)
          return { text: await Body!.transformToString() };
        (Body as { destroy?: () => void }).destroy?.();
        return 'too-large';
      } catch (error) {
        if ((error as Error).name === 'NoSuchKey') return 'no-object';
        throw error;
      }
    },
  };
}
