import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { TALLY_PREFIX, type OwnedBucket } from '../../contract/names';
import type { Tally } from '../../domain/mail/hourly-limit';

/** One small object for each account and hour, written on condition that nobody else has counted meanwhile. */
export function s3Tally(client: S3Client, bucket: OwnedBucket): Tally {
  const keyOf = (behalf: string, hour: string): string => `${TALLY_PREFIX}${behalf}/${hour}.json`;
  return {
    async read(behalf, hour) {
      try {
        const { Body, ETag } = await client.send(new GetObjectCommand({ ...bucket, Key: keyOf(behalf, hour) }));
        const { mails } = JSON.parse(await Body!.transformToString()) as { readonly mails: number };
        return { mails, ...(ETag !== undefined && { version: ETag }) };
      } catch (error) {
        if ((error as Error).name === 'NoSuchKey') return { mails: 0 };
        throw error;
      }
    },
    async add(behalf, hour, { mails, version }) {
      const condition = version === undefined ? { IfNoneMatch: '*' } : { IfMatch: version };
      await client.send(
        new PutObjectCommand({
          ...bucket,
          Key: keyOf(behalf, hour),
          Body: JSON.stringify({ mails: mails + 1 }),
          ContentType: 'application/json',
          ...condition,
        }),
      );
    },
  };
}
