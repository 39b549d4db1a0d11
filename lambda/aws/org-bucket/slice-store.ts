import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { slicePath, type OwnedBucket } from '../../contract/names';
import type { Roster } from '../../domain/ports';
import type { RosterSlice } from '../../contract/slice';
import { parseSlice } from '../../domain/roster/parse-slice';

/**
 * This account's slice in the org bucket. Reads are conditional: an unchanged slice costs one small answer.
 * A newer schema version is refused, so that a function never acts on what it does not understand.
 */
export function s3Roster(client: S3Client, bucket: OwnedBucket, accountId: string): Roster {
  let cached: { etag: string | undefined; slice: RosterSlice } | undefined;
  return {
    async read() {
      try {
        const answer = await client.send(
          new GetObjectCommand({ ...bucket, Key: slicePath(accountId), IfNoneMatch: cached?.etag }),
        );
        cached = { etag: answer.ETag, slice: parseSlice(await answer.Body!.transformToString()) };
        return cached.slice;
      } catch (error) {
        if (isNotModified(error)) return cached?.slice;
        if (isAbsent(error)) return undefined;
        throw error;
      }
    },
  };
}

/**
 * To whom S3 does not show the bucket's list it says 403 of a missing object. No slice changes nothing, and is reported
 * where one was applied before, so a refusal may count as one.
 */
function isAbsent(error: unknown): boolean {
  const { name, $metadata } = error as { name: string; $metadata?: { httpStatusCode?: number } };
  return name === 'NoSuchKey' || $metadata?.httpStatusCode === 403;
}

function isNotModified(error: unknown): boolean {
  return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode === 304;
}
