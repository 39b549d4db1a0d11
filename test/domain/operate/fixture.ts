/** A user in the middle of life, and what an operator commands. */
import type { SliceUser } from '../../../lambda/contract/slice';
import { ANN, World, type Fault } from '../world';

export const rotateNow = { command: 'rotate', secretName: ANN.secretName };
export const emergency = { ...rotateNow, compromised: true };
export const rollback = { command: 'rollback', secretName: ANN.secretName };
export const told = (world: World): string[] =>
  world.notices.map(({ type, audience }) => `${type} ${audience.join('+')}`);

export function settled(user: SliceUser = ANN) {
  const world = new World(user);
  const key = world.addKey({ usedHoursAgo: 1 });
  world.addSecret(key);
  return { world, key };
}

export async function rotated() {
  const { world, key } = settled();
  await world.rotate();
  world.notices.length = 0;
  return { world, previous: key, newer: world.keys.find(({ id }) => id === world.keyOf('AWSCURRENT')!.id)! };
}

/** The nearest call of that name kills the function. */
export async function failAt(
  world: World,
  name: string,
  act: () => Promise<unknown>,
  fault: Fault = 'killed-before',
): Promise<void> {
  let fallen = false;
  world.between = (call) => {
    if (world.calls[call] !== name || fallen) return;
    fallen = true;
    world.faults.set(call, fault);
  };
  await act();
  world.between = () => {};
}
