/** Back to the previous key. */
import { live } from '../life';
import { rollback, rotated, settled, told } from './fixture';

describe('rollback', () => {
  test('brings the previous key back, retires the newer one, and tells owner and admin', async () => {
    const { world, previous, newer } = await rotated();
    expect(await world.operate(rollback)).toContain(`…${previous.id.slice(-4)} again`);
    expect(world.keyOf('AWSCURRENT')!.id).toBe(previous.id);
    expect(world.works(world.keyOf('AWSCURRENT'))).toBe(true);
    expect(newer.status).toBe('Active');
    expect(told(world)).toEqual(['rolled-back owner+admin']);
    for (let day = 0; day < 20; day++) {
      world.use(previous);
      await live(world, 24);
    }
    expect(world.keys.map(({ id }) => id)).toEqual([previous.id]);
  });

  test('of a deactivated key activates it', async () => {
    const { world, previous } = await rotated();
    await live(world, 24 * 9);
    expect(previous.status).toBe('Inactive');
    await world.operate(rollback);
    expect(previous.status).toBe('Active');
    expect(world.works(world.keyOf('AWSCURRENT'))).toBe(true);
  });

  test('leaves a ledger of which the next run makes nothing new', async () => {
    const { world, previous, newer } = await rotated();
    await world.operate(rollback);
    expect(Object.keys(world.secret.tags).filter((tag) => tag.includes('retiring:'))).toEqual([
      `access-keys:retiring:${newer.id}`,
    ]);
    expect([...world.secret.versions.values()].find(({ stages }) => stages.has('KEY_RETIRING'))!.value).toContain(
      newer.id,
    );
    await live(world, 2);
    expect(told(world)).toEqual(['rolled-back owner+admin']);
    expect(world.works(previous)).toBe(true);
  });

  test('repeated says that it is done and changes nothing, until another rotation', async () => {
    const { world, previous, newer } = await rotated();
    await world.operate(rollback);
    const state = (): string =>
      JSON.stringify([
        world.keys,
        [...world.secret.versions].map(([id, { stages }]) => [
          id,
          [...stages].filter((stage) => stage !== 'KEY_LEASE'),
        ]),
        world.secret.tags,
        world.notices.length,
      ]);
    const done = state();
    expect(await world.operate(rollback)).toContain(`…${previous.id.slice(-4)} already`);
    expect(state()).toBe(done);
    await live(world, 24 * 16);
    expect(world.keys).not.toContain(newer);
    await world.rotate();
    expect(await world.operate(rollback)).toContain(`…${previous.id.slice(-4)} again`);
    expect(world.keyOf('AWSCURRENT')!.id).toBe(previous.id);
  });

  test('goes to the key before, also when an older one made room for the current one', async () => {
    const { world } = settled();
    await world.rotate();
    const before = world.keyOf('AWSCURRENT')!;
    await live(world, 24 * 10);
    await world.rotate();
    expect(Object.keys(world.secret.tags).filter((tag) => tag.includes('retiring:'))).toEqual([
      `access-keys:retiring:${before.id}`,
    ]);
    await world.reconcile();
    expect(world.keyOf('AWSCURRENT')!.id).not.toBe(before.id);
    expect(await world.operate(rollback)).toContain('again');
    expect(world.keyOf('AWSCURRENT')!.id).toBe(before.id);
  });

  test('goes to the key before, also when an older one was deleted by hand and forgotten only then', async () => {
    const { world, previous } = await rotated();
    const before = world.keyOf('AWSCURRENT')!;
    world.keys = world.keys.filter((key) => key !== previous);
    await world.rotate();
    await world.reconcile();
    expect(Object.keys(world.secret.tags).filter((tag) => tag.includes(previous.id))).toEqual([]);
    expect(await world.operate(rollback)).toContain('again');
    expect(world.keyOf('AWSCURRENT')!.id).toBe(before.id);
  });

  test('is followed by rotations as ever', async () => {
    const { world, previous } = await rotated();
    await world.operate(rollback);
    await live(world, 24 * 16);
    expect(await world.rotate()).toBeUndefined();
    expect(world.keyOf('AWSCURRENT')!.id).not.toBe(previous.id);
    expect(world.works(world.keyOf('AWSCURRENT'))).toBe(true);
  });

  test('takes a stale AWSPENDING off, so that the newer key is not promoted again', async () => {
    const { world, previous } = await rotated();
    const [current] = [...world.secret.versions].find(([, { stages }]) => stages.has('AWSCURRENT'))!;
    world.secret.versions.get(current)!.stages.add('AWSPENDING');
    expect(world.secret.tags['access-keys:notified']).toBe(current);
    await world.operate(rollback);
    expect(world.keyOf('AWSPENDING')).toBeUndefined();
    expect(world.keyOf('AWSCURRENT')!.id).toBe(previous.id);
  });

  test.each([
    ['no previous key', async () => settled().world],
    [
      'the previous key deleted',
      async () => {
        const { world, previous } = await rotated();
        world.keys = world.keys.filter((key) => key !== previous);
        return world;
      },
    ],
    [
      'a rotation outstanding',
      async () => {
        const { world } = await rotated();
        world.startRotation();
        return world;
      },
    ],
  ])('with %s changes nothing', async (_, start) => {
    const world = await start();
    const before = JSON.stringify([world.keys, world.keyOf('AWSCURRENT')]);
    expect(await world.operate(rollback)).toMatchObject({ code: 'ROLLBACK_IMPOSSIBLE' });
    expect(JSON.stringify([world.keys, world.keyOf('AWSCURRENT')])).toBe(before);
  });

  test.each(['error', 'lost', 'killed-before', 'killed-after'] as const)(
    'interrupted by one %s at any call leaves a working stored key, and can be repeated',
    async (fault) => {
      const { world: rehearsed } = await rotated();
      const from = rehearsed.calls.length;
      await rehearsed.operate(rollback);
      const calls = rehearsed.calls.length - from;
      expect(calls).toBeGreaterThan(12);
      for (let call = 0; call < calls; call++) {
        const { world, previous, newer } = await rotated();
        world.faults.set(world.calls.length + call, fault);
        await world.operate(rollback);
        expect({ call, works: world.works(world.keyOf('AWSCURRENT')) }).toEqual({ call, works: true });
        world.pass(0.25);
        await world.operate(rollback);
        expect({ call, current: world.keyOf('AWSCURRENT')!.id }).toEqual({ call, current: previous.id });
        world.pass(1);
        await world.reconcile();
        expect({ call, works: world.works(world.keyOf('AWSCURRENT')), both: [previous.status, newer.status] }).toEqual({
          call,
          works: true,
          both: ['Active', 'Active'],
        });
      }
    },
  );
});
