/** Tags that parse and say what cannot be so: whoever may tag a secret can write any date, and none is believed beyond reason. */
import { hoursToMs } from '../time';
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

/** Clocks of functions differ by less. What is repaired for no reason may lose a date that was promised; so much delays little. */
const SLACK_MS = hoursToMs(5);

/** A date that was announced stays when the roster comes to ask for less; one beyond this is nobody's. */
const LONGEST_ANNOUNCED_HOURS = 30 * 24;

/** How far ahead of now a tag may be; everything else on the ledger has happened. */
const aheadMs = ({ announceFirstRotationHours = 0 }: SliceUser): Readonly<Record<string, number>> => ({
  [TAGS.lease]: LONGEST_LEASE_MS,
  [TAGS.offboarding]: Infinity,
  [TAGS.announced]: hoursToMs(Math.max(announceFirstRotationHours, LONGEST_ANNOUNCED_HOURS)),
});

export function unreasonable(
  secret: Secret,
  user: SliceUser,
  now: Date,
  isPossible: (generation: number) => boolean,
): Unreasonable {
  const latest = now.getTime() + SLACK_MS;
  const mayBeAhead = aheadMs(user);
  const retiring = new Map(retirementsOf(secret).map((retirement) => [retirementTagKey(retirement.keyId), retirement]));
  const found: Unreasonable = { tags: {}, promised: {} };
  for (const [key, value] of Object.entries(secret.tags)) {
    if (!key.startsWith(PREFIX)) continue;
    const retirement = retiring.get(key);
    const happened = retirement ? [retirement.since, retirement.warnedAt, retirement.owing] : instantsIn(value);
    const isAhead = happened.some((at) => at !== undefined && at.getTime() > latest + (mayBeAhead[key] ?? 0));
    const isTooNew = key === TAGS.generation && !isPossible(Number(value));
    if (isAhead || isTooNew) found.tags[key] = value;
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
