/** Right before a key is deactivated or deleted everything is read again; what was deleted stays on record. */
import type { SliceUser } from '../../../../lambda/contract/slice';
import { become, DAY, live, liveDays, moveAtLastLook } from '../../life';
import { settled } from '../../settled';
import { ANN, World } from '../../world';

describe('right before a key', () => {
  const ways: Record<string, { user?: SliceUser; until: (world: World) => Promise<void> }> = {
    'that retires is deactivated': { until: (world) => liveDays(world, 6) },
    'that retires is deleted': { until: (world) => liveDays(world, 13) },
    'that a person made is deleted': { user: { ...ANN, unmanagedKeys: 'delete' }, until: (world) => live(world, 46) },
  };

  test.each(
    Object.keys(ways).flatMap((way) => (['AWSCURRENT', 'AWSPENDING'] as const).map((stage) => [way, stage] as const)),
  )('%s, %s is read again: what it names by then stays', async (way, stage) => {
    const { user, until } = ways[way]!;
    const { world, key } = await settled(user);
    const going = user ? world.addKey({ ageHours: 0 }) : key;
    if (!user) await world.rotate();
    await until(world);
    const { status } = going;
    moveAtLastLook(world, stage, going);
    await liveDays(world, 1.5);
    expect(world.keyOf(stage)!.id).toBe(going.id);
    expect(going.status).toBe(status);
    expect(world.keys).toContain(going);
  });
});

describe('evidence of a deletion is kept', () => {
  const deletions: Record<string, () => Promise<World>> = {
    'of a key that a person made': async () => {
      const { world } = await settled({ ...ANN, unmanagedKeys: 'delete' });
      world.addKey({ ageHours: 5_000 });
      await world.reconcile();
      return world;
    },
    'of one that made room': async () => {
      const { world } = await settled();
      await world.rotate();
      await liveDays(world, 10);
      await world.rotate();
      return world;
    },
    'of one that made room in an emergency': async () => {
      const { world } = await settled();
      await world.rotate();
      await world.operate({ command: 'rotate', secretName: ANN.secretName, compromised: true });
      return world;
    },
    'of the previous key where none is kept': async () => {
      const { world } = await settled({ ...ANN, keepPreviousForHours: 0, quietForHours: 0, unmanagedKeys: 'delete' });
      await world.rotate();
      return world;
    },
    'of a key that retired': async () => {
      const { world } = await settled();
      await world.rotate();
      await liveDays(world, 15);
      return world;
    },
  };

  test.each(Object.keys(deletions))('%s', async (which) => {
    const world = await deletions[which]!();
    expect(world.calls.filter((call) => call === 'iam:DeleteAccessKey')).toHaveLength(1);
    expect(world.recorded.filter(({ type }) => type === 'previous-key-deleted')).toMatchObject([
      { audience: [], previousKey: { kind: 'gone', keyId: expect.any(String) } },
    ]);
    expect(world.keys.map(({ id }) => id)).not.toContain(
      world.recorded.find(({ type }) => type === 'previous-key-deleted')!.previousKey?.keyId,
    );
  });
});

test('a key that a person made stays when the roster comes to hold such keys before it is deactivated', async () => {
  const { world } = await settled();
  const theirs = world.addKey({ ageHours: 5_000, usedHoursAgo: 4_000 });
  await live(world, 3 * DAY);
  become(world, {}, { unmanagedKeys: 'hold' });
  await live(world, 20 * DAY);
  expect(theirs.status).toBe('Active');
});
