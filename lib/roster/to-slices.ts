import type { RosterSlice } from '../../lambda/contract/slice';
import type { Roster } from './roster';

/**
 * Each account's part of the roster, as its functions read it.
 * @param generation of an account's slice; must grow with every published change of it
 */
export function toSlices(roster: Roster, generation: (accountId: string) => number): RosterSlice[] {
  return roster.accounts.map((account) => ({
    schemaVersion: 1,
    generation: generation(account.id),
    accountId: account.id,
    ...(account.name !== account.id && { accountName: account.name }),
    region: roster.region,
    state: account.state,
    ...(roster.notifications.contact !== undefined && { contact: roster.notifications.contact }),
    userGuard: roster.userGuard,
    limits: { maxFirstRotationsPerRun: roster.limits.maxFirstRotationsPerRun, freeze: roster.limits.freeze },
    breakGlassRoles: account.breakGlassRoles,
    users: account.users,
  }));
}
