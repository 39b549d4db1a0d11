import { between, oneOf, seededRandom, type Random } from '../../local-organization/random';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** How one user's owner lives, and which keys the user had before the product came. Drawn from the seed. */
export interface OwnerProfile {
  /** Minute of the UTC day at which the owner works, every day. */
  readonly workMinute: number;
  /** From the notice about a new key to the switch; drawn anew for each notice. */
  switchDelayMs(): number;
  readonly temper: Temper;
  /** The owner's last day of work; absent: works to the end. */
  readonly worksUntilDay?: number;
  /** The first is the one the owner works with. */
  readonly existingKeys: readonly ExistingKey[];
}

/** `slow` owners switch after the previous key's time is usually up. */
export type Temper = 'prompt' | 'steady' | 'slow';

export interface ExistingKey {
  readonly ageDays: number;
  /** `forgotten script`: something uses the key daily until that day of the rehearsal. */
  readonly use:
    | { readonly by: 'owner' }
    | { readonly by: 'forgotten script'; readonly untilDay: number }
    | { readonly by: 'nobody' };
}

/**
 * The profile of one user, drawn from a stream of its own, so that one more user in the roster leaves all others as
 * they were; `mustHaveKey` for users who will never get one from the product.
 */
export function drawOwnerProfile(
  seed: number,
  accountId: string,
  userName: string,
  mustHaveKey: boolean,
): OwnerProfile {
  const random = seededRandom(`owner ${seed} ${accountId} ${userName}`);
  const temper = oneOf<Temper>(random, { prompt: 5, steady: 3, slow: 2 });
  return {
    workMinute: between(random, 7 * 60, 19 * 60),
    temper,
    switchDelayMs: () => drawDelay(random, temper),
    existingKeys: drawExistingKeys(random, mustHaveKey),
  };
}

function drawDelay(random: Random, temper: Temper): number {
  switch (temper) {
    case 'prompt':
      return between(random, 5, 8 * 60) * MINUTE_MS;
    case 'steady':
      return between(random, 1, 4) * DAY_MS + between(random, 0, 600) * MINUTE_MS;
    case 'slow':
      return between(random, 8, 15) * DAY_MS + between(random, 0, 600) * MINUTE_MS;
  }
}

function drawExistingKeys(random: Random, mustHaveKey: boolean): readonly ExistingKey[] {
  const kind = oneOf(random, { none: mustHaveKey ? 0 : 2, one: 4, unusedSecond: 2, usedSecond: 1 });
  const owners: ExistingKey = { ageDays: between(random, 30, 700), use: { by: 'owner' } };
  switch (kind) {
    case 'none':
      return [];
    case 'one':
      return [owners];
    case 'unusedSecond':
      return [owners, { ageDays: between(random, 200, 1500), use: { by: 'nobody' } }];
    case 'usedSecond':
      return [
        owners,
        { ageDays: between(random, 200, 1500), use: { by: 'forgotten script', untilDay: between(random, 6, 20) } },
      ];
  }
}
