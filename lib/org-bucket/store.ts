import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  paginateListObjectsV2,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { orgBucketName } from '../names';
import type { Roster } from '../roster/roster';

/** The bucket of the roster's own security account. */
export const orgStoreOf = ({ organization, accounts, region }: Roster, client: S3Client): OrgStore =>
  s3OrgStore(client, orgBucketName(organization?.securityAccount ?? accounts[0]!.id, region));

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
   * @throws Error when somebody else wrote in between; nothing is overwritten, and it may be run again
   */
  write(key: string, body: string | Uint8Array, former: string | undefined): Promise<void>;
  keys(prefix: string): Promise<readonly string[]>;
  remove(key: string): Promise<void>;
}

const ABSENT = new Set(['NoSuchKey', 'NotFound', 'NoSuchBucket']);
/** 412 when the object is another one by now, 409 when two writes meet: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html */
const LOST_RACE = new Set(['PreconditionFailed', 'ConditionalRequestConflict']);

export function s3OrgStore(client: S3Client, bucket: string): OrgStore {
  return {
    read: (key) =>
      unlessAbsent(async () => {
        const { Body, ETag } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
        return { text: await Body!.transformToString(), etag: ETag! };
      }),
    has: async (key) =>
      (await unlessAbsent(() => client.send(new HeadObjectCommand({ Bucket: bucket, Key: key })))) !== undefined,
    async writtenAt(key) {
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: key }));
      return Contents.find(({ Key }) => Key === key)?.LastModified;
    },
    async write(key, body, former) {
      try {
        const contentType = key.endsWith('.json') ? 'application/json' : 'application/zip';
        await client.send(
          new PutObjectCommand({
            Bucket: bucket,
            Key: key,
            Body: body,
            ContentType: contentType,
            ...(former === undefined ? { IfNoneMatch: '*' } : { IfMatch: former }),
          }),
        );
      } catch (error) {
        if (LOST_RACE.has((error as Error).name))
          throw new Error(`${key} in ${bucket} was written by somebody else just now; run the command again`);
        throw error;
      }
    },
    async keys(prefix) {
      const keys: string[] = [];
      for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix }))
        keys.push(...Contents.map(({ Key = '' }) => Key));
      return keys;
    },
    remove: async (key) => void (await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }))),
  };
}

async function unlessAbsent<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (ABSENT.has((error as Error).name)) return undefined;
    throw error;
  }
}
