/** What people and other programs change behind the roster's back. */
import { become, codes, DAY, live, liveDays, rightBefore } from '../life';
import { settled } from '../settled';
import { ANN, World } from '../world';

describe('drift', () => {
  test('a resource policy that somebody changed is put back, and told once', async () => {
    const { world, secret } = await settled();
    const policy = secret.policy!;
    secret.policy = '{"Version":"2012-10-17","Statement":[]}';
    await world.reconcile();
    await world.reconcile();
    expect(secret.policy).toBe(policy);
    expect(codes(world)).toEqual(['attention POLICY_CHANGED']);
  });

  test('a change of the roster changes the policy without an alarm', async () => {
    const { world, secret } = await settled();
    become(world, {}, { readers: ['arn:aws:iam::333333333333:role/x'] });
    await world.reconcile();
    expect(secret.policy).toContain('role/x');
    expect(codes(world)).toEqual([]);
  });

  test('a cancelled rotation is scheduled again, and told once a day at most', async () => {
    const { world, secret } = await settled();
    secret.rotationEnabled = false;
    await world.reconcile();
    expect(secret.rotationEnabled).toBe(true);
    expect(codes(world)).toEqual(['attention ROTATION_CANCELLED']);
  });

  test('another rotation function is set back, and told', async () => {
    const { world, secret } = await settled();
    secret.functionArn = 'arn:aws:lambda:us-east-1:333333333333:function:theirs';
    await world.reconcile();
    expect(secret.functionArn).toContain('access-keys-rotate');
    expect(codes(world)).toEqual(['attention ROTATION_FUNCTION_CHANGED']);
  });

  test('a secret that was deleted by hand is restored, and told', async () => {
    const { world, secret } = await settled();
    Object.assign(secret, { deletedAt: world.now, rotationEnabled: false });
    await world.reconcile();
    expect(secret.deletedAt).toBeUndefined();
    expect(secret.rotationEnabled).toBe(true);
    expect(codes(world)[0]).toBe('attention SECRET_RESTORED');
  });

  test.each([
    ['by hand', 'was deleted manually'],
    ['by us', 'is back in the roster'],
  ])('a secret that was deleted %s is restored with these words', async (by, words) => {
    const { world, secret } = await settled();
    if (by === 'by us') become(world, {}, { state: 'retired' });
    if (by === 'by us') await liveDays(world, 20);
    else Object.assign(secret, { deletedAt: world.now, rotationEnabled: false });
    become(world, {}, { state: 'active' });
    await world.reconcile();
    expect(world.notices.find(({ code }) => code === 'SECRET_RESTORED')!.reason).toContain(words);
  });

  test('a secret that is gone for good is made anew, and its user adopted', async () => {
    const { world, key } = await settled();
    world.secrets.clear();
    await world.reconcile();
    expect(await world.rotate()).toBeUndefined();
    expect(world.works(world.keyOf('AWSCURRENT'))).toBe(true);
    expect(key.status).toBe('Active');
  });

  test('AWSCURRENT moved by hand stays where it is, and is told once; the key that is not current any more retires', async () => {
    const { world, key, secret } = await settled();
    await world.rotate();
    world.notices.length = 0;
    const newer = world.keyOf('AWSCURRENT')!;
    const [old] = [...secret.versions].find(([, { value }]) => value?.includes(key.id))!;
    for (const { stages } of secret.versions.values()) stages.delete('AWSCURRENT');
    secret.versions.get(old)!.stages.add('AWSCURRENT');
    await world.reconcile();
    await world.reconcile();
    expect(codes(world).filter((code) => code === 'attention CURRENT_CHANGED')).toHaveLength(1);
    await live(world, 20 * DAY, () => world.use(key));
    expect(key.status).toBe('Active');
    expect(world.keys.map(({ id }) => id)).not.toContain(newer.id);
  });

  test('a value edited by hand that keeps the key is told, and harms nothing', async () => {
    const { world, key, secret } = await settled();
    for (const { stages } of secret.versions.values()) stages.delete('AWSCURRENT');
    secret.versions.set('edited-000000000000000000000000000', {
      value: JSON.stringify({
        access_key_id: key.id,
        secret_access_key: key.secret,
        user_name: 'ann',
        account_id: '333333333333',
        note: 'mine',
      }),
      stages: new Set(['AWSCURRENT']),
    });
    await live(world, 3 * DAY);
    expect(codes(world)).toEqual(['attention CURRENT_CHANGED']);
    expect(key.status).toBe('Active');
  });

  test('a recreated user of the same name is another one: nothing of it is touched', async () => {
    const { world } = await settled();
    world.userId = 'AIDAOTHER';
    world.keys = [];
    const theirs = world.addKey({ ageHours: 5_000, usedHoursAgo: 4_000 });
    await live(world, 3 * DAY);
    expect(theirs.status).toBe('Active');
    expect(codes(world)[0]).toBe('attention USER_REPLACED');
  });

  test.each(['by hand, as advised', 'by its retirement'])(
    'a recreated user is adopted when the secret of the former one was deleted %s',
    async (how) => {
      const { world, key, secret } = await settled();
      await world.rotate();
      if (how === 'by its retirement') become(world, {}, { state: 'retired' });
      await liveDays(world, 20);
      Object.assign(world, { userId: 'AIDAOTHER', keys: [] });
      const theirs = world.addKey({ ageHours: 5_000, usedHoursAgo: 1 });
      await world.reconcile();
      if (how === 'by its retirement') become(world, {}, { state: 'active' });
      else Object.assign(secret, { deletedAt: world.now, rotationEnabled: false });
      await world.reconcile();
      expect(secret.tags['access-keys:user-id']).toBe('AIDAOTHER');
      expect(Object.keys(secret.tags).filter((tag) => tag.includes(key.id))).toEqual([]);
      expect(await world.rotate(world.outstanding)).toBeUndefined();
      expect(world.works(world.keyOf('AWSCURRENT'))).toBe(true);
      await liveDays(world, 3);
      expect(theirs.status).toBe('Active');
      expect(
        world.notices.find(
          ({ type, currentKeyId }) => type === 'rotated' && currentKeyId === world.keyOf('AWSCURRENT')!.id,
        )!.previousKey?.keyId,
      ).toBeUndefined();
      expect(codes(world).filter((code) => code === 'attention USER_REPLACED').length).toBeLessThan(2);
      expect(codes(world)).not.toContain('attention CURRENT_KEY_MISSING');
    },
  );

  test('a recreated user with two keys waits for room like any that is adopted', async () => {
    const { world, secret } = await settled();
    Object.assign(world, { userId: 'AIDAOTHER', keys: [] });
    const used = world.addKey({ ageHours: 5_000, usedHoursAgo: 1 });
    const quiet = world.addKey({ ageHours: 5_000, usedHoursAgo: 500 });
    Object.assign(secret, { deletedAt: world.now, rotationEnabled: false });
    await liveDays(world, 20, () => world.use(used));
    expect(world.keys).not.toContain(quiet);
    expect(await world.rotate(world.outstanding)).toBeUndefined();
    expect([used.status, world.works(world.keyOf('AWSCURRENT'))]).toEqual(['Active', true]);
  });

  test('the key of the former user is in no way of making room for the new one', async () => {
    const { world, secret } = await settled({ ...ANN, unmanagedKeys: 'delete' });
    Object.assign(world, { userId: 'AIDAOTHER', keys: [] });
    world.addKey({ ageHours: 5_000, usedHoursAgo: 1 });
    Object.assign(secret, { deletedAt: world.now, rotationEnabled: false });
    await world.reconcile();
    world.addKey({ ageHours: 5_000 });
    expect(await world.rotate(world.outstanding)).toBeUndefined();
  });

  test('a rotation that Secrets Manager forgot is started when it is late, and told of a day later', async () => {
    const { world, secret } = await settled();
    await live(world, 61 * DAY + 1, () => world.use(world.keys[0]!));
    expect(world.outstanding).toBeDefined();
    expect(codes(world)).not.toContain('attention ROTATION_OVERDUE');
    secret.versions.delete(world.outstanding!);
    world.slice = { ...world.slice!, limits: { maxFirstRotationsPerRun: 0, freeze: [] } };
    await live(world, 2 * DAY);
    expect(codes(world)).toContain('attention ROTATION_OVERDUE');
  });
});

test('a current key that somebody deactivated stays as it is, and the admins hear until it works again', async () => {
  const { world, key } = await settled();
  key.status = 'Inactive';
  await world.reconcile();
  await world.reconcile();
  expect(codes(world)).toEqual(['stored-key-unusable']);
  expect([key.status, world.keys.length]).toEqual(['Inactive', 1]);
  key.status = 'Active';
  await world.reconcile();
  expect(codes(world)).toEqual(['stored-key-unusable', 'resolved CURRENT_KEY_INACTIVE']);
});

test('of a current key that somebody deactivated the mail after a rotation does not say that it works', async () => {
  const { world, key } = await settled();
  key.status = 'Inactive';
  await world.rotate();
  const mail = world.notices.find(({ type }) => type === 'rotated')!;
  expect(mail.previousKey).toMatchObject({ kind: 'inactive', keyId: key.id });
});

test.each(['a secret that reconcile makes, and is cut off', 'a secret that was there'])(
  '%s is pinned to its user',
  async (which) => {
    const world = new World();
    if (which === 'a secret that was there') world.addSecret(world.addKey({ usedHoursAgo: 1 }));
    else
      rightBefore(world, 'secretsmanager:CreateSecret', () => world.faults.set(world.calls.length - 1, 'killed-after'));
    await world.reconcile();
    expect(world.secret.tags['access-keys:user-id']).toBe('AIDAANN');
    Object.assign(world, { userId: 'AIDAOTHER', keys: [] });
    await world.reconcile();
    expect(codes(world)).toContain('attention USER_REPLACED');
  },
);

test('a user who was renamed, or deleted, is told of; the secret and its schedule stay', async () => {
  const { world, secret } = await settled();
  world.userExists = false;
  await world.reconcile();
  await world.reconcile();
  expect(codes(world)).toEqual(['attention USER_MISSING']);
  expect(secret.rotationEnabled).toBe(true);
});

test('a pass that finds the lease held says nothing of conditions', async () => {
  const { world, key, secret } = await settled();
  key.status = 'Inactive';
  await world.reconcile();
  expect(codes(world)).toEqual(['stored-key-unusable']);
  secret.tags['access-keys:lease'] = new Date(world.now.getTime() + 60_000).toISOString();
  await world.reconcile();
  expect(codes(world)).toEqual(['stored-key-unusable']);
});
