/** What an operator commands: rotate now, the emergency, and back to the previous key. */
import type { SliceUser } from '../../../lambda/contract/slice';
import { ANN, World, type Fault } from '../world';

const rotateNow = { command: 'rotate', secretName: ANN.secretName };
const emergency = { ...rotateNow, compromised: true };
const rollback = { command: 'rollback', secretName: ANN.secretName };
const told = (world: World): string[] => world.notices.map(({ type, audience }) => `${type} ${audience.join('+')}`);

function moveLabel(world: World, stage: string, key: { id: string; secret: string }): void {
  for (const { stages } of world.secret.versions.values()) stages.delete(stage);
  world.secret.versions.set('edited-000000000000000000000000000', {
    value: JSON.stringify({
      access_key_id: key.id,
      secret_access_key: key.secret,
      user_name: 'ann',
      account_id: '333333333333',
    }),
    stages: new Set([stage]),
  });
}

function settled(user: SliceUser = ANN) {
  const world = new World(user);
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
async function failAt(
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

test.each([
  ['no command', { secretName: ANN.secretName }],
  ['an unknown command', { command: 'delete', secretName: ANN.secretName }],
  ['no secret', { command: 'rotate' }],
  ['a strange secret', { command: 'rotate', secretName: '../*' }],
  ['a strange flag', { ...rotateNow, compromised: 'yes' }],
  ['a key that is not said to be compromised', { ...rotateNow, keyId: 'AKIAEXAMPLE000000000' }],
  ['a key that is none', { ...emergency, keyId: 'AKIA*' }],
  ['a strange requester', { ...rotateNow, requestedBy: 'arn:aws:iam::1:user/eve\nsomebody' }],
  ['nothing', null],
])('%s is refused before anything is read', async (_, command) => {
  const { world } = settled();
  expect(await world.operate(command as object)).toMatchObject({ code: 'EVENT_INVALID' });
  expect(world.calls).toEqual([]);
});

test.each([
  [emergency, 'ROTATION_COMMANDED', 'asked for a rotation, because the key is compromised'],
  [rollback, 'ROLLBACK_COMMANDED', 'asked for a rollback'],
])('evidence of %j says who asked, as told, before anything is done', async (command, code, what) => {
  const { world } = await rotated();
  const from = world.calls.length;
  const requestedBy = 'arn:aws:sts::222222222222:assumed-role/duty/kim@example.com';
  await world.operate({ ...command, requestedBy });
  expect(world.recorded.find((event) => event.code === code)).toMatchObject({
    audience: [],
    reason: `an operator who identified as ${requestedBy} ${what}`,
  });
  const acts = world.calls.slice(from).filter((call) => /PutObject|Update|Tag|Rotate/.test(call));
  expect(acts[0]).toBe('s3:PutObject event');
});

describe('rotate', () => {
  test('starts a rotation, and says so', async () => {
    const { world } = settled();
    expect(await world.operate(rotateNow)).toBe('the rotation of ann in 333333333333 has started');
    expect(world.recorded).toMatchObject([
      { code: 'ROTATION_COMMANDED', audience: [], reason: 'an operator asked for a rotation' },
    ]);
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
    expect(message).toContain(`…${key.id.slice(-4)} is permanently deactivated`);
    expect(message).toContain('by s3');
    const order = world.calls.filter((call) => /UpdateAccessKey|RotateSecret/.test(call));
    expect(order).toEqual(['iam:UpdateAccessKey Inactive', 'secretsmanager:RotateSecret']);
    expect(told(world)).toEqual(['key-compromised owner+admin']);
    expect(await world.rotate()).toBeUndefined();
    expect(world.works(world.keyOf('AWSCURRENT'))).toBe(true);
    expect(await world.operate(rollback)).toMatchObject({ code: 'ROLLBACK_IMPOSSIBLE' });
    await live(world, 24 * 9);
    expect(world.keys.map(({ id }) => id)).not.toContain(key.id);
  });

  test('repeated after its rotation has finished spares the successor, unless that is named', async () => {
    const { world, key } = settled();
    await world.operate(emergency);
    await world.rotate();
    const successor = world.keyOf('AWSCURRENT')!;
    expect(await world.operate(emergency)).toMatchObject({ code: 'KEY_REPLACED' });
    expect(await world.operate({ ...emergency, keyId: key.id })).toMatchObject({ code: 'KEY_REPLACED' });
    expect(world.works(successor)).toBe(true);
    expect(await world.operate({ ...emergency, keyId: successor.id })).toContain(
      `…${successor.id.slice(-4)} is permanently deactivated`,
    );
    expect(world.works(successor)).toBe(false);
  });

  test('of a key that is not the current one does nothing', async () => {
    const { world, previous, newer } = await rotated();
    expect(await world.operate({ ...emergency, keyId: previous.id })).toMatchObject({ code: 'KEY_REPLACED' });
    expect(world.keys.map(({ id, status }) => [id, status])).toEqual([
      [previous.id, 'Active'],
      [newer.id, 'Active'],
    ]);
  });

  test('gives up the key that retires already, to make room', async () => {
    const { world, previous, newer } = await rotated();
    await world.operate(emergency);
    expect(world.keys.map(({ id, status }) => [id, status])).toEqual([[newer.id, 'Inactive']]);
    expect(world.keys).not.toContain(previous);
    expect(await world.rotate()).toBeUndefined();
    expect(world.works(world.keyOf('AWSCURRENT'))).toBe(true);
  });

  test('leaves a key that a person made, and says that it stands in the way; owner and admin know of the deactivation', async () => {
    const { world, key } = settled();
    const theirs = world.addKey({ usedHoursAgo: 1 });
    expect(await world.operate(emergency)).toMatchObject({ code: 'ROOM_NONE' });
    expect(theirs.status).toBe('Active');
    expect(key.status).toBe('Inactive');
    expect(told(world)).toEqual(['key-compromised owner+admin']);
  });

  test.each(['createSecret', 'testSecret'])(
    'keeps the successor that a rotation cut off after %s has made, and goes on with it',
    async (last) => {
      const { world, key } = settled();
      const token = world.startRotation();
      for (const step of ['createSecret', 'setSecret', 'testSecret']) {
        await world.step(step, token);
        if (step === last) break;
      }
      expect(await world.operate(emergency)).toContain('the outstanding rotation of ann');
      expect(key.status).toBe('Inactive');
      expect(await world.rotate(token)).toBeUndefined();
      expect(world.works(world.keyOf('AWSCURRENT'))).toBe(true);
    },
  );

  test('keeps a key that a rotation has made and is about to store', async () => {
    const { world } = settled();
    const token = world.startRotation();
    await failAt(world, 'secretsmanager:PutSecretValue', () => world.step('createSecret', token));
    expect(world.keyOf('AWSPENDING')).toBeUndefined();
    expect(await world.operate(emergency)).toContain('the outstanding rotation of ann');
    expect(world.keys).toHaveLength(2);
  });

  test.each(['AWSCURRENT', 'AWSPENDING'] as const)(
    'does not give up a key that comes under %s at the last moment',
    async (stage) => {
      const { world, previous } = await rotated();
      let looks = 0;
      world.between = (call) => {
        if (world.calls[call] === 'secretsmanager:GetSecretValue' && ++looks === 2) moveLabel(world, stage, previous);
      };
      await world.operate(emergency);
      expect(world.keys).toContain(previous);
      expect(previous.status).toBe('Active');
    },
  );

  test("mails no word of an old key that still works, though IAM's list still shows it Active", async () => {
    const { world, key } = settled();
    await world.operate(emergency);
    const token = world.outstanding!;
    for (const step of ['createSecret', 'setSecret', 'testSecret']) await world.step(step, token);
    key.status = 'Active';
    expect(await world.step('finishSecret', token)).toBeUndefined();
    const mail = world.notices.find(({ type }) => type === 'rotated')!;
    expect(mail.previousKey).toMatchObject({ kind: 'inactive', keyId: expect.any(String) });
  });

  test('of an exempt user makes a successor all the same, and then rests again', async () => {
    const { world, key } = settled({
      ...ANN,
      exempt: { reason: 'vendor', approvedBy: 'a@example.com', until: '2027-06-30' },
    });
    await world.reconcile();
    expect(await world.operate(rotateNow)).toMatchObject({ code: 'USER_NOT_ROTATED' });
    expect(await world.operate(emergency)).toContain('has started');
    await world.reconcile();
    expect(await world.rotate(world.outstanding)).toBeUndefined();
    expect(key.status).toBe('Inactive');
    expect(world.works(world.keyOf('AWSCURRENT'))).toBe(true);
    await world.reconcile();
    expect(world.secret.rotationEnabled).toBe(false);
  });

  test.each(['a retired user', 'a user of an account that is being released'])(
    'of %s only deactivates the key',
    async (who) => {
      const { world, key } = settled(who === 'a retired user' ? { ...ANN, state: 'retired' } : ANN);
      if (who !== 'a retired user') world.slice = { ...world.slice!, state: 'leaving' };
      expect(await world.operate(emergency)).toContain('no new key is created');
      expect([key.status, world.outstanding]).toEqual(['Inactive', undefined]);
      await live(world, 2);
      expect([key.status, world.outstanding]).toEqual(['Inactive', undefined]);
    },
  );

  test.each(['current', 'previous'])(
    'the key, reactivated by hand while it is %s, is deactivated again, and owner and admin hear of it',
    async (role) => {
      const { world, key } = settled();
      await world.operate(emergency);
      if (role === 'previous') await world.rotate();
      await live(world, 1);
      key.status = 'Active';
      await world.reconcile();
      expect(key.status).toBe('Inactive');
      expect(world.notices.find(({ code }) => code === 'COMPROMISED_KEY_ACTIVE')).toMatchObject({
        audience: ['owner', 'admin'],
        previousKey: { kind: 'inactive', keyId: key.id },
      });
      await live(world, 3);
      expect(world.notices.filter(({ code }) => code === 'COMPROMISED_KEY_ACTIVE')).toHaveLength(1);
    },
  );

  test('is deactivated again although that cannot be told', async () => {
    const { world, key } = settled();
    await world.operate(emergency);
    world.pass(1);
    key.status = 'Active';
    await failAt(world, 's3:PutObject event', () => world.reconcile(), 'error');
    expect(key.status).toBe('Inactive');
  });

  test('forgets a compromised key once IAM has it no more', async () => {
    const { world } = settled();
    await world.operate(emergency);
    await world.rotate();
    await live(world, 24 * 9);
    expect(Object.keys(world.secret.tags).filter((tag) => tag.includes('compromised'))).toEqual([]);
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
  test('before the deactivation is carried on and told, with no second alarm', async () => {
    const { world, key } = settled();
    await failAt(world, 'iam:UpdateAccessKey Inactive', () => world.operate(emergency));
    await world.reconcile();
    expect(key.status).toBe('Inactive');
    expect(told(world)[0]).toBe('key-compromised owner+admin');
    expect(world.notices[0]!.code).toBe('KEY_COMPROMISED');
    expect(await world.rotate(world.outstanding)).toBeUndefined();
  });

  test('before its rotation is carried on, also in a freeze, and nobody is told to reactivate the key', async () => {
    const { world, key } = settled();
    world.slice = {
      ...world.slice!,
      limits: { maxFirstRotationsPerRun: 20, freeze: [{ from: '2026-11-20', to: '2026-12-24' }] },
    };
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

describe('one at a time', () => {
  test('a second command is refused while one is at work', async () => {
    const { world } = await rotated();
    const from = world.calls.length;
    let second: Promise<string | Error> | undefined;
    world.between = (index) => {
      if (index > from && world.calls[index] === 'iam:UpdateAccessKey Active' && !second)
        second = world.operate(rollback);
    };
    expect(await world.operate(rollback)).toContain('again');
    expect(await second).toMatchObject({ code: 'SECRET_BUSY' });
  });

  test('an emergency is refused while another is at work', async () => {
    const { world } = await rotated();
    let second: Promise<string | Error> | undefined;
    world.between = (index) => {
      if (world.calls[index] === 'iam:UpdateAccessKey Inactive' && !second) second = world.operate(emergency);
    };
    await world.operate(emergency);
    expect(await second).toMatchObject({ code: 'SECRET_BUSY' });
  });

  test('reconcile leaves a secret alone that an operator is at work on, and looks again afterwards', async () => {
    const { world } = await rotated();
    world.secret.tags['access-keys:lease'] = new Date(world.now.getTime() + 60_000).toISOString();
    const from = world.calls.length;
    const outcome = await world.reconcile();
    expect(world.calls.slice(from).filter((call) => /Update|Delete|Put(Secret|Resource)|Rotate/.test(call))).toEqual(
      [],
    );
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

test('an outstanding rotation is said to be attempted again only where Secrets Manager says so', async () => {
  const { world } = settled();
  world.startRotation();
  expect(await world.operate(rotateNow)).toMatch(/outstanding rotation .* is retried/);
  await failAt(
    world,
    'secretsmanager:RotateSecret',
    async () => expect(await world.operate(rotateNow)).toMatchObject({ name: 'ThrottlingException' }),
    'throttled',
  );
});
