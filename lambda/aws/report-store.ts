import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { reportPath, type OwnedBucket } from '../contract/names';
import type { Reports } from '../domain/ports';

/** The account's report in the org bucket; each run replaces it. */
export function orgReports(client: S3Client, bucket: OwnedBucket, accountId: string): Reports {
  const object = { ...bucket, Key: reportPath(accountId) };
  return {
    async read() {
      try {
        const answer = await client.send(new GetObjectCommand(object));
        return await answer.Body!.transformToString();
      } catch (error) {
        if ((error as Error).name === 'NoSuchKey' || (await isMissing(client, object, error))) return undefined;
        throw error;
      }
    },
    async write(report) {
      const body = { Body: JSON.stringify(report), ContentType: 'application/json' };
      await client.send(new PutObjectCommand({ ...object, ...body }));
    },
  };
}

/**
 * S3 may refuse a missing object to those who may list some prefixes only. A refusal is no answer, the list is one.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 */
async function isMissing(client: S3Client, { Key, ...bucket }: OwnedBucket & { Key: string }, error: unknown) {
  const { $metadata } = error as { $metadata?: { httpStatusCode?: number } };
  if ($metadata?.httpStatusCode !== 403) return false;
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ ...bucket, Prefix: Key }));
  return !Contents.some((found) => found.Key === Key);
}
