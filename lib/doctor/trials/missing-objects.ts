import { GetObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import type { Account } from '../account';
import { bucketOf, makeBucket, makeRole, ROLES } from '../belongings';
import { eventually } from '../eventually';
import { callersOf, sessionOf } from './sessions';

const LISTED = 'listed/';

/** A client that may get every object of an empty bucket, and list one prefix of it. */
export async function readerOf(account: Account): Promise<S3Client> {
  const { Bucket, ExpectedBucketOwner } = bucketOf(account);
  await makeBucket(account);
  const arn = await makeRole(account, ROLES.reader, callersOf(account), [
    { Effect: 'Allow', Action: 's3:GetObject', Resource: `arn:aws:s3:::${Bucket}/*` },
    {
      Effect: 'Allow',
      Action: 's3:ListBucket',
      Resource: `arn:aws:s3:::${Bucket}`,
      Condition: { StringLike: { 's3:prefix': `${LISTED}*` } },
    },
  ]);
  const { s3 } = await sessionOf(account, arn);
  const list = new ListObjectsV2Command({ Bucket, ExpectedBucketOwner, Prefix: LISTED });
  await eventually(account, ['AccessDenied', 'NoSuchBucket'], () => s3.send(list));
  return s3;
}

export const missingUnlisted = (account: Account, s3: S3Client): Promise<string> => statusOf(account, s3, 'missing');
export const missingBelowPrefix = (account: Account, s3: S3Client): Promise<string> =>
  statusOf(account, s3, `${LISTED}missing`);

async function statusOf(account: Account, s3: S3Client, Key: string): Promise<string> {
  try {
    await s3.send(new GetObjectCommand({ ...bucketOf(account), Key }));
    return 'an object';
  } catch (error) {
    const { $metadata } = error as { $metadata?: { httpStatusCode?: number } };
    if ($metadata?.httpStatusCode === undefined) throw error;
    return String($metadata.httpStatusCode);
  }
}
