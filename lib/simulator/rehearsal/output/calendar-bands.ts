/** Spans of a rehearsal in which things are otherwise: freezes, outages, exemptions. */
import { endOfDay } from '../../../../lambda/contract/freezes-and-exemptions';
import type { RosterChange } from '../operations/pushes-and-commands';

export interface Band {
  readonly kind: 'freeze' | 'outage' | 'exemption';
  readonly from: string;
  readonly to: string;
  /** Of an exemption. */
  readonly accountId?: string;
  readonly userName?: string;
}

/** ISO 8601; an absent one is the rehearsal's own. */
export interface Window {
  readonly from?: string;
  readonly to?: string;
}

const DAY_MS = 86_400_000;

/** @param pushes each holds until the next */
export function bandsOf(
  pushes: readonly RosterChange[],
  outages: readonly Window[],
  start: Date,
  end: Date,
): readonly Band[] {
  const pushedAt = (index: number): Date =>
    pushes[index] ? new Date(start.getTime() + pushes[index].day * DAY_MS) : end;
  const ofRosters = pushes.flatMap(({ roster: { limits, accounts } }, index) => {
    const freezes = limits.freeze.map(({ from, to }): Band => ({
      kind: 'freeze',
      from,
      to: endOfDay(to).toISOString(),
    }));
    const exemptions = accounts.flatMap(({ id, users }) =>
      users.flatMap(({ name, exempt }): Band[] =>
        exempt
          ? [
              {
                kind: 'exemption',
                accountId: id,
                userName: name,
                from: start.toISOString(),
                to: endOfDay(exempt.until).toISOString(),
              },
            ]
          : [],
      ),
    );
    return [...freezes, ...exemptions].flatMap((band) => clip(band, pushedAt(index), pushedAt(index + 1)));
  });
  const ofFaults = outages.flatMap(({ from = start.toISOString(), to = end.toISOString() }) =>
    clip({ kind: 'outage', from, to }, start, end),
  );
  return [...ofRosters, ...ofFaults].reduce(join, []);
}

function clip(band: Band, start: Date, end: Date): readonly Band[] {
  const from = Math.max(Date.parse(band.from), start.getTime());
  const to = Math.min(Date.parse(band.to), end.getTime());
  return from < to ? [{ ...band, from: new Date(from).toISOString(), to: new Date(to).toISOString() }] : [];
}

/** What begins where its like ends, or before, goes on. */
function join(bands: readonly Band[], band: Band): readonly Band[] {
  const like = bands.find(
    ({ kind, accountId, userName, from, to }) =>
      kind === band.kind &&
      accountId === band.accountId &&
      userName === band.userName &&
      from <= band.from &&
      band.from <= to,
  );
  return like
    ? bands.map((other) => (other === like ? { ...like, to: like.to > band.to ? like.to : band.to } : other))
    : [...bands, band];
}
