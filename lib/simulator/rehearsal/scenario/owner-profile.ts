import { SeededDraw } from './seeded-draw';

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

/** The profile of one user; `mustHaveKey` for users who will never get one from the product. */
export function drawOwnerProfile(
  seed: number,
  accountId: string,
  userName: string,
  mustHaveKey: boolean,
): OwnerProfile {
  const draw = new SeededDraw(seed, 'profile', accountId, userName);
  const temper = draw.oneOf<Temper>({ prompt: 5, steady: 3, slow: 2 });
  return {
    workMinute: draw.between(7 * 60, 19 * 60),
    temper,
    switchDelayMs: () => drawDelay(draw, temper),
    existingKeys: drawExistingKeys(draw, mustHaveKey),
  };
}

function drawDelay(draw: SeededDraw, temper: Temper): number {
  switch (temper) {
    case 'prompt':
      return draw.between(5, 8 * 60) * MINUTE_MS;
    case 'steady':
      return draw.between(1, 4) * DAY_MS + draw.between(0, 600) * MINUTE_MS;
    case 'slow':
      return draw.between(8, 15) * DAY_MS + draw.between(0, 600) * MINUTE_MS;
  }
}

function drawExistingKeys(draw: SeededDraw, mustHaveKey: boolean): readonly ExistingKey[] {
  const kind = draw.oneOf({ none: mustHaveKey ? 0 : 2, one: 4, unusedSecond: 2, usedSecond: 1 });
  const owners: ExistingKey = { ageDays: draw.between(30, 700), use: { by: 'owner' } };
  switch (kind) {
    case 'none':
      return [];
    case 'one':
      return [owners];
    case 'unusedSecond':
      return [owners, { ageDays: draw.between(200, 1500), use: { by: 'nobody' } }];
    case 'usedSecond':
      return [
        owners,
        { ageDays: draw.between(200, 1500), use: { by: 'forgotten script', untilDay: draw.between(6, 20) } },
      ];
  }
}
