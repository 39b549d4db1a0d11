/** What an operator commands: rotate now, the emergency, and back to the previous key. */
import { ANN, World, type Fault } from './world';

const rotateNow = { command: 'rotate', secretName: ANN.secretName };
const emergency = { ...rotateNow, compromised: true };
const rollback = { command: 'rollback', secretName: ANN.secretName };
const told = (world: World): string[] => world.notices.map(({ type, audience }) => `${type} ${audience.join('+')}`);

function settled() {
  const world = new World();
  const key = world.addKey({ usedHoursAgo: 1 });
  world.addSecret(key);
  return { world, key };
}

async function rotated() {
  const { world, key } = settled();
  await world.rotate();
  world.notices.length = 0;
  return { world, previous: key, newer: world.keys.find(({ id }) => id === world.keyOf('AWSCURRENT')!.id)! };
}

async function live(world: World, hours: number): Promise<void> {
  for (let hour = 0; hour < hours; hour++) {
    world.pass(1);
    await world.reconcile();
  }
}

/** The nearest call of that name kills the function. */
async function failAt(world: World, name: string, act: () => Promise<unknown>, fault: Fault = 'killed-before'): Promise<void> {
  let fallen = false;
  world.between = (call) => {
    if (world.calls[call] !== name || fallen) return;
    fallen = true;
    world.faults.set(call, fault);
  };
  await act();
  world.between = () => {};
}

test.each([
  ['no command', { secretName: ANN.secretName }],
  ['an unknown command', { command: 'delete', secretName: ANN.secretName }],
  ['no secret', { command: 'rotate' }],
  ['a strange secret', { command: 'rotate', secretName: '../*' }],
  ['a strange flag', { ...rotateNow, compromised: 'yes' }],
  ['nothing', null],
])('%s is refused before anything is read', async (_, command) => {
  const { world } = settled();
  expect(await world.operate(command as object)).toMatchObject({ code: 'EVENT_INVALID' });
  expect(world.calls).toEqual([]);
});

describe('rotate', () => {
  test('starts a rotation, and says so', async () => {
    const { world } = settled();
    expect(await world.operate(rotateNow)).toBe('the rotation of ann in 333333333333 has started');
    expect(world.recorded).toMatchObject([{ code: 'ROTATION_COMMANDED', audience: [] }]);
    expect(await world.rotate()).toBeUndefined();
  });

  test('of an outstanding rotation has it attempted again', async () => {
    const { world } = settled();
    world.startRotation();
    expect(await world.operate(rotateNow)).toContain('the outstanding rotation of ann');
  });
});

describe('rotate --compromised', () => {
  test('deactivates the suspect key first, then makes its successor; the key never comes back', async () => {
    const { world, key } = settled();
    const message = await world.operate(emergency);
    expect(message).toContain(`…${key.id.slice(-4)} is deactivated for good`);
    expect(message).toContain('by s3');
    const order = world.calls.filter((call) => /UpdateAccessKey|RotateSecret/.test(call));
    expect(order).toEqual(['iam:UpdateAccessKey Inactive', 'secretsmanager:RotateSecret']);
    expect(told(world)).toEqual(['key-compromised owner+admin']);
    expect(await world.rotate()).toBeUndefined();
    expect(world.works(world.keyOf('AWSCURRENT'))).toBe(true);
    expect(await world.operate(rollback)).toMatchObject({ code: 'ROLLBACK_IMPOSSIBLE' });
    await live(world, 24 * 20);
    expect(world.keys.map(({ id }) => id)).not.toContain(key.id);
  });

  test('gives up the key that retires already, to make room', async () => {
    const { world, previous, newer } = await rotated();
    await world.operate(emergency);
    expect(world.keys.map(({ id, status }) => [id, status])).toEqual([[newer.id, 'Inactive']]);
    expect(world.keys).not.toContain(previous);
    expect(await world.rotate()).toBeUndefined();
    expect(world.works(world.keyOf('AWSCURRENT'))).toBe(true);
  });

  test('leaves a key that a person made, and says that it stands in the way', async () => {
    const { world, key } = settled();
    const theirs = world.addKey({ usedHoursAgo: 1 });
    expect(await world.operate(emergency)).toMatchObject({ code: 'ROOM_NONE' });
    expect(theirs.status).toBe('Active');
    expect(key.status).toBe('Inactive');
  });

  test('may be repeated', async () => {
    const { world } = settled();
    await world.operate(emergency);
    await world.operate(emergency);
    expect(told(world)).toEqual(['key-compromised owner+admin']);
    expect(await world.rotate()).toBeUndefined();
  });
});

describe('an emergency that was cut off', () => {
  test('before its rotation is carried on, also in a freeze, and nobody is told to reactivate the key', async () => {
    const { world, key } = settled();
    world.slice = { ...world.slice!, limits: { maxFirstRotationsPerRun: 20, freeze: [{ from: '2026-11-20', to: '2026-12-24' }] } };
    await failAt(world, 'secretsmanager:RotateSecret', () => world.operate(emergency));
    expect([key.status, world.outstanding]).toEqual(['Inactive', undefined]);
    await world.reconcile();
    expect(world.outstanding).toBeDefined();
    expect(world.notices.map(({ code }) => code)).toContain('CURRENT_KEY_COMPROMISED');
    expect(JSON.stringify(world.notices)).not.toContain('reactivate it');
    expect(await world.rotate()).toBeUndefined();
    expect(world.works(world.keyOf('AWSCURRENT'))).toBe(true);
  });

  test('by a second key is carried on once that key is gone', async () => {
    const { world, key } = settled();
    world.addKey({ usedHoursAgo: 1 });
    await world.operate(emergency);
    world.keys = world.keys.filter((each) => each === key);
    await world.reconcile();
    expect(await world.rotate(world.outstanding)).toBeUndefined();
    expect(world.works(world.keyOf('AWSCURRENT'))).toBe(true);
  });
});

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
    ['the previous key deleted', async () => {
      const { world, previous } = await rotated();
      world.keys = world.keys.filter((key) => key !== previous);
      return world;
    }],
    ['a rotation outstanding', async () => {
      const { world } = await rotated();
      world.startRotation();
      return world;
    }],
  ])('with %s changes nothing', async (_, start) => {
    const world = await start();
    const before = JSON.stringify([world.keys, world.keyOf('AWSCURRENT')]);
    expect(await world.operate(rollback)).toMatchObject({ code: 'ROLLBACK_IMPOSSIBLE' });
    expect(JSON.stringify([world.keys, world.keyOf('AWSCURRENT')])).toBe(before);
  });

  test.each(['error', 'lost', 'killed-before', 'killed-after'] as const)('interrupted by one %s at any call leaves a working stored key, and can be repeated', async (fault) => {
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
      world.pass(1);
      await world.reconcile();
      expect({ call, works: world.works(world.keyOf('AWSCURRENT')), both: [previous.status, newer.status] }).toEqual({ call, works: true, both: ['Active', 'Active'] });
    }
  });
});

describe('one at a time', () => {
  test('a second command is refused while one is at work', async () => {
    const { world } = await rotated();
    const from = world.calls.length;
    let second: Promise<string | Error> | undefined;
    world.between = (index) => {
      if (index > from && world.calls[index] === 'iam:UpdateAccessKey Active' && !second) second = world.operate(rollback);
    };
    expect(await world.operate(rollback)).toContain('again');
    expect(await second).toMatchObject({ code: 'SECRET_BUSY' });
  });

  test('reconcile leaves a secret alone that an operator is at work on, and looks again afterwards', async () => {
    const { world } = await rotated();
    world.secret.tags['access-keys:lease'] = new Date(world.now.getTime() + 60_000).toISOString();
    const from = world.calls.length;
    const outcome = await world.reconcile();
    expect(world.calls.slice(from).filter((call) => /Update|Delete|Put(Secret|Resource)|Rotate/.test(call))).toEqual([]);
    expect(outcome!.nextDueAt).toBe(world.secret.tags['access-keys:lease']);
  });

  test('a lease whose holder died is over after five minutes', async () => {
    const { world } = await rotated();
    world.secret.tags['access-keys:lease'] = new Date(world.now.getTime() + 60_000).toISOString();
    expect(await world.operate(rollback)).toMatchObject({ code: 'SECRET_BUSY' });
    world.pass(0.1);
    expect(await world.operate(rollback)).toContain('again');
  });
});
