import { loadRoster } from '../../../lib/roster/load';
import type { Roster } from '../../../lib/roster/roster';
import { ROSTERS } from '../../fixtures/rosters';

export const START = new Date('2027-01-04T00:00:00Z');
/** Draws owners of whom none has two keys from before: nobody waits for room. */
export const SEED = 1;
export const roster = loadRoster(ROSTERS.everyDeployment, { at: START }).roster!;

export const changed = (change: (account: Roster['accounts'][number]) => Roster['accounts'][number]): Roster => ({
  ...roster,
  accounts: roster.accounts.map(change),
});
