import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  paginateListObjectsV2,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { OwnedBucket } from '../../lambda/contract/names';
import { orgBucketName } from '../names';
import type { Roster } from '../roster/roster';

/** The bucket of the roster's own security account. */
export const orgStoreOf = ({ organization, accounts, region }: Roster, client: S3Client): OrgStore =>
  s3OrgStore(client, orgBucketOf(organization?.securityAccount ?? accounts[0]!.id, region));

/** The org bucket of a security account, as every request names it. */
export const orgBucketOf = (securityAccountId: string, region: string): OwnedBucket => ({
  Bucket: orgBucketName(securityAccountId, region),
  ExpectedBucketOwner: securityAccountId,
});

/** Somebody else wrote in between, or the object was there though it could not be seen. */
export class WrittenMeanwhile extends Error {}

export interface StoredText {
  readonly text: string;
  readonly etag: string;
}

/** The org bucket, as the commands that write it see it. */
export interface OrgStore {
  /** Undefined when there is no such object, or no bucket yet. */
  read(key: string): Promise<StoredText | undefined>;
  has(key: string): Promise<boolean>;
  /** Takes no right to read the object. */
  writtenAt(key: string): Promise<Date | undefined>;
  /**
   * @param former the ETag of what is replaced; undefined when nothing may be there
   * @throws WrittenMeanwhile when another object is there; nothing is overwritten, and it may be run again
   */
  write(key: string, body: string | Uint8Array, former: string | undefined): Promise<void>;
  keys(prefix: string): Promise<readonly string[]>;
  remove(key: string): Promise<void>;
}

const ABSENT = new Set(['NoSuchKey', 'NotFound', 'NoSuchBucket']);
/**
 * Whether an object is missing is said to those only who may list the bucket; to others S3 answers 403. Where nothing is
 * decided by an object's absence, that counts as absent: code and slices are written unless they are there. The published
 * roster and the reports are never taken for absent: every danger would pass where nothing is published.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 */
const ABSENT_IF_REFUSED = /^(code|roster)\//;
/** 412 when the object is another one by now, 409 when two writes meet: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html */
const LOST_RACE = new Set(['PreconditionFailed', 'ConditionalRequestConflict']);

export function s3OrgStore(client: S3Client, bucket: OwnedBucket): OrgStore {
  return {
    read: (key) =>
      unlessAbsent(key, async () => {
        const { Body, ETag } = await client.send(new GetObjectCommand({ ...bucket, Key: key }));
        return { text: await Body!.transformToString(), etag: ETag! };
      }),
    has: async (key) =>
      (await unlessAbsent(key, () => client.send(new HeadObjectCommand({ ...bucket, Key: key })))) !== undefined,
    async writtenAt(key) {
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ ...bucket, Prefix: key }));
      return Contents.find(({ Key }) => Key === key)?.LastModified;
    },
    async write(key, body, former) {
      try {
        const contentType = key.endsWith('.json') ? 'application/json' : 'application/zip';
        await client.send(
          new PutObjectCommand({
            ...bucket,
            Key: key,
            Body: body,
            ContentType: contentType,
            ...(former === undefined ? { IfNoneMatch: '*' } : { IfMatch: former }),
          }),
        );
      } catch (error) {
        if (LOST_RACE.has((error as Error).name))
          throw new WrittenMeanwhile(
            `${key} in ${bucket.Bucket} was changed by someone else in the meantime; run the command again`,
          );
        throw error;
      }
    },
    async keys(prefix) {
      const keys: string[] = [];
      for await (const { Contents = [] } of paginateListObjectsV2({ client }, { ...bucket, Prefix: prefix }))
        keys.push(...Contents.map(({ Key = '' }) => Key));
      return keys;
    },
    remove: async (key) => void (await client.send(new DeleteObjectCommand({ ...bucket, Key: key }))),
  };
}

async function unlessAbsent<T>(key: string, read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    const { name, $metadata } = error as { name: string; $metadata?: { httpStatusCode?: number } };
    if (ABSENT.has(name) || ($metadata?.httpStatusCode === 403 && ABSENT_IF_REFUSED.test(key))) return undefined;
    throw error;
  }
}
