/** What may not be deployed in one push, and what cannot be told where there are no reports. */
import type { Roster } from '../roster/roster';
import { byId } from './changes';

/** What no acknowledgement lets through, with the pushes that get there. */
export interface Refusal {
  readonly kind: 'canary-flipped' | 'account-not-released';
  readonly accountId: string;
  readonly reason: string;
  readonly steps: readonly string[];
}

export interface Unchecked {
  readonly kind: 'account-released';
  readonly accountId: string;
  readonly reason: string;
}

/** Whether an account said in its report that nothing of it is rotated any more; undefined where there are no reports. */
export type Released = (accountId: string) => boolean | undefined;

/** An account in both StackSets at once would have its stack deleted by one while the other makes it. */
export function refusalsOf(from: Roster | undefined, to: Roster, released: Released): readonly Refusal[] {
  const after = byId(to.accounts);
  return (from?.accounts ?? []).flatMap((account): Refusal[] => {
    const { id } = account;
    const next = after.get(id);
    if (next && next.canary !== account.canary && next.deployment === 'stackset' && account.deployment === 'stackset') {
      return [
        {
          kind: 'canary-flipped',
          accountId: id,
          reason: `account ${id} would go from one StackSet to the other in one push, and each would undo the other`,
          steps: [
            'push the account with deployment: manual, which removes its stack; do not deploy it manually; its rotations wait meanwhile',
            `push it with canary: ${next.canary} and without deployment`,
          ],
        },
      ];
    }
    if (!next && (account.state !== 'leaving' || released(id) === false)) {
      return [
        {
          kind: 'account-not-released',
          accountId: id,
          reason: `account ${id} would lose its functions while its users are still rotated`,
          steps: [
            'push the account with state: leaving, and wait until its report says released',
            'push the roster without it',
          ],
        },
      ];
    }
    return [];
  });
}

/** Accounts that were leaving and are gone now, of which no report is at hand. */
export function uncheckedOf(from: Roster | undefined, to: Roster, released: Released): readonly Unchecked[] {
  const after = byId(to.accounts);
  const gone = (from?.accounts ?? []).filter(
    ({ id, state }) => !after.has(id) && state === 'leaving' && released(id) === undefined,
  );
  return gone.map(({ id }) => ({
    kind: 'account-released',
    accountId: id,
    reason: `whether the report of account ${id} says released is unknown here; the pipeline checks the report`,
  }));
}
