import { createHash } from 'node:crypto';
import { JUDGED_PATH } from '../../lambda/contract/names';
import type { Roster } from '../roster/roster';
import { printPublished } from './published-roster';
import type { OrgStore } from './store';

/** What the guard compared with, and which roster it let through: the steps that publish take both from here. */
interface JudgedBase {
  readonly schemaVersion: 1;
  /** ETag of the published roster; null when nothing was published yet. */
  readonly base: string | null;
  /** SHA-256 of the roster that was compared. */
  readonly roster: string;
}

/**
 * Before the first deployment there is no bucket to write to; the steps that publish then compare for themselves.
 * @throws Error when another guard wrote at the same time; it may be run again
 */
export async function recordJudgedBase(store: OrgStore, roster: Roster, base: string | undefined): Promise<void> {
  const former = await store.read(JUDGED_PATH);
  const judged: JudgedBase = { schemaVersion: 1, base: base ?? null, roster: digestOf(roster) };
  try {
    await store.write(JUDGED_PATH, `${JSON.stringify(judged)}\n`, former?.etag);
  } catch (error) {
    if ((error as Error).name !== 'NoSuchBucket') throw error;
  }
}

/** Whether the guard let this roster through by comparing it with what is published under this ETag. A record that cannot be read proves nothing. */
export async function wasJudged(store: OrgStore, roster: Roster, base: string | undefined): Promise<boolean> {
  const stored = await store.read(JUDGED_PATH);
  if (!stored) return false;
  try {
    const judged = JSON.parse(stored.text) as Partial<JudgedBase> | null;
    return judged?.schemaVersion === 1 && judged.base === (base ?? null) && judged.roster === digestOf(roster);
  } catch {
    return false;
  }
}

const digestOf = (roster: Roster): string => createHash('sha256').update(printPublished(roster, 0)).digest('hex');
