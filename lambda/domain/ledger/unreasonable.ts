/** Tags that parse and say what cannot be so: whoever may tag a secret can write any date, and none is believed beyond reason. */
import { MINUTE_MS, hoursToMs } from '../time';
import type { Secret } from '../ports';
import type { SliceUser } from '../../contract/slice';
import { LONGEST_LEASE_MS } from './lease';
import { retirementsOf, retirementTagKey } from './retirements';
import { PREFIX, TAGS } from './tags';

export interface Unreasonable {
  /** With what they say. */
  readonly tags: Record<string, string>;
  /** Of retirements, promised dates that the settings of now do not allow: those of before may have. */
  readonly promised: Record<string, string>;
}

/** Clocks of functions differ by less. */
const SLACK_MS = 10 * MINUTE_MS;

/** Everything else on the ledger has happened. */
const AHEAD: readonly string[] = [TAGS.lease, TAGS.offboarding];

export function unreasonable(
  secret: Secret,
  user: SliceUser,
  now: Date,
  isPossible: (generation: number) => boolean,
): Unreasonable {
  const latest = now.getTime() + SLACK_MS;
  const retiring = new Map(retirementsOf(secret).map((retirement) => [retirementTagKey(retirement.keyId), retirement]));
  const found: Unreasonable = { tags: {}, promised: {} };
  for (const [key, value] of Object.entries(secret.tags)) {
    if (!key.startsWith(PREFIX)) continue;
    const retirement = retiring.get(key);
    const happened = retirement ? [retirement.since, retirement.warnedAt, retirement.owing] : instantsIn(value);
    const isAhead = !AHEAD.includes(key) && happened.some((at) => at !== undefined && at.getTime() > latest);
    const isTooLong = key === TAGS.lease && Date.parse(value) > now.getTime() + LONGEST_LEASE_MS;
    const isTooNew = key === TAGS.generation && !isPossible(Number(value));
    if (isAhead || isTooLong || isTooNew) found.tags[key] = value;
    const promises = retirement ? [retirement.until, retirement.heldUntil] : [];
    if (promises.some((at) => at !== undefined && at.getTime() > latest + longestPromiseMs(user)))
      found.promised[key] = value;
  }
  return found;
}

const longestPromiseMs = ({ keepPreviousForHours, deleteInactiveAfterHours, holdAtMostHours = 0 }: SliceUser): number =>
  hoursToMs(Math.max(keepPreviousForHours, deleteInactiveAfterHours, holdAtMostHours));

const instantsIn = (value: string): Date[] =>
  (value.match(/\d{4}-\d{2}-\d{2}T[\d:.]+Z/g) ?? []).map((instant) => new Date(instant));
