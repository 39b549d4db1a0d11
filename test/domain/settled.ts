import type { SliceUser } from '../../lambda/contract/slice';
import { ANN, World } from './world';

/** A user whose first key is a month old and the only one, known to reconcile. */
export async function settled(user: SliceUser = ANN) {
  const world = new World(user);
  const key = world.addKey({ ageHours: 30 * 24, usedHoursAgo: 1 });
  const secret = world.addSecret(key);
  secret.tags['access-keys:notified'] = [...secret.versions.keys()][0]!;
  await world.reconcile();
  world.notices.length = 0;
  return { world, key, secret };
}
