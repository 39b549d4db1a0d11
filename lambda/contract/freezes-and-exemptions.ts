/** Days and instants as the roster means them: the functions, the plan and the pipeline go by the same rules. */
import type { SliceLimits, SliceUser } from './slice';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** Calendar date in UTC, as the roster writes it. */
export const calendarDate = (at: Date): string => at.toISOString().slice(0, 10);

/** Rotations are called off a little before a freeze begins, because Secrets Manager starts them at any instant of a day. */
export const BEFORE_FREEZE_MS = 15 * MINUTE_MS;

/** The first instant after a calendar date. */
export const endOfDay = (date: string): Date => new Date(Date.parse(date) + DAY_MS);

/** The last day of an exemption is inclusive. */
export const isExempt = ({ exempt }: Pick<SliceUser, 'exempt'>, now: Date): boolean =>
  exempt !== undefined && calendarDate(now) <= exempt.until;

/** The end of the freeze that is on, or about to begin. */
export function frozenUntil({ freeze }: Pick<SliceLimits, 'freeze'>, now: Date): Date | undefined {
  const [today, soon] = [calendarDate(now), calendarDate(new Date(now.getTime() + BEFORE_FREEZE_MS))];
  const ends = freeze.filter(({ from, to }) => from <= soon && today <= to).map(({ to }) => endOfDay(to).getTime());
  return ends.length > 0 ? new Date(Math.max(...ends)) : undefined;
}
