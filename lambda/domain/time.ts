/** Instants as people read them. */
import { HOUR_MS } from '../contract/freezes-and-exemptions';

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

/** `14 March 2026, 09:30 UTC`: one reading everywhere. */
export const inWords = (at: Date): string =>
  `${dayInWords(at)} ${at.getUTCFullYear()}, ${at.toISOString().slice(11, 16)} UTC`;

/** `14 March`, in UTC. */
export const dayInWords = (at: Date): string => `${at.getUTCDate()} ${MONTHS[at.getUTCMonth()]}`;

export { calendarDate, DAY_MS, HOUR_MS, MINUTE_MS } from '../contract/freezes-and-exemptions';

export const hoursToMs = (hours: number): number => hours * HOUR_MS;
