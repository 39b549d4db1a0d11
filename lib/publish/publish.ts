import type { S3Client } from '@aws-sdk/client-s3';
import { PUBLISHED_PATH } from '../../lambda/contract/names';
import { memberCode } from '../stacks/member/member-code';
import { parsePublished, printPublished } from '../org-bucket/published-roster';
import type { Roster } from '../roster/roster';
import { canaries, others } from '../roster/canaries';
import { publishCode } from './code';
import { orgStoreOf } from '../org-bucket/store';
import { publishSlices, removeSlices } from './slices';

export interface Publication {
  /** Keys of code objects that were not there before. */
  readonly code: readonly string[];
  /** Accounts whose slice was written. */
  readonly written: readonly string[];
  readonly unchanged: number;
  /** Accounts that the roster no longer has. */
  readonly removed: readonly string[];
}

/**
 * One step of the pipeline, or all of them in its order. Repeating it writes nothing. The whole roster is written last,
 * when all accounts were told: until then the guard compares with the one before.
 */
export async function publish(
  part: 'code' | 'canary' | 'fleet' | 'all',
  roster: Roster,
  client: S3Client,
  now: Date,
): Promise<Publication> {
  const store = orgStoreOf(roster, client);
  const does = (step: typeof part): boolean => part === step || part === 'all';
  const code = does('code') && roster.organization ? await publishCode(memberCode(), store) : [];
  const accounts = [...(does('canary') ? canaries(roster) : []), ...(does('fleet') ? others(roster) : [])];
  const slices = await publishSlices(roster, accounts, store, now);
  if (!does('fleet')) return { code, ...slices, removed: [] };
  const removed = await removeSlices(roster, store);
  const former = await store.read(PUBLISHED_PATH);
  const generation = (former ? parsePublished(former.text).generation : 0) + 1;
  const text = printPublished(roster, generation);
  if (former && printPublished(roster, generation - 1) === former.text) return { code, ...slices, removed };
  await store.write(PUBLISHED_PATH, text, former?.etag);
  return { code, ...slices, removed };
}
