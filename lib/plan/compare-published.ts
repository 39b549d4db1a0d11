import { PUBLISHED_PATH, reportPath } from '../../lambda/contract/names';
import { parsePublished } from '../org-bucket/published-roster';
import { readReport } from '../org-bucket/report';
import type { OrgStore, StoredText } from '../org-bucket/store';
import type { Roster } from '../roster/roster';
import { planOf, type Plan } from './plan';

export interface Comparison {
  readonly plan: Plan;
  /** ETag of what was compared with; undefined when nothing was published yet. */
  readonly base?: string;
}

/**
 * The plan from what was published last. A bucket or an object that is not there yet counts as an empty roster;
 * anything that cannot be read is an error, never an empty one.
 */
export async function comparePublished(to: Roster, store: OrgStore, now: Date): Promise<Comparison> {
  const published = await store.read(PUBLISHED_PATH);
  return { plan: await planAfter(published, to, store, now), ...(published && { base: published.etag }) };
}

/** @param published the roster that was published last, as it was read */
export async function planAfter(
  published: StoredText | undefined,
  to: Roster,
  store: OrgStore,
  now: Date,
): Promise<Plan> {
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
