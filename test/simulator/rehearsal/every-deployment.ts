import { loadRoster } from '../../../lib/roster/load';
import type { Roster } from '../../../lib/roster/roster';
import { rehearse, type Rehearsal, type RehearsalOptions } from '../../../lib/simulator/rehearsal/rehearsal';
import { assembled } from '../../assembled';
import { ROSTERS } from '../../fixtures/rosters';

export const START = new Date('2027-01-04T00:00:00Z');
/** Draws owners of whom none has two keys from before: nobody waits for room. */
const SEED = 1;
export const roster = loadRoster(ROSTERS.everyDeployment, { at: START }).roster!;

export const changed = (change: (account: Roster['accounts'][number]) => Roster['accounts'][number]): Roster => ({
  ...roster,
  accounts: roster.accounts.map(change),
});

export const play = (options: Pick<RehearsalOptions, 'days'> & Partial<RehearsalOptions>): Promise<Rehearsal> =>
  rehearse({ roster, assembly: assembled(roster), start: START, seed: SEED, ...options });
