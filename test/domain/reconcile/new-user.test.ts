/** A user whom the roster names for the first time. */
import { live } from '../life';
import { ANN, sliceOf, World } from '../world';

const codes = (world: World) =>
  world.notices.map(({ type, code, audience }) => [type, code, audience.join('+')].filter(Boolean).join(' '));

describe('a new user', () => {
  test('gets a secret without a key, a policy, a schedule and a first rotation', async () => {
    const world = new World();
    await world.reconcile();
    expect(world.secret.schedule).toBe('rate(90 days)');
    expect(world.secret.policy).toContain('NobodyElseReads');
    expect([...world.secret.versions.values()].some(({ stages }) => stages.has('AWSPENDING'))).toBe(true);
    expect(await world.rotate()).toBeUndefined();
    expect(world.works(world.keyOf('AWSCURRENT'))).toBe(true);
  });

  test('who does not exist in IAM is told of and gets nothing', async () => {
    const world = new World();
    world.userExists = false;
    await world.reconcile();
    expect(world.secrets.size).toBe(0);
    expect(codes(world)).toEqual(['attention USER_MISSING admin']);
    expect(world.report!.unknown).toMatchObject([{ userName: 'ann', code: 'USER_MISSING' }]);
  });

  test('is not rotated in a freeze, nor beyond the first rotations of a run', async () => {
    const frozen = new World();
    frozen.slice = {
      ...sliceOf(ANN),
      limits: { maxFirstRotationsPerRun: 20, freeze: [{ from: '2026-11-20', to: '2026-11-30' }] },
    };
    await frozen.reconcile();
    await frozen.reconcile();
    expect(frozen.secret.rotationEnabled).toBe(false);
    const limited = new World();
    limited.slice = { ...sliceOf(ANN), limits: { maxFirstRotationsPerRun: 0, freeze: [] } };
    await limited.reconcile();
    expect(limited.secret.rotationEnabled).toBe(false);
  });

  test('with two used keys waits, and the admin hears why and when it is over', async () => {
    const world = new World();
    const [one, two] = [world.addKey({ usedHoursAgo: 1 }), world.addKey({ usedHoursAgo: 2 })];
    await world.reconcile();
    await world.reconcile();
    expect(codes(world)).toEqual(['action-needed ROTATION_WAITS owner+admin']);
    expect(world.notices[0]!.reason).toContain(one.id.slice(-4));
    world.keys = [two];
    await world.reconcile();
    expect(codes(world)).toContain('resolved ROTATION_WAITS admin');
    expect(world.secret.rotationEnabled).toBe(true);
  });

  test('with two keys, one of them quiet, retires that one first and then rotates', async () => {
    const world = new World();
    const used = world.addKey({ usedHoursAgo: 1 });
    const quiet = world.addKey({ usedHoursAgo: 500 });
    for (let hour = 0; hour < 24 * 20 && !world.secrets.get(ANN.secretName)?.rotationEnabled; hour++) {
      world.pass(1);
      world.use(used);
      await world.reconcile();
    }
    expect(world.keys).toEqual([used]);
    expect(quiet.status).toBe('Inactive');
    expect(await world.rotate()).toBeUndefined();
    expect(used.status).toBe('Active');
  });

  test('whose only key is unmanaged keeps it until it has retired like a previous key', async () => {
    const world = new World();
    const own = world.addKey({ usedHoursAgo: 1 });
    await world.reconcile();
    await world.rotate();
    await live(world, 24 * 7 - 1);
    expect(own.status).toBe('Active');
    await live(world, 3);
    expect(own.status).toBe('Inactive');
    await live(world, 24 * 7 + 2);
    expect(world.keys).not.toContain(own);
  });

  test('with unmanagedKeys hold keeps the unmanaged key for ever', async () => {
    const world = new World({ ...ANN, unmanagedKeys: 'hold' });
    const own = world.addKey({ usedHoursAgo: 500 });
    await world.reconcile();
    await world.rotate();
    await live(world, 24 * 30);
    expect(own.status).toBe('Active');
  });
});
