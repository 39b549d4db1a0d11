import { PUBLISHED_PATH } from '../../lambda/contract/names';
import { wasJudged } from '../org-bucket/judged-base';
import { parsePublished, printPublished } from '../org-bucket/published-roster';
import type { OrgStore, StoredText } from '../org-bucket/store';
import { planAfter } from '../plan/compare-published';
import { stopReason } from '../plan/plan';
import { canaries, others } from '../roster/canaries';
import type { Roster } from '../roster/roster';
import { memberCode } from '../stacks/member/member-code';
import { publishCode } from './publish-code';
import { publishSlices, removeSlices } from './publish-slices';

export interface Publication {
  /** Keys of code objects that were not there before. */
  readonly code: readonly string[];
  /** Accounts whose slice was written. */
  readonly written: readonly string[];
  readonly unchanged: number;
  /** Accounts that the roster no longer has. */
  readonly removed: readonly string[];
}

export type PublicationPart = 'code' | 'canary' | 'fleet' | 'all';

/**
 * One step of the pipeline, or all of them in its order. Repeating it writes nothing. The whole roster is written last,
 * when all accounts were told: until then the guard compares with the one before.
 * @throws Error, before anything is written, when the published roster is neither what the guard compared this one with
 * nor this one, and this one is dangerous compared with it; and when somebody else publishes at the same time
 */
export async function publish(part: PublicationPart, roster: Roster, store: OrgStore, now: Date): Promise<Publication> {
  const does = (step: PublicationPart): boolean => part === step || part === 'all';
  const former = part === 'code' ? undefined : await acceptedBase(roster, store, now);
  const code = does('code') && roster.organization ? await publishCode(memberCode(), store) : [];
  const accounts = [...(does('canary') ? canaries(roster) : []), ...(does('fleet') ? others(roster) : [])];
  const slices = await publishSlices(roster, accounts, store, now);
  if (!does('fleet')) return { code, ...slices, removed: [] };
  const removed = await removeSlices(roster, store);
  if (former && isResult(former, roster)) return { code, ...slices, removed };
  const generation = (former ? parsePublished(former.text).generation : 0) + 1;
  await store.write(PUBLISHED_PATH, printPublished(roster, generation), former?.etag);
  return { code, ...slices, removed };
}

/**
 * The published roster, once it is certain that this one may follow it. Between the guard and this step lie hours, in
 * which another roster may have been published; what was harmless compared with the former one may not be so any more.
 * In one account there is no guard, and whoever publishes has read the plan.
 */
async function acceptedBase(roster: Roster, store: OrgStore, now: Date): Promise<StoredText | undefined> {
  const published = await store.read(PUBLISHED_PATH);
  if (!roster.organization || (published && isResult(published, roster))) return published;
  if (await wasJudged(store, roster, published?.etag)) return published;
  const reason = stopReason(await planAfter(published, roster, store, now));
  if (reason === undefined) return published;
  throw new Error(
    `nothing was published, because the guard has not compared this roster with what is published now: ${reason}`,
  );
}

const isResult = ({ text }: StoredText, roster: Roster): boolean =>
  printPublished(roster, parsePublished(text).generation) === text;
