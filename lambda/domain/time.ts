/** Instants as people read them. */
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

/** Calendar date in UTC, as the roster writes it. */
export const calendarDate = (at: Date): string => at.toISOString().slice(0, 10);

export const hoursToMs = (hours: number): number => hours * 3_600_000;
