import type { SliceUser } from '../../contract/slice';
import type { AccessKey } from '../ports';
import { DAY_MS, HOUR_MS, hoursToMs } from '../time';

/** Secrets Manager rotates within a day of the date, or within an hour for periods in hours. */
const WINDOW_MS = { days: DAY_MS, hours: HOUR_MS } as const;

export function scheduleOf({ rotateEveryHours }: SliceUser): string {
  const days = rotateEveryHours / 24;
  const [count, unit] = Number.isInteger(days) ? [days, 'day'] : [rotateEveryHours, 'hour'];
  return `rate(${count} ${unit}${count === 1 ? '' : 's'})`;
}

/** When Secrets Manager should have rotated the key by; manual puts move AWS's own date, so it is told by the key's. */
export function rotationDueBy(key: AccessKey, { rotateEveryHours }: SliceUser): Date {
  return new Date(
    key.createdAt.getTime() +
      hoursToMs(rotateEveryHours) +
      (rotateEveryHours % 24 === 0 ? WINDOW_MS.days : WINDOW_MS.hours),
  );
}
