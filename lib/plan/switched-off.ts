/** Changes that leave every user in the roster and yet end rotation: no key is replaced for more than a year. */
import type { SliceUser } from '../../lambda/contract/slice';
import type { Roster } from '../roster/roster';
import { BUILT_IN, hoursOf } from '../roster/settings';
import { printExemption, printFreeze, printHours } from './changes';
import type { Danger } from './dangers';

const YEAR_HOURS = 365 * 24;

type Window = Roster['limits']['freeze'][number];

/** A user who is new is judged by the built-in settings: they may have been taken out before. */
export function switchedOff(
  accountId: string,
  before: SliceUser | undefined,
  after: SliceUser,
  today: string,
): Danger[] {
  const place = { accountId, userName: after.name };
  const longer = (field: 'rotateEvery' | 'keepPreviousFor' | 'announceFirstRotation', effect: string): Danger[] => {
    const [from, to] = [
      before ? (before[`${field}Hours`] ?? 0) : hoursOf(BUILT_IN[field])!,
      after[`${field}Hours`] ?? 0,
    ];
    if (to <= YEAR_HOURS || to <= from) return [];
    return [
      { kind: 'rotation-off', ...place, from: printHours(from), to: printHours(to), reason: `${field}: ${effect}` },
    ];
  };
  return [
    ...longer('rotateEvery', 'no key is replaced for more than a year'),
    ...longer('keepPreviousFor', 'the previous key keeps working for more than a year'),
    ...longer('announceFirstRotation', 'no key is rotated for the first time for more than a year'),
    ...longExemption(place, before, after, today),
  ];
}

function longExemption(
  place: { readonly accountId: string; readonly userName: string },
  before: SliceUser | undefined,
  { exempt }: SliceUser,
  today: string,
): Danger[] {
  if (!exempt || exempt.until <= yearAfter(today) || exempt.until <= (before?.exempt?.until ?? '')) return [];
  const from = printExemption(before?.exempt) ?? 'none';
  return [
    {
      kind: 'rotation-off',
      ...place,
      from,
      to: printExemption(exempt)!,
      reason: 'exempt: no key is replaced for more than a year',
    },
  ];
}

/** Days to come that are frozen without a break, for longer than a year and for longer than before. */
export function longFreeze(before: readonly Window[], after: readonly Window[], today: string): Danger[] {
  const [former, latter] = [longestRun(before, today), longestRun(after, today)];
  if (!latter || latter.to <= yearAfter(latter.from) || daysOf(latter) <= (former ? daysOf(former) : 0)) return [];
  return [
    {
      kind: 'rotation-off',
      from: printFreeze(before) ?? 'none',
      to: printFreeze(after)!,
      reason: 'limits.freeze: no key is replaced for more than a year',
    },
  ];
}

/** Windows with less than a week between them are one: in so short a break few keys have their turn. */
function longestRun(windows: readonly Window[], today: string): Window | undefined {
  const runs: { from: string; to: string }[] = [];
  const coming = windows
    .filter(({ to }) => to >= today)
    .map(({ from, to }) => ({ from: from > today ? from : today, to }));
  for (const { from, to } of coming.sort((a, b) => (a.from < b.from ? -1 : 1))) {
    const last = runs.at(-1);
    if (last && from <= weekAfter(last.to)) last.to = to > last.to ? to : last.to;
    else runs.push({ from, to });
  }
  return runs.sort((a, b) => daysOf(b) - daysOf(a))[0];
}

const DAY_MS = 86_400_000;

const daysOf = ({ from, to }: Window): number => (Date.parse(to) - Date.parse(from)) / DAY_MS;
const weekAfter = (day: string): string => new Date(Date.parse(day) + 7 * DAY_MS).toISOString().slice(0, 10);
const yearAfter = (day: string): string => `${Number(day.slice(0, 4)) + 1}${day.slice(4)}`;
