import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import type { OwnedBucket } from '../../contract/names';

/**
 * Whether an error of GetObject says that there is no such object. S3 may refuse a missing one to those who may list some
 * prefixes only: a refusal is no answer, the list is one.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 * @throws what the list threw
 */
export async function isMissing(
  client: S3Client,
  { Key, ...bucket }: OwnedBucket & { readonly Key: string },
  error: unknown,
): Promise<boolean> {
  const { name, $metadata } = error as { readonly name: string; readonly $metadata?: { httpStatusCode?: number } };
  if (name === 'NoSuchKey') return true;
  if ($metadata?.httpStatusCode !== 403) return false;
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ ...bucket, Prefix: Key }));
  return !Contents.some((found) => found.Key === Key);
}
