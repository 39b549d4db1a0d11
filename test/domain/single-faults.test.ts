/** Every single fault at every call of a rotation, from every usual starting state, run to rest. */
import type { SliceUser } from '../../lambda/domain/slice';
import { ANN, World, type Fault } from './world';

const SEED: SliceUser = { ...ANN, keepPreviousForHours: 0, quietForHours: 0, unmanagedKeys: 'delete' };
const FAULTS: readonly Fault[] = ['error', 'lost', 'killed-before', 'killed-after'];

const STARTS: Record<string, () => World> = {
  'a fresh user': () => withSecret(new World()),
  'a user with a current key': () => withCurrent(new World()),
  'a user with a current and an Inactive retiring key': () => {
    const world = withCurrent(new World());
    const retiring = world.addKey({ status: 'Inactive', usedHoursAgo: 500 });
    world.secret.tags[`access-keys:retiring:${retiring.id}`] = 'inactive 2026-11-10T00:00:00.000Z 0 -';
    return world;
  },
  'the behaviour of the single-account rotator': () => withCurrent(new World(SEED)),
};

function withSecret(world: World): World {
  world.addSecret();
  return world;
}

function withCurrent(world: World): World {
  world.addSecret(world.addKey({ usedHoursAgo: 1 }));
  return world;
}

async function callsOf(start: () => World): Promise<readonly string[]> {
  const world = start();
  await world.rotate();
  return world.calls;
}

describe.each(Object.entries(STARTS))('%s', (_name, start) => {
  test.each(FAULTS)('rotates in spite of one %s at any call', async (fault) => {
    const calls = await callsOf(start);
    expect(calls.length).toBeGreaterThan(15);
    for (const [index, name] of calls.entries()) {
      const world = start();
      const before = world.keyOf('AWSCURRENT');
      const problems: string[] = [];
      world.faults.set(index, fault);
      world.watch = () => {
        if (before && !world.works(world.keyOf('AWSCURRENT'))) problems.push('AWSCURRENT names a key that does not work');
        if (world.keys.length > 2) problems.push('more than two keys');
      };
      await world.rotateUntilDone(12);
      for (let day = 0; day < 17; day++) {
        world.pass(day < 1 ? 1 : 24);
        await world.reconcile();
      }
      const rotatedNotices = world.notices.filter(({ type, audience }) => ['rotated', 'rotation-partial'].includes(type) && audience.includes('owner'));
      const current = world.keyOf('AWSCURRENT');
      expect({ call: `${index} ${name}`, problems, works: world.works(current), keys: world.keys.map(({ id }) => id), told: rotatedNotices.map(({ currentKeyId }) => currentKeyId).at(-1), tellings: new Set(rotatedNotices.map(({ versionId }) => versionId)).size === rotatedNotices.length }).toEqual({
        call: `${index} ${name}`,
        problems: [],
        works: true,
        keys: [current!.id],
        told: current!.id,
        tellings: true,
      });
    }
  });
});
