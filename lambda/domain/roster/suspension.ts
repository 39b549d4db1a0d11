/** When a user's rotations rest: exempt, ending, being released, or in a freeze. */
import { calendarDate } from '../time';
import type { RosterSlice, SliceUser } from '../../contract/slice';

interface Standing {
  readonly slice: RosterSlice;
  readonly user: SliceUser;
  readonly now: Date;
}

const DAY_MS = 24 * 3_600_000;
/** Rotations are called off a little before a freeze begins, for Secrets Manager starts them at any instant of a day. */
const AHEAD_MS = 15 * 60_000;
/** Admins hear of an exemption's end so long before it. */
const EXEMPTION_NOTICE_MS = 14 * DAY_MS;

/** Neither rotated nor adopted, by the roster's word. */
export const isSuspended = (standing: Standing): boolean => isExempt(standing) || endsHere(standing);

/** The user retires, or its account is being released: no new key is made, not even in an emergency. */
export const endsHere = ({ user, slice }: Pick<Standing, 'user' | 'slice'>): boolean =>
  user.state === 'retired' || slice.state === 'leaving';

export const isExempt = ({ user: { exempt }, now }: Standing): boolean =>
  exempt !== undefined && calendarDate(now) <= exempt.until;

/** The first instant after the exemption: its last day is inclusive. */
export const exemptionEnd = (until: string): Date => new Date(Date.parse(until) + DAY_MS);

/** From when on the exemption's end is told. */
export const exemptionNotice = (until: string): Date => new Date(exemptionEnd(until).getTime() - EXEMPTION_NOTICE_MS);

/** The end of the freeze that is on, or about to begin. */
export function frozenUntil({ slice, now }: Pick<Standing, 'slice' | 'now'>): Date | undefined {
  const [today, soon] = [calendarDate(now), calendarDate(new Date(now.getTime() + AHEAD_MS))];
  const ends = slice.limits.freeze
    .filter(({ from, to }) => from <= soon && today <= to)
    .map(({ to }) => Date.parse(to) + DAY_MS);
  return ends.length > 0 ? new Date(Math.max(...ends)) : undefined;
}

/** The end of the last freeze; the beginning of time without one. */
export function thawedAt({ slice, now }: Pick<Standing, 'slice' | 'now'>): Date {
  return new Date(
    Math.max(0, ...slice.limits.freeze.map(({ to }) => Date.parse(to) + DAY_MS).filter((at) => at <= now.getTime())),
  );
}

/** When the next freeze calls rotations off. */
export function nextFreeze({ slice, now }: Pick<Standing, 'slice' | 'now'>): Date | undefined {
  const starts = slice.limits.freeze.map(({ from }) => Date.parse(from) - AHEAD_MS).filter((at) => at > now.getTime());
  return starts.length > 0 ? new Date(Math.min(...starts)) : undefined;
}
