import type { S3Client } from '@aws-sdk/client-s3';
import { PUBLISHED_PATH, reportPath } from '../../lambda/contract/names';
import { readReport } from '../org-bucket/report';
import { orgStoreOf } from '../org-bucket/store';
import type { Roster } from '../roster/roster';
import { planOf, type Plan } from './plan';
import { parsePublished } from '../org-bucket/published-roster';

/**
 * The plan from what was published last. A bucket or an object that is not there yet counts as an empty roster;
 * anything that cannot be read is an error, never an empty one.
 */
export async function comparePublished(to: Roster, client: S3Client, now: Date): Promise<Plan> {
  const store = orgStoreOf(to, client);
  const published = await store.read(PUBLISHED_PATH);
  const from = published && parsePublished(published.text).roster;
  const wanted = new Set(to.accounts.map(({ id }) => id));
  const released = new Set<string>();
  for (const { id } of from?.accounts ?? []) {
    const report = wanted.has(id) ? undefined : await store.read(reportPath(id));
    if (report && isReleased(report.text, id)) released.add(id);
  }
  return planOf(from, to, (accountId) => released.has(accountId), now);
}

/** A report that cannot be read releases nothing. */
export function isReleased(text: string, accountId: string): boolean {
  try {
    return readReport(text, accountId).released === true;
  } catch {
    return false;
  }
}
