/** A user whom the roster retires. */
import { become, codes, DAY, live, liveDays, moveAtLastLook, rightBefore, sinceReadAgain } from '../life';
import { settled } from '../settled';
import { ANN, World } from '../world';

const hasReadAgain = (world: World): boolean => sinceReadAgain(world).length > 0;

describe('a user who retires', () => {
  test('loses the key once it is quiet, then after a rest the key and the secret, each step told', async () => {
    const { world, key, secret } = await settled();
    become(world, {}, { state: 'retired' });
    await live(world, 8 * DAY, () => world.use(key));
    expect(key.status).toBe('Active');
    expect(secret.rotationEnabled).toBe(false);
    await live(world, 3 * DAY);
    expect(key.status).toBe('Inactive');
    await live(world, 5 * DAY);
    expect(world.keys).toContain(key);
    await live(world, 4 * DAY);
    expect(world.keys).toEqual([]);
    expect(secret.deletedAt).toBeDefined();
    expect([...new Set(codes(world))]).toEqual([
      'attention USER_RETIRES',
      'action-needed',
      'attention KEY_STILL_USED',
      'previous-key-deactivated',
      'resolved KEY_STILL_USED',
      'attention USER_RETIRED',
    ]);
    expect(world.recorded.map(({ type }) => type)).toContain('previous-key-deleted');
  });

  test('who comes back before the deletion works as before', async () => {
    const { world, key, secret } = await settled();
    become(world, {}, { state: 'retired' });
    await live(world, 12 * DAY);
    expect(key.status).toBe('Inactive');
    become(world, {}, { state: 'active' });
    await world.reconcile();
    expect(key.status).toBe('Active');
    expect(secret.rotationEnabled).toBe(true);
    expect(world.keyOf('AWSCURRENT')!.id).toBe(key.id);
    expect(codes(world)).toContain('attention USER_RESTORED');
    await live(world, 10 * DAY);
    expect(key.status).toBe('Active');
  });

  test('is not over while the key before the current one is still used, or a person has made another', async () => {
    const { world, key } = await settled();
    await world.rotate();
    become(world, {}, { state: 'retired' });
    await liveDays(world, 30, () => world.use(key));
    expect(world.keys).toEqual([key]);
    expect(world.secret.deletedAt).toBeUndefined();
    expect(world.report!.users[0]).toMatchObject({
      keys: [{ keyId: key.id, role: 'retiring' }],
      conditions: ['KEY_STILL_USED', 'RETIREMENT_WAITS'],
    });
    await liveDays(world, 12);
    expect([world.keys, world.secret.deletedAt !== undefined]).toEqual([[], true]);
    expect(codes(world).slice(-2)).toEqual(['resolved RETIREMENT_WAITS', 'attention USER_RETIRED']);
  });

  test('waits for a person where the roster holds the keys that people made', async () => {
    const { world } = await settled({ ...ANN, unmanagedKeys: 'hold' });
    const theirs = world.addKey({ ageHours: 5_000, usedHoursAgo: 4_000 });
    become(world, {}, { state: 'retired' });
    await liveDays(world, 30);
    expect(world.keys).toEqual([theirs]);
    expect(world.report!.users[0]).toMatchObject({ keys: [{ keyId: theirs.id }], conditions: ['RETIREMENT_WAITS'] });
    expect(world.notices.find(({ code }) => code === 'RETIREMENT_WAITS')!.nextStep).toContain(
      'until someone deletes it',
    );
    world.keys = [];
    await world.reconcile();
    expect(world.secret.deletedAt).toBeDefined();
  });

  test('before the first rotation loses all keys that people made, and then the secret', async () => {
    const world = new World();
    world.addKey({ ageHours: 5_000, usedHoursAgo: 4_000 });
    world.addSecret();
    become(world, {}, { state: 'retired' });
    await liveDays(world, 20);
    expect([world.keys, world.secret.deletedAt !== undefined]).toEqual([[], true]);
  });

  test.each(['retire', 'delete'] as const)(
    'and was never managed loses every key once it is quiet, and then the secret that saw to that (unmanagedKeys: %s)',
    async (unmanagedKeys) => {
      const world = new World({ ...ANN, state: 'retired', unmanagedKeys });
      const used = world.addKey({ usedHoursAgo: 1 });
      world.addKey({ usedHoursAgo: 500 });
      await liveDays(world, 12, () => world.use(used));
      expect([world.keys.includes(used), used.status]).toEqual([true, 'Active']);
      await liveDays(world, 12);
      expect([world.keys, world.secret.deletedAt !== undefined]).toEqual([[], true]);
      expect(world.rotationsAsked).toBe(0);
      expect(codes(world)).toContain('attention USER_RETIRED');
    },
  );

  test('and was never managed is left as it is while its account leaves, or where the roster holds such keys', async () => {
    const leaving = new World({ ...ANN, state: 'retired' });
    leaving.slice = { ...leaving.slice!, state: 'leaving' };
    const holding = new World({ ...ANN, state: 'retired', unmanagedKeys: 'hold' });
    for (const world of [leaving, holding]) {
      const key = world.addKey({ usedHoursAgo: 500 });
      await liveDays(world, 20);
      expect([world.keys, key.status]).toEqual([[key], 'Active']);
    }
    expect(leaving.report!.users).toMatchObject([{ conditions: ['KEYS_LEFT'] }]);
    expect(holding.report!.users).toMatchObject([{ conditions: ['RETIREMENT_WAITS'] }]);
  });

  test('and whose secret is deleted already, has every key that IAM knows in the report', async () => {
    const { world: ended } = await settled({ ...ANN, state: 'retired' });
    await liveDays(ended, 20);
    const late = ended.addKey({});
    await ended.reconcile();
    expect(ended.report!.users).toMatchObject([{ keys: [{ keyId: late.id }], conditions: ['KEYS_LEFT'] }]);
  });

  test('and is deleted by hand ends with the secret, also in the middle of a rotation', async () => {
    for (const rotating of [false, true]) {
      const { world, secret } = await settled();
      if (rotating) await world.step('createSecret', world.startRotation());
      become(world, {}, { state: 'retired' });
      await live(world, 2);
      Object.assign(world, { userExists: false, keys: [] });
      await world.reconcile();
      expect(secret.deletedAt).toBeDefined();
      expect(codes(world)).not.toContain('attention USER_MISSING');
    }
  });

  test('whose secret a person restores loses it again', async () => {
    const { world, secret } = await settled();
    become(world, {}, { state: 'retired' });
    await liveDays(world, 20);
    secret.deletedAt = undefined;
    await live(world, 2);
    expect(secret.deletedAt).toBeDefined();
  });

  test('and uses the deactivated key, or is seen to at the last moment, keeps it until it is quiet', async () => {
    const { world, key, secret } = await settled();
    become(world, {}, { state: 'retired' });
    await liveDays(world, 8);
    expect(key.status).toBe('Inactive');
    await liveDays(world, 9, () => world.use(key));
    expect(world.report!.users[0]!.conditions).toEqual(['KEY_STILL_USED']);
    world.between = (call) =>
      void (world.calls[call] === 'iam:GetAccessKeyLastUsed' && hasReadAgain(world) && world.use(key));
    await live(world, 60);
    expect([world.keys.length, secret.deletedAt]).toEqual([1, undefined]);
    world.between = () => {};
    await live(world, 50);
    expect([world.keys.length, secret.deletedAt !== undefined]).toEqual([0, true]);
  });

  test.each([
    ['deactivated', 6],
    ['deleted', 13],
  ] as const)('whose key is current no more right before it is %s keeps it as it is', async (_, days) => {
    const { world, key } = await settled();
    become(world, {}, { state: 'retired' });
    await liveDays(world, days);
    const { status } = key;
    moveAtLastLook(world, 'AWSCURRENT', world.addKey({ usedHoursAgo: 1 }), 1);
    await liveDays(world, 2);
    expect(world.keyOf('AWSCURRENT')!.id).not.toBe(key.id);
    expect(key.status).toBe(status);
    expect(world.keys).toContain(key);
    expect(world.secret.deletedAt).toBeUndefined();
  });

  test('whose key cannot be deactivated is told of to owner and admin', async () => {
    const { world, key } = await settled();
    become(world, {}, { state: 'retired' });
    rightBefore(world, 'iam:UpdateAccessKey Inactive', () => world.faults.set(world.calls.length - 1, 'error'));
    await liveDays(world, 9);
    expect(key.status).toBe('Active');
    expect(world.notices.find(({ type }) => type === 'retirement-failed')).toMatchObject({
      audience: ['owner', 'admin'],
      code: 'AWS_FAILED',
    });
    const publishes = (): number => world.calls.filter((call) => call === 'sns:Publish').length;
    const published = publishes();
    await live(world, 20);
    expect(publishes() - published).toBeLessThanOrEqual(1);
    world.between = () => {};
    await liveDays(world, 1);
    expect(world.notices.find(({ type }) => type === 'previous-key-deactivated')).toMatchObject({
      audience: ['owner', 'admin'],
    });
    expect(key.status).toBe('Inactive');
  });

  test.each(['hand', 'emergency'] as const)(
    'whose key was deactivated before, by %s, does not get it back by coming back',
    async (by) => {
      const { world, key } = await settled();
      if (by === 'hand') key.status = 'Inactive';
      else await world.operate({ command: 'rotate', secretName: ANN.secretName, compromised: true });
      become(world, {}, { state: 'retired' });
      await liveDays(world, 5);
      become(world, {}, { state: 'active' });
      await world.reconcile();
      expect(key.status).toBe('Inactive');
      expect(world.notices.find(({ code }) => code === 'USER_RESTORED')!.reason).toContain('stays deactivated');
    },
  );

  test('whose deactivated key is declared compromised does not get it back either', async () => {
    const { world, key } = await settled();
    become(world, {}, { state: 'retired' });
    await liveDays(world, 9);
    await world.operate({ command: 'rotate', secretName: ANN.secretName, compromised: true });
    become(world, {}, { state: 'active' });
    await world.reconcile();
    expect(key.status).toBe('Inactive');
  });

  test('whose key somebody else deactivated does not get it back by coming back', async () => {
    const { world, key } = await settled();
    become(world, {}, { state: 'retired' });
    await live(world, 2);
    key.status = 'Inactive';
    become(world, {}, { state: 'active' });
    await world.reconcile();
    expect(key.status).toBe('Inactive');
  });

  test('who comes back after the deletion is a new adoption', async () => {
    const { world, secret } = await settled();
    become(world, {}, { state: 'retired' });
    await live(world, 30 * DAY);
    expect(secret.deletedAt).toBeDefined();
    become(world, {}, { state: 'active' });
    await world.reconcile();
    expect(secret.deletedAt).toBeUndefined();
    expect(await world.rotate()).toBeUndefined();
    expect(world.works(world.keyOf('AWSCURRENT'))).toBe(true);
  });

  test.each(['killed-before', 'killed-after', 'error', 'lost'] as const)(
    'ends all the same when any one call of the way is %s',
    async (fault) => {
      const way = async (fail?: number) => {
        const { world } = await settled();
        become(world, {}, { state: 'retired' });
        const first = world.calls.length;
        if (fail !== undefined) world.faults.set(first + fail, fault);
        // a run whose report cannot be written fails; the next one goes on
        await live(world, 3).catch(() => undefined);
        await liveDays(world, 30);
        return { world, calls: world.calls.length - first };
      };
      for (let fail = 0; fail < 40; fail += 3) {
        const { world } = await way(fail);
        expect({ fail, keys: world.keys, deleted: world.secret.deletedAt !== undefined }).toEqual({
          fail,
          keys: [],
          deleted: true,
        });
      }
    },
  );
});
