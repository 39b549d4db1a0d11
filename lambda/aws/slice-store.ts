import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { slicePath } from '../contract/names';
import type { Roster } from '../domain/ports';
import type { RosterSlice } from '../contract/slice';
import { parseSlice } from '../domain/roster/parse-slice';

/**
 * This account's slice in the org bucket. Reads are conditional: an unchanged slice costs one small answer.
 * A newer schema version is refused, so that a function never acts on what it does not understand.
 */
export function s3Roster(client: S3Client, bucket: string, accountId: string): Roster {
  let cached: { etag: string | undefined; slice: RosterSlice } | undefined;
  return {
    async read() {
      try {
        const answer = await client.send(
          new GetObjectCommand({ Bucket: bucket, Key: slicePath(accountId), IfNoneMatch: cached?.etag }),
        );
        cached = { etag: answer.ETag, slice: parseSlice(await answer.Body!.transformToString()) };
        return cached.slice;
      } catch (error) {
        if (isNotModified(error)) return cached?.slice;
        if ((error as Error).name === 'NoSuchKey') return undefined;
        throw error;
      }
    },
  };
}

function isNotModified(error: unknown): boolean {
  return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode === 304;
}
