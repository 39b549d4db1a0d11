import type { SliceUser } from '../../contract/slice';
import type { AccessKey } from '../ports';
import { DAY_MS, HOUR_MS, hoursToMs } from '../time';

/** Secrets Manager rotates within a day of the date, or within an hour for periods in hours. */
const WINDOW_MS = { days: DAY_MS, hours: HOUR_MS } as const;

export function scheduleOf({ rotateEveryHours }: Pick<SliceUser, 'rotateEveryHours'>): string {
  const days = rotateEveryHours / 24;
  const [count, unit] = Number.isInteger(days) ? [days, 'day'] : [rotateEveryHours, 'hour'];
  return `rate(${count} ${unit}${count === 1 ? '' : 's'})`;
}

/** Hours of a `rate()` as {@link scheduleOf} writes it; undefined of any other schedule. */
export function hoursOfSchedule(expression: string | undefined): number | undefined {
  const [, count, unit] = /^rate\((\d+) (day|hour)s?\)$/.exec(expression ?? '') ?? [];
  return count === undefined ? undefined : Number(count) * (unit === 'day' ? 24 : 1);
}

/**
 * When Secrets Manager should have rotated the key by; manual puts move AWS's own date, so it is told by the key's.
 * @param movedBackAt when somebody went back to this key: that is not undone because the key is old
 */
export function rotationDueBy(
  key: AccessKey,
  { rotateEveryHours }: Pick<SliceUser, 'rotateEveryHours'>,
  movedBackAt = key.createdAt,
): Date {
  return new Date(
    Math.max(key.createdAt.getTime(), movedBackAt.getTime()) +
      hoursToMs(rotateEveryHours) +
      (rotateEveryHours % 24 === 0 ? WINDOW_MS.days : WINDOW_MS.hours),
  );
}
