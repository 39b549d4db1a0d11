/** A user whose keys rotate. */
import type { SliceUser } from '../../../lambda/contract/slice';
import { ANN, World } from '../world';

/** The behaviour of the original single-account rotator. */
export const SEED: SliceUser = { ...ANN, keepPreviousForHours: 0, quietForHours: 0, unmanagedKeys: 'delete' };

/** A user in the middle of life: AWSCURRENT holds a working key. */
export function settled(user: SliceUser = ANN) {
  const world = new World(user);
  const current = world.addKey({ usedHoursAgo: 1 });
  world.addSecret(current);
  return { world, current };
}

export const codes = (world: World) =>
  world.notices.map(({ type, code, audience }) => [type, code, audience.join('+')].filter(Boolean).join(' '));
