import type { Roster, RosterAccount } from './roster';

/** The accounts that get every change first: by their own StackSet, and told of their users before all others. */
export const canaries = ({ organization, accounts }: Roster): readonly RosterAccount[] =>
  organization ? accounts.filter(({ canary, deployment }) => canary && deployment === 'stackset') : [];

/** Everybody else, however deployed. */
export function others(roster: Roster): readonly RosterAccount[] {
  const first = new Set(canaries(roster));
  return roster.accounts.filter((account) => !first.has(account));
}
