import type { SliceUser } from '../../../lambda/contract/slice';
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

/** Reconciles every hour for so long. */
async function live(world: World, hours: number): Promise<void> {
  for (let hour = 0; hour < hours; hour++) {
    world.pass(1);
    await world.reconcile();
  }
}

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

describe('the previous key', () => {
  test('stays Active for keepPreviousFor, Inactive for deleteInactiveAfter, then is deleted', async () => {
    const { world, previous } = await rotated();
    await live(world, 24 * 7 - 1);
    expect(previous.status).toBe('Active');
    await live(world, 2);
    expect(previous.status).toBe('Inactive');
    await live(world, 24 * 7 - 2);
    expect(world.keys).toContain(previous);
    await live(world, 4);
    expect(world.keys.map(({ id }) => id)).toEqual([world.keyOf('AWSCURRENT')!.id]);
    expect(codes(world)).toEqual(['previous-key-deactivated owner']);
    expect(world.keyOf('KEY_RETIRING')).toBeUndefined();
  });

  test('stays as long as its owner was told, though the roster says less since', async () => {
    const { world, previous } = await rotated();
    world.slice = sliceOf({ ...ANN, keepPreviousForHours: 48, deleteInactiveAfterHours: 0 });
    await live(world, 24 * 7 - 1);
    expect(previous.status).toBe('Active');
    world.slice = sliceOf(ANN);
    await live(world, 2);
    expect(previous.status).toBe('Inactive');
    world.slice = sliceOf({ ...ANN, deleteInactiveAfterHours: 0 });
    await live(world, 24 * 7 - 2);
    expect(world.keys).toContain(previous);
    await live(world, 4);
    expect(world.keys).not.toContain(previous);
  });

  test('that is still used is held, its owner warned at half time, the day before and at the end', async () => {
    const { world, previous } = await rotated();
    for (let hour = 0; hour < 24 * 10; hour++) {
      world.use(previous);
      await live(world, 1);
    }
    expect(previous.status).toBe('Active');
    expect(codes(world).filter((code) => code === 'previous-key-in-use owner')).toHaveLength(3);
    expect(codes(world)).toContain('attention KEY_STILL_USED admin');
    expect(world.notices[0]!.previousKeyLastUsed).toMatchObject({ service: 's3', region: 'us-east-1' });
  });

  test('that is still used is deactivated by whenStillUsed deactivate', async () => {
    const { world, previous } = await rotated({ ...ANN, whenStillUsed: 'deactivate' });
    for (let hour = 0; hour < 24 * 7 + 2; hour++) {
      if (previous.status === 'Active') world.use(previous);
      await live(world, 1);
    }
    expect(previous.status).toBe('Inactive');
  });

  test('is neither deactivated nor deleted when AWSCURRENT names it again', async () => {
    const { world, previous } = await rotated();
    const [oldVersion] = [...world.secret.versions].find(([, { value }]) => value?.includes(previous.id))!;
    for (const { stages } of world.secret.versions.values()) stages.delete('AWSCURRENT');
    world.secret.versions.get(oldVersion)!.stages.add('AWSCURRENT');
    await live(world, 24 * 30);
    expect(previous.status).toBe('Active');
    expect(world.keys).toContain(previous);
  });

  test('that somebody reactivated is kept for the whole time again', async () => {
    const { world, previous } = await rotated();
    await live(world, 24 * 7 + 2);
    expect(previous.status).toBe('Inactive');
    world.pass(1);
    previous.status = 'Active';
    await live(world, 24 * 7 - 1);
    expect(previous.status).toBe('Active');
  });

  test('whose deactivation fails is told to owner and admin, and retired later', async () => {
    const { world, previous } = await rotated();
    await live(world, 24 * 7 - 1);
    let failed = false;
    world.between = (index) => {
      if (world.calls[index] === 'iam:UpdateAccessKey Inactive' && !failed) {
        failed = true;
        world.faults.set(index, 'error');
      }
    };
    await live(world, 1);
    expect(codes(world)).toContain('retirement-failed AWS_FAILED owner+admin');
    await live(world, 2);
    expect(previous.status).toBe('Inactive');
  });

  test('is not taken for quiet when its last use cannot be read', async () => {
    const { world, previous } = await rotated();
    await live(world, 24 * 7 - 1);
    world.between = (index) => {
      if (world.calls[index] === 'iam:GetAccessKeyLastUsed') world.faults.set(index, 'error');
    };
    await live(world, 24);
    expect(previous.status).toBe('Active');
  });
});

describe('what finishSecret left undone', () => {
  test.each([
    'secretsmanager:UpdateSecretVersionStage',
    's3:PutObject event',
    'sns:Publish',
    'secretsmanager:TagResource',
  ])('is completed after a kill at %s', async (operation) => {
    const world = new World();
    world.addSecret(world.addKey({ usedHoursAgo: 1 }));
    const token = world.startRotation();
    for (const step of ['createSecret', 'setSecret', 'testSecret']) await world.step(step, token);
    const from = world.calls.length;
    let promoted = false;
    world.between = (index) => {
      promoted ||= world.keyOf('AWSCURRENT')!.id === world.keyOf('AWSPENDING')?.id;
      if (index > from && promoted && world.calls[index] === operation && world.faults.size === 0)
        world.faults.set(index, 'killed-before');
    };
    await world.step('finishSecret', token);
    expect(world.faults.size).toBe(1);
    await world.reconcile();
    expect(codes(world)).toEqual(['rotated owner']);
    expect(world.keyOf('AWSPENDING')).toBeUndefined();
  });

  test('a value put by hand is told to the admin once, and to no owner', async () => {
    const { world } = await rotated();
    const current = world.keyOf('AWSCURRENT')!;
    for (const { stages } of world.secret.versions.values()) stages.delete('AWSCURRENT');
    const value = JSON.stringify({
      user_name: 'ann',
      account_id: '333333333333',
      access_key_id: current.id,
      secret_access_key: current.secret,
    });
    world.secret.versions.set('by-hand-000000000000000000000000', { value, stages: new Set(['AWSCURRENT']) });
    await world.reconcile();
    await world.reconcile();
    expect(codes(world)).toEqual(['attention CURRENT_CHANGED admin']);
  });
});

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
    expect(codes(world)).toEqual(['attention SLICE_OUTDATED admin']);
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
