/** The emergency: a key that is declared compromised. */
import { label, live } from '../life';
import { ANN } from '../world';
import { emergency, failAt, rollback, rotated, rotateNow, settled, told } from './fixture';

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
        if (world.calls[call] === 'secretsmanager:GetSecretValue' && ++looks === 2) label(world, stage, previous);
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
