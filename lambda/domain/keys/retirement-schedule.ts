/** When a key on its way out is warned of, deactivated and deleted: decided here, done in retire-keys.ts. */
import { hoursToMs } from '../time';
import { isQuiet, quietAt } from './quiet';
import type { Retirement } from '../ledger/retirements';
import type { AccessKey, LastUse } from '../ports';
import type { SliceUser } from '../../contract/slice';

export type RetirementStep =
  | { readonly kind: 'wait'; readonly until: Date }
  | { readonly kind: 'warn'; readonly warnings: number }
  /** Time is over but the key is still used; `until` is when it will be quiet if it is not used again. */
  | { readonly kind: 'hold'; readonly until: Date }
  /** The key is held, and its owner has to be sent the date on which that ends. */
  | { readonly kind: 'announce-end'; readonly heldUntil: Date }
  /** That date has come. */
  | { readonly kind: 'end-hold' }
  | { readonly kind: 'deactivate' }
  | { readonly kind: 'delete' }
  /** The key is Inactive and the ledger does not say so yet; `ours`, when it was about to be deactivated by us. */
  | { readonly kind: 'confirm-inactive'; readonly ours: boolean }
  /** Somebody who needs the key reactivated it: its time starts again. */
  | { readonly kind: 'start-again' }
  /** The key no longer exists. */
  | { readonly kind: 'forget' };

export function nextRetirementStep(
  retirement: Retirement,
  key: AccessKey | undefined,
  lastUse: LastUse | undefined,
  user: SliceUser,
  now: Date,
): RetirementStep {
  if (!key || !lastUse) return { kind: 'forget' };
  if (retirement.state === 'inactive') return ofInactive(retirement, key, lastUse, user, now);
  if (key.status !== 'Active') return { kind: 'confirm-inactive', ours: retirement.state === 'deactivating' };
  return now < activeUntil(retirement, user)
    ? beforeItsTime(retirement, key, lastUse, user, now)
    : afterItsTime(retirement, key, lastUse, user, now);
}

type Promised = Pick<Retirement, 'since' | 'until'>;

/** The previous key is not deactivated before this instant: a roster that says less than was promised comes too late for it. */
export const activeUntil = ({ since, until }: Promised, user: SliceUser): Date =>
  latest(since, user.keepPreviousForHours, until);

/** A deactivated key is not deleted before this instant. */
export const inactiveUntil = ({ since, until }: Promised, user: SliceUser): Date =>
  latest(since, user.deleteInactiveAfterHours, until);

const latest = (since: Date, hours: number, until = since): Date =>
  new Date(Math.max(since.getTime() + hoursToMs(hours), until.getTime()));

/** A retirement that begins, of a key that works or that somebody deactivated before. */
export function beginRetirement(
  keyId: string,
  user: SliceUser,
  since: Date,
  replacedBy: string,
  works = true,
): Retirement {
  const until = (works ? activeUntil : inactiveUntil)({ since }, user);
  return { keyId, state: works ? 'active' : 'inactive', since, until, warnings: 0, replacedBy };
}

/** The same from now on, and not before the date that its owner was promised. */
export function beginAgain(
  { keyId, replacedBy, until }: Pick<Retirement, 'keyId' | 'replacedBy' | 'until'>,
  user: SliceUser,
  since: Date,
  works = true,
): Retirement {
  const again = beginRetirement(keyId, user, since, replacedBy, works);
  return until && until > again.until! ? { ...again, until } : again;
}

/** A warning's point has passed while the key was not used: a use before its time is over is warned of at once. */
export function awaitsUse(retirement: Retirement, user: SliceUser, now: Date): boolean {
  return (
    retirement.state === 'active' &&
    now < activeUntil(retirement, user) &&
    warningPoints(retirement, user).filter((at) => at <= now).length > retirement.warnings
  );
}

function ofInactive(
  retirement: Retirement,
  key: AccessKey,
  lastUse: LastUse,
  user: SliceUser,
  now: Date,
): RetirementStep {
  if (key.status === 'Active') return { kind: 'start-again' };
  const until = inactiveUntil(retirement, user);
  if (now < until) return { kind: 'wait', until };
  return isQuiet(key, lastUse, user.quietForHours, now)
    ? { kind: 'delete' }
    : { kind: 'hold', until: quietAt(key, lastUse, user.quietForHours) };
}

function beforeItsTime(
  retirement: Retirement,
  key: AccessKey,
  lastUse: LastUse,
  user: SliceUser,
  now: Date,
): RetirementStep {
  const points = warningPoints(retirement, user);
  const passed = points.filter((at) => at <= now).length;
  const stillUsed =
    lastUse.used &&
    lastUse.at > retirement.since &&
    !(isFetch(lastUse) && isQuiet(key, lastUse, user.quietForHours, now));
  if (passed > retirement.warnings && stillUsed) return { kind: 'warn', warnings: passed };
  return { kind: 'wait', until: points.find((at) => at > now) ?? activeUntil(retirement, user) };
}

/** What an owner does last with an old key: it reads the secret for the new one. */
const isFetch = (lastUse: LastUse): boolean => lastUse.used && lastUse.service === 'secretsmanager';

/** At half time, and the day before when that is later. */
function warningPoints(retirement: Retirement, user: SliceUser): Date[] {
  const end = activeUntil(retirement, user).getTime();
  const half = retirement.since.getTime() + hoursToMs(user.keepPreviousForHours) / 2;
  const dayBefore = end - hoursToMs(24);
  return [half, ...(dayBefore > half ? [dayBefore] : [])].map((at) => new Date(at));
}

function afterItsTime(
  retirement: Retirement,
  key: AccessKey,
  lastUse: LastUse,
  user: SliceUser,
  now: Date,
): RetirementStep {
  if (isQuiet(key, lastUse, user.quietForHours, now) || user.whenStillUsed === 'deactivate')
    return { kind: 'deactivate' };
  const last = warningPoints(retirement, user).length + 1;
  if (retirement.warnings < last && lastUse.used && lastUse.at > retirement.since)
    return user.holdAtMostHours === undefined ? { kind: 'warn', warnings: last } : announceEnd(user, now);
  return whileHeld(retirement, user, quietAt(key, lastUse, user.quietForHours), now);
}

const announceEnd = ({ holdAtMostHours = 0 }: SliceUser, now: Date): RetirementStep => ({
  kind: 'announce-end',
  heldUntil: new Date(now.getTime() + hoursToMs(holdAtMostHours)),
});

/** A roster that says less than was announced comes too late for this key, and one that says nothing takes the date back. */
function whileHeld(retirement: Retirement, user: SliceUser, quiet: Date, now: Date): RetirementStep {
  if (user.holdAtMostHours === undefined) return { kind: 'hold', until: quiet };
  if (!retirement.heldUntil) return announceEnd(user, now);
  const end = holdEnd({ ...retirement, heldUntil: retirement.heldUntil }, user);
  return now < end ? { kind: 'hold', until: quiet < end ? quiet : end } : { kind: 'end-hold' };
}

/** When a key that is held is deactivated all the same. */
export const holdEnd = (
  { heldUntil, warnedAt }: { readonly heldUntil: Date; readonly warnedAt?: Date | undefined },
  { holdAtMostHours = 0 }: SliceUser,
): Date => new Date(Math.max(heldUntil.getTime(), warnedAt ? warnedAt.getTime() + hoursToMs(holdAtMostHours) : 0));
