/** The code that acknowledges exactly one change, and the one form of a change that it stands for. */
import { createHash } from 'node:crypto';
import type { Roster, RosterAccount } from '../roster/roster';
import { accountPairs, userPairs } from './changes';

/** What differs, by place: `roster/region`, `account/ID`, `account/ID/user/NAME`; null where there is none. */
type Difference = readonly [place: string, before: string | null, after: string | null];

/**
 * Another change, however small, has another code; the acknowledgement itself has no part in it. What was acknowledged
 * when the former roster was published has: a code that was used stays used when its change is taken back and made again.
 * 128 bits: nobody finds a second change with the code of one that was reviewed.
 */
export function acknowledgementCode(from: Roster | undefined, to: Roster): string {
  const change = JSON.stringify([canonicalChange(from, to), [...(from?.acknowledge ?? [])].sort()]);
  return `ack-${createHash('sha256').update(change).digest('hex').slice(0, 32)}`;
}

/**
 * Every difference of two rosters as text, fields that only a later version of the roster knows included; what is
 * acknowledged has no part in it. Lists of the roster have no order, and users are the same whatever the case of their
 * names.
 * @param from undefined when nothing was published yet
 */
function canonicalChange(from: Roster | undefined, to: Roster): string {
  const differences = [
    ...fields(from, to),
    ...accountPairs(from?.accounts ?? [], to.accounts).flatMap(([before, after]) => accountDifferences(before, after)),
  ];
  return JSON.stringify(differences.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function fields(from: Roster | undefined, to: Roster): Difference[] {
  const parts = ({ accounts: _accounts, acknowledge: _acknowledge, ...rest }: Roster): Record<string, unknown> => rest;
  const [before, after] = [from ? parts(from) : {}, parts(to)];
  return Object.keys({ ...before, ...after }).flatMap((field) =>
    difference(`roster/${field}`, before[field], after[field]),
  );
}

function accountDifferences(before: RosterAccount | undefined, after: RosterAccount | undefined): Difference[] {
  const place = `account/${(after ?? before)!.id}`;
  const own = (account: RosterAccount | undefined): object | undefined => account && { ...account, users: undefined };
  return [
    ...difference(place, own(before), own(after)),
    ...userPairs(before, after).flatMap(({ from, to }) =>
      difference(`${place}/user/${(to ?? from)!.name.toLowerCase()}`, from, to),
    ),
  ];
}

function difference(place: string, before: unknown, after: unknown): Difference[] {
  const [from, to] = [canonical(before), canonical(after)];
  return from === to ? [] : [[place, from, to]];
}

const canonical = (value: unknown): string | null => (value === undefined ? null : JSON.stringify(ordered(value)));

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => JSON.stringify(ordered(item))).sort();
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  return entries.map(([name, member]) => [name, ordered(member)]).sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
}
