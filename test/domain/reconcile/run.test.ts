/** A run of reconcile, and what the account reports. */
import type { SliceUser } from '../../../lambda/contract/slice';
import { live } from '../life';
import { ANN, sliceOf, World } from '../world';

const codes = (world: World) =>
  world.notices.map(({ type, code, audience }) => [type, code, audience.join('+')].filter(Boolean).join(' '));

/** A user whose key was rotated once, with the previous key retiring. */
async function rotated(user: SliceUser = ANN) {
  const world = new World(user);
  const previous = world.addKey({ usedHoursAgo: 1 });
  world.addSecret(previous);
  await world.rotate();
  world.notices.length = 0;
  return { world, previous };
}

describe('the account', () => {
  test.each([
    ['missing', undefined],
    ["another account's", { ...sliceOf(ANN), accountId: '444444444444' }],
  ])('whose slice is %s changes nothing and alerts once', async (_name, slice) => {
    const { world } = await rotated();
    const before = JSON.stringify([world.keys, world.secret.tags]);
    world.slice = slice;
    await world.reconcile();
    await world.reconcile();
    expect(JSON.stringify([world.keys, world.secret.tags])).toBe(before);
    expect(world.secret.rotationEnabled).toBe(true);
    expect(world.notices).toHaveLength(1);
  });

  test('where no roster was ever applied waits for its slice without an alert, and alerts once it has managed a secret', async () => {
    const world = new World();
    world.slice = undefined;
    await live(world, 30);
    expect(world.notices).toEqual([]);
    world.slice = sliceOf(ANN);
    await world.reconcile();
    world.slice = undefined;
    await live(world, 2);
    expect(codes(world)).toEqual(['attention SLICE_MISSING admin']);
  });

  test('that cannot list its secrets alerts of a missing slice', async () => {
    const world = new World();
    world.slice = undefined;
    world.faults.set(1, 'error');
    await world.reconcile();
    expect(codes(world)).toEqual(['attention SLICE_MISSING admin']);
  });

  test('whose slice is older than one already applied releases nobody', async () => {
    const { world } = await rotated();
    world.secret.tags['access-keys:generation'] = '5';
    world.slice = { ...sliceOf(), generation: 4 };
    await world.reconcile();
    expect(world.secret.rotationEnabled).toBe(true);
    expect(codes(world)).toEqual(['attention LEDGER_INVALID admin']);
  });

  test('releases a removed user: rotation cancelled, secret and key left, admin told once', async () => {
    const { world } = await rotated();
    world.slice = { ...sliceOf(), generation: 2 };
    await world.reconcile();
    await world.reconcile();
    expect(world.secret.rotationEnabled).toBe(false);
    expect(world.works(world.keyOf('AWSCURRENT'))).toBe(true);
    expect(codes(world)).toEqual(['attention USER_RELEASED admin']);
  });

  test('changes the schedule of a changed user, but not while AWSPENDING is outstanding', async () => {
    const { world, previous } = await rotated();
    world.keys = world.keys.filter((key) => key !== previous);
    world.slice = { ...sliceOf({ ...ANN, rotateEveryHours: 36 }), generation: 2 };
    const token = world.startRotation();
    await world.reconcile();
    expect(world.secret.schedule).toBe('rate(90 days)');
    await world.rotate(token);
    await world.reconcile();
    expect(world.secret.schedule).toBe('rate(36 hours)');
  });

  test('reports every key with its next step', async () => {
    const { world, previous } = await rotated();
    await world.reconcile();
    expect(world.report!.users[0]!.keys).toMatchObject([
      {
        keyId: previous.id,
        role: 'retiring',
        nextStep: 'deactivate',
        nextStepAt: expect.stringMatching(/^2026-12-01/),
      },
      { keyId: world.keyOf('AWSCURRENT')!.id, role: 'current' },
    ]);
  });

  test('tells of a current key that was deleted, and rotates', async () => {
    const { world } = await rotated();
    const current = world.keyOf('AWSCURRENT')!;
    world.keys = world.keys.filter(({ id }) => id !== current.id);
    world.pass(1);
    await world.reconcile();
    expect(codes(world)).toContain('attention CURRENT_KEY_MISSING admin');
    expect(await world.rotate()).toBeUndefined();
    expect(world.works(world.keyOf('AWSCURRENT'))).toBe(true);
  });
});

describe('a run', () => {
  const others = (count: number): SliceUser[] =>
    Array.from({ length: count }, (_, index) => ({
      ...ANN,
      name: `user-${index}`,
      secretName: `/access-key/user-${index}`,
    }));
  const turns = async (): Promise<void> => {
    for (let turn = 0; turn < 50; turn++) await new Promise((next) => setImmediate(next));
  };

  test('ends as a whole: a failure that cannot be told stops no other user, and nothing goes on afterwards', async () => {
    const world = new World();
    world.slice = sliceOf(...others(8));
    world.between = (call) => {
      const failing = world.calls[call] === 'secretsmanager:CreateSecret' && !world.faults.size;
      if (failing) world.faults.set(call, 'error');
      if (world.calls[call] === 'sns:Publish') world.faults.set(call, 'error');
    };
    await expect(world.reconcile()).rejects.toThrow('InternalFailure');
    const ended = world.calls.length;
    await turns();
    expect(world.calls).toHaveLength(ended);
    expect(world.secrets.size).toBe(7);
    expect(world.report!.users).toHaveLength(7);
    expect(world.report!.unknown).toMatchObject([{ code: 'AWS_FAILED' }]);
    world.between = () => {};
    await world.reconcile();
    expect(world.secrets.size).toBe(8);
  });

  test('that has not the time for everybody reports whom it has not reached, and the next one begins with them', async () => {
    const world = new World();
    world.slice = sliceOf(...others(40));
    world.between = () => void (world.now = new Date(world.now.getTime() + 1_000));
    const began = world.now;
    await world.reconcile();
    expect(world.now.getTime() - began.getTime()).toBeLessThan(300_000);
    const reached = world.report!.users.length;
    expect(reached).toBeGreaterThan(5);
    expect(world.report!.unknown).toHaveLength(40 - reached);
    expect(new Set(world.report!.unknown.map(({ code }) => code))).toEqual(new Set(['USER_NOT_REACHED']));
    expect(world.notices).toEqual([]);
    for (let run = 0; run < 4; run++) await world.reconcile({ name: 'RotationFailed', secretId: 'none', at: '' });
    expect(world.report!.users).toHaveLength(40);
    expect(world.report!.unknown).toEqual([]);
  });

  test('goes on to the users although a secret that has left the roster cannot be read or released', async () => {
    for (const refused of ['secretsmanager:CancelRotateSecret', 'secretsmanager:DescribeSecret']) {
      const world = new World({ ...ANN, name: 'gone', secretName: '/access-key/gone' });
      world.addSecret();
      world.slice = sliceOf(ANN);
      let denied = false;
      world.between = (call) => {
        if (!denied && world.calls[call] === refused) denied = Boolean(world.faults.set(call, 'error'));
      };
      await expect(world.reconcile()).resolves.toMatchObject({ users: 1, unknown: 0 });
      expect([refused, world.report?.users.map(({ userName }) => userName)]).toEqual([refused, ['ann']]);
      expect(codes(world)).toContain('attention AWS_FAILED admin');
      await world.reconcile();
      expect(world.secret.tags['access-keys:released']).toBeDefined();
    }
  });

  test('does not say that a user is missing whose secret, made a moment ago, cannot be found yet', async () => {
    const world = new World();
    let hidden = false;
    world.between = (call) => {
      const made = [...world.secrets.keys()].length > 0 && world.calls[call] === 'secretsmanager:DescribeSecret';
      if (!made || hidden) return;
      hidden = true;
      const secrets = [...world.secrets];
      world.secrets.clear();
      queueMicrotask(() => setImmediate(() => secrets.forEach(([name, secret]) => world.secrets.set(name, secret))));
    };
    await world.reconcile();
    await new Promise((next) => setImmediate(next));
    expect(hidden).toBe(true);
    expect(codes(world)).toEqual([]);
    await world.reconcile();
    expect(world.secret.schedule).toBe('rate(90 days)');
  });
});
