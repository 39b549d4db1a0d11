import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { slicePath } from '../contract';
import { RotationError } from '../domain/errors';
import type { Roster } from '../domain/ports';
import type { RosterSlice } from '../domain/slice';

/**
 * This account's slice in the org bucket. Reads are conditional: an unchanged slice costs one small answer.
 * A newer schema version is refused, so that a function never acts on what it does not understand.
 */
export function s3Roster(client: S3Client, bucket: string, accountId: string): Roster {
  let cached: { etag: string | undefined; slice: RosterSlice } | undefined;
  return {
    async read() {
      try {
        const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key: slicePath(accountId), IfNoneMatch: cached?.etag }));
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

/** @throws RotationError SLICE_INVALID; the message quotes nothing */
export function parseSlice(text: string): RosterSlice {
  let slice: Partial<RosterSlice>;
  try {
    slice = JSON.parse(text) as Partial<RosterSlice>;
  } catch {
    throw invalid('it is not JSON');
  }
  if (typeof slice !== 'object' || slice === null) throw invalid('it is not an object');
  if (slice.schemaVersion !== 1) throw invalid(`its schema version is ${JSON.stringify(slice.schemaVersion)?.slice(0, 20)}, not 1`);
  if (typeof slice.generation !== 'number' || !Array.isArray(slice.users) || typeof slice.accountId !== 'string' || !slice.limits) throw invalid('it lacks a member');
  return slice as RosterSlice;
}

function invalid(found: string): RotationError {
  return new RotationError('SLICE_INVALID', `the published roster of this account cannot be read: ${found}`, 'publish the roster again; nothing is changed until then');
}

function isNotModified(error: unknown): boolean {
  return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode === 304;
}
