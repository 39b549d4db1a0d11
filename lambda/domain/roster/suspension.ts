/** When a user's rotations rest: exempt, retired, being released, or in a freeze. */
import {
  BEFORE_FREEZE_MS,
  DAY_MS,
  endOfDay,
  frozenUntil as endOfFreeze,
  isExempt as isExemptOn,
} from '../../contract/freezes-and-exemptions';
import type { RosterSlice, SliceUser } from '../../contract/slice';

interface Standing {
  readonly slice: RosterSlice;
  readonly user: SliceUser;
  readonly now: Date;
}

/** Admins are notified of an exemption's end so long before it. */
const EXEMPTION_NOTICE_MS = 14 * DAY_MS;

/** Neither rotated nor adopted, by the roster's word. */
export const isSuspended = (standing: Standing): boolean => isExempt(standing) || endsHere(standing);

/** The user retires, or its account is being released: no new key is made, not even in an emergency. */
export const endsHere = ({ user, slice }: Pick<Standing, 'user' | 'slice'>): boolean =>
  user.state === 'retired' || slice.state === 'leaving';

export const isExempt = ({ user, now }: Pick<Standing, 'user' | 'now'>): boolean => isExemptOn(user, now);

/** From when on the exemption's end is reported. */
export const exemptionNotice = (until: string): Date => new Date(endOfDay(until).getTime() - EXEMPTION_NOTICE_MS);

/** The end of the freeze that is on, or about to begin. */
export const frozenUntil = ({ slice, now }: Pick<Standing, 'slice' | 'now'>): Date | undefined =>
  endOfFreeze(slice.limits, now);

/** The end of the last freeze; the beginning of time without one. */
export function thawedAt({ slice, now }: Pick<Standing, 'slice' | 'now'>): Date {
  const ends = slice.limits.freeze.map(({ to }) => endOfDay(to).getTime()).filter((at) => at <= now.getTime());
  return new Date(Math.max(0, ...ends));
}

/** When the next freeze calls rotations off. */
export function nextFreeze({ slice, now }: Pick<Standing, 'slice' | 'now'>): Date | undefined {
  const starts = slice.limits.freeze
    .map(({ from }) => Date.parse(from) - BEFORE_FREEZE_MS)
    .filter((at) => at > now.getTime());
  return starts.length > 0 ? new Date(Math.min(...starts)) : undefined;
}
