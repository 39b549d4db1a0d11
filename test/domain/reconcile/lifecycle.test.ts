/** Drift, resting users, the end of users, and what keeps a bad day small. */
import type { RotationFailure } from '../../../lambda/domain/reconcile/account/rotation-failed-event';
import type { RosterSlice, SliceUser } from '../../../lambda/contract/slice';
import { settled } from '../settled';
import { ANN, sliceOf, World } from '../world';

type StoredSecret = World['secret'];

const codes = (world: World): string[] =>
  world.notices.map(({ type, code }) => (type === 'attention' || type === 'resolved' ? `${type} ${code}` : type));
const DAY = 24;

async function live(world: World, hours: number, each: () => void = () => {}): Promise<void> {
  for (let hour = 0; hour < hours; hour++) {
    world.pass(1);
    each();
    await world.reconcile();
  }
}

/** The same by quarters of a day, for the long ways. */
async function liveDays(world: World, days: number, each: () => void = () => {}): Promise<void> {
  for (let quarter = 0; quarter < days * 4; quarter++) {
    world.pass(6);
    each();
    await world.reconcile();
  }
}

/** A deed right before each call of that name, from now on. */
function before(world: World, name: string, deed: () => void): void {
  world.between = (call) => void (world.calls[call] === name && deed());
}

/** What this run has called since it began to read again for an act; nothing while it has not. */
function sinceReadAgain({ calls }: World): readonly string[] {
  const run = calls.slice(calls.lastIndexOf('s3:GetObject slice'));
  const again = run.indexOf('iam:ListAccessKeys', run.indexOf('iam:ListAccessKeys') + 1);
  return again < 0 ? [] : run.slice(again);
}

const hasReadAgain = (world: World): boolean => sinceReadAgain(world).length > 0;

/** Somebody puts another key under the label before the second look at it since a pass read again for an act, or before the first. */
function moveAtLastLook(
  world: World,
  stage: 'AWSCURRENT' | 'AWSPENDING',
  key: { id: string; secret: string },
  looks = 2,
): void {
  world.between = (call) => {
    if (
      world.calls[call] !== 'secretsmanager:GetSecretValue' ||
      sinceReadAgain(world).filter((name) => name === 'secretsmanager:GetSecretValue').length < looks
    )
      return;
    world.between = () => {};
    label(world, stage, key);
  };
}

function label(world: World, stage: string, { id, secret }: { id: string; secret: string }): void {
  for (const { stages } of world.secret.versions.values()) stages.delete(stage);
  world.secret.versions.set('edited-000000000000000000000000000', {
    value: JSON.stringify({
      access_key_id: id,
      secret_access_key: secret,
      user_name: 'ann',
      account_id: '333333333333',
    }),
    stages: new Set([stage]),
  });
}

const become = (world: World, change: Partial<RosterSlice>, user: Partial<SliceUser> = {}): void => {
  world.slice = { ...sliceOf({ ...world.user, ...user }), generation: (world.slice?.generation ?? 0) + 1, ...change };
};

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
    else before(world, 'secretsmanager:CreateSecret', () => world.faults.set(world.calls.length - 1, 'killed-after'));
    await world.reconcile();
    expect(world.secret.tags['access-keys:user-id']).toBe('AIDAANN');
    Object.assign(world, { userId: 'AIDAOTHER', keys: [] });
    await world.reconcile();
    expect(codes(world)).toContain('attention USER_REPLACED');
  },
);

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

test('a user who was renamed, or deleted, is told of; the secret and its schedule stay', async () => {
  const { world, secret } = await settled();
  world.userExists = false;
  await world.reconcile();
  await world.reconcile();
  expect(codes(world)).toEqual(['attention USER_MISSING']);
  expect(secret.rotationEnabled).toBe(true);
});

test('a key that a person made stays when the roster comes to hold such keys before it is deactivated', async () => {
  const { world } = await settled();
  const theirs = world.addKey({ ageHours: 5_000, usedHoursAgo: 4_000 });
  await live(world, 3 * DAY);
  become(world, {}, { unmanagedKeys: 'hold' });
  await live(world, 20 * DAY);
  expect(theirs.status).toBe('Active');
});

describe('rotation events', () => {
  const event = (world: World, name: 'RotationFailed' | 'RotationAbandoned') => ({
    name,
    secretId: world.user.secretName,
    at: world.now.toISOString(),
  });

  test('an abandoned rotation of which nothing is left reaches the admins, unless we gave it up', async () => {
    const { world } = await settled();
    world.secret.versions.get(world.startRotation())!.stages.clear();
    await world.reconcile(event(world, 'RotationAbandoned'));
    expect(codes(world)).toEqual(['attention ROTATION_ABANDONED']);
    world.startRotation();
    become(world, { state: 'leaving' });
    await world.reconcile();
    expect(world.outstanding).toBeUndefined();
    await world.reconcile(event(world, 'RotationAbandoned'));
    expect(codes(world)).toEqual(['attention ROTATION_ABANDONED']);
  });

  test('a failure of which the function told is not told again', async () => {
    const { world } = await settled();
    const token = world.startRotation();
    world.between = (index) => void (world.calls[index] === 'iam:CreateAccessKey' && world.faults.set(index, 'error'));
    await world.step('createSecret', token);
    world.between = () => {};
    expect(codes(world)).toEqual(['rotation-failed']);
    await world.reconcile(event(world, 'RotationFailed'));
    expect(codes(world)).toEqual(['rotation-failed']);
  });

  test('a failure of which the function told is not told again when its version has lost its labels', async () => {
    const { world } = await settled();
    const token = world.startRotation();
    await world.step('createSecret', token);
    world.keys = world.keys.filter(({ id }) => id !== world.keyOf('AWSPENDING')!.id);
    world.pass(1);
    expect(await world.step('createSecret', token)).toMatchObject({ code: 'PENDING_KEY_GONE' });
    expect(world.secret.versions.get(token)!.stages.size).toBe(0);
    await world.reconcile(event(world, 'RotationFailed'));
    expect(codes(world)).toEqual(['rotation-failed']);
  });

  test('a failure of a function that never ran reaches the admins', async () => {
    const { world } = await settled();
    world.startRotation();
    await world.reconcile(event(world, 'RotationFailed'));
    expect(codes(world)).toEqual(['attention ROTATION_FAILED']);
  });

  test('asks for a look at its own user, not at the whole account', async () => {
    const { world } = await settled();
    world.slice = { ...world.slice!, users: [ANN, { ...ANN, name: 'ben', secretName: '/access-key/ben' }] };
    const looks = async (occurrence?: RotationFailure): Promise<number> => {
      const before = world.calls.length;
      await world.reconcile(occurrence);
      return world.calls.slice(before).filter((call) => call === 'iam:GetUser').length;
    };
    expect(await looks()).toBe(2);
    world.startRotation();
    expect(await looks(event(world, 'RotationFailed'))).toBe(1);
    world.forget();
    const reported = world.report;
    expect(await looks(event(world, 'RotationFailed'))).toBe(1);
    expect(world.report).toBe(reported);
    expect(await looks()).toBe(2);
  });

  test('a failure that is heard of while the roster cannot be read is told by the next run', async () => {
    const { world } = await settled();
    world.startRotation();
    const { slice } = world;
    world.slice = undefined;
    await world.reconcile(event(world, 'RotationFailed'));
    world.slice = slice;
    await world.reconcile();
    expect(codes(world)).toEqual(['attention SLICE_MISSING', 'attention ROTATION_FAILED']);
  });

  test('a failure after the promotion, of which the function told, is not told again', async () => {
    const { world } = await settled();
    let published = 0;
    world.between = (index) =>
      void (world.calls[index] === 'sns:Publish' && published++ === 0 && world.faults.set(index, 'error'));
    await world.rotate();
    world.between = () => {};
    expect(codes(world)).toEqual(['rotation-partial']);
    await world.reconcile(event(world, 'RotationFailed'));
    expect(codes(world)).toEqual(['rotation-partial', 'rotated']);
  });

  test('a rotation that waits for room is told once a day, whatever attempts come in between', async () => {
    const { world } = await settled({ ...ANN, unmanagedKeys: 'hold' });
    world.addKey({ ageHours: 5_000, usedHoursAgo: 1 });
    const token = world.startRotation();
    for (let hour = 0; hour < 22; hour++) {
      await world.rotate(token);
      await live(world, 2);
    }
    expect(codes(world)).toEqual(['rotation-failed', 'action-needed', 'attention ROTATION_WAITS']);
  });
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

describe('exemptions', () => {
  const exempt = { reason: 'vendor appliance', approvedBy: 'ciso@example.com', until: '2026-12-31' };

  test('are told two weeks before their end, once, and rotation resumes after it with the old key kept', async () => {
    const { world, key } = await settled({ ...ANN, exempt });
    await live(world, 23 * DAY);
    expect(codes(world)).toEqual([]);
    expect(world.report!.users[0]).toMatchObject({ exempt });
    await live(world, 10 * DAY);
    expect(codes(world)).toEqual(['attention EXEMPTION_ENDS']);
    expect(world.secret.rotationEnabled).toBe(false);
    await live(world, 6 * DAY, () => world.use(key));
    expect(world.secret.rotationEnabled).toBe(true);
    expect(key.status).toBe('Active');
    expect(codes(world)).toEqual(['attention EXEMPTION_ENDS', 'resolved EXEMPTION_ENDS']);
  });
});

describe('a freeze', () => {
  const freeze = [{ from: '2026-12-20', to: '2027-01-03' }];

  test('calls the schedule off before it begins and puts it back after it, without an alarm', async () => {
    const { world, secret } = await settled();
    become(world, { limits: { maxFirstRotationsPerRun: 20, freeze } });
    await live(world, 25 * DAY);
    expect(secret.rotationEnabled).toBe(true);
    await live(world, 2 * DAY);
    expect(secret.rotationEnabled).toBe(false);
    await live(world, 15 * DAY);
    expect(secret.rotationEnabled).toBe(true);
    expect(codes(world)).toEqual([]);
  });

  test('lets a rotation that has begun finish', async () => {
    const { world, secret } = await settled();
    become(world, { limits: { maxFirstRotationsPerRun: 20, freeze: [{ from: '2026-11-24', to: '2026-12-24' }] } });
    const token = world.startRotation();
    await world.step('createSecret', token);
    await world.reconcile();
    expect(secret.rotationEnabled).toBe(true);
    expect(await world.rotate(token)).toBeUndefined();
  });

  test('does not stop an emergency', async () => {
    const { world } = await settled();
    become(world, { limits: { maxFirstRotationsPerRun: 20, freeze: [{ from: '2026-11-24', to: '2026-12-24' }] } });
    await world.reconcile();
    expect(await world.operate({ command: 'rotate', secretName: ANN.secretName })).toContain('has started');
    expect(await world.rotate()).toBeUndefined();
  });
});

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
    before(world, 'iam:UpdateAccessKey Inactive', () => world.faults.set(world.calls.length - 1, 'error'));
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

describe('leaving the roster', () => {
  test('a removed user who is put back is rotated again', async () => {
    const { world, secret } = await settled();
    world.slice = { ...sliceOf(), generation: 2 };
    await world.reconcile();
    expect(secret.rotationEnabled).toBe(false);
    world.slice = { ...sliceOf(ANN), generation: 3 };
    await world.reconcile();
    expect(secret.rotationEnabled).toBe(true);
    expect(secret.tags['access-keys:released']).toBeUndefined();
    expect(codes(world)).toEqual(['attention USER_RELEASED']);
  });

  test('is told to the admin once', async () => {
    const { world } = await settled();
    for (const generation of [2, 3, 4]) {
      world.slice = { ...sliceOf(), generation };
      await world.reconcile();
    }
    expect(world.notices.map(({ code, audience }) => [code, audience])).toEqual([['USER_RELEASED', ['admin']]]);
  });

  test('is not released while a rotation is outstanding, although somebody called it off', async () => {
    const { world, secret } = await settled();
    await world.step('createSecret', world.startRotation());
    become(world, { state: 'leaving' });
    await world.reconcile();
    secret.rotationEnabled = false;
    await world.reconcile();
    expect(world.report).toMatchObject({ released: false });
  });

  test('an account that leaves calls all off, keeps keys and secrets, and reports released', async () => {
    const { world, key, secret } = await settled();
    become(world, { state: 'leaving' });
    await world.reconcile();
    await world.reconcile();
    expect(secret.rotationEnabled).toBe(false);
    expect(key.status).toBe('Active');
    expect(world.report).toMatchObject({ released: true });
  });

  test('is not released while a rotation is under way, which is finished first', async () => {
    const { world } = await settled();
    const token = world.startRotation();
    await world.step('createSecret', token);
    become(world, { state: 'leaving' });
    await world.reconcile();
    expect(world.report).toMatchObject({ released: false });
    expect(await world.rotate(token)).toBeUndefined();
    await world.reconcile();
    await world.reconcile();
    expect(world.report).toMatchObject({ released: true });
    expect(world.works(world.keyOf('AWSCURRENT'))).toBe(true);
  });
});

const others = (count: number): SliceUser[] =>
  Array.from({ length: count }, (_, index) => ({ ...ANN, name: `u${index}`, secretName: `/access-key/u${index}` }));

test('users who wait for their first rotation are looked at when it is their turn', async () => {
  const world = new World();
  world.slice = { ...sliceOf(...others(10)), limits: { maxFirstRotationsPerRun: 3, freeze: [] } };
  await world.reconcile();
  for (const [turn, started] of [
    [1, 6],
    [2, 9],
    [3, 10],
  ] as const) {
    const before = world.calls.length;
    world.pass(1 / 60);
    await world.reconcile({ name: 'RotationAbandoned', secretId: 'of another product', at: '' });
    expect(world.calls.slice(before).filter((call) => call === 'iam:GetUser')).toHaveLength(turn === 3 ? 1 : 3);
    expect(
      [...world.secrets.values()].filter(({ versions }) =>
        [...versions.values()].some(({ stages }) => stages.has('AWSPENDING')),
      ),
    ).toHaveLength(started);
  }
});

describe('many failures', () => {
  test('stop new rotations but one as a probe, and are told with their end', async () => {
    const world = new World();
    world.slice = sliceOf(...others(8));
    await world.reconcile();
    const pending = (): number =>
      [...world.secrets.values()].filter(({ versions }) =>
        [...versions.values()].some(({ stages }) => stages.has('AWSPENDING')),
      ).length;
    expect(pending()).toBe(8);
    for (const secret of world.secrets.values()) {
      const [token] = [...secret.versions].find(([, { stages }]) => stages.has('AWSPENDING'))!;
      secret.tags['access-keys:failed'] = `${token} AccessDenied ${world.now.toISOString()}`;
    }
    await world.reconcile();
    world.slice = { ...sliceOf(...others(8), ...others(20).slice(8)), generation: 2 };
    world.notices.length = 0;
    await world.reconcile();
    expect(codes(world)).toContain('attention CIRCUIT_OPEN');
    expect(pending()).toBe(9);
    for (const secret of world.secrets.values())
      for (const { stages } of secret.versions.values()) stages.delete('AWSPENDING');
    await world.reconcile();
    await world.reconcile();
    expect(codes(world)).toContain('resolved CIRCUIT_OPEN');
  });

  test.each([
    [9, 100, 1],
    [10, 100, 0],
    [2, 9, 1],
    [3, 9, 0],
  ])('%i of %i let a new container start %i more than its probe', async (failing, users, more) => {
    const world = new World();
    world.slice = { ...sliceOf(...others(users)), limits: { maxFirstRotationsPerRun: failing, freeze: [] } };
    await world.reconcile();
    const started = (): StoredSecret[] =>
      [...world.secrets.values()].filter(({ versions }) =>
        [...versions.values()].some(({ stages }) => stages.has('AWSPENDING')),
      );
    for (const secret of started()) {
      const [token] = [...secret.versions].find(([, { stages }]) => stages.has('AWSPENDING'))!;
      secret.tags['access-keys:failed'] = `${token} AccessDenied ${world.now.toISOString()}`;
    }
    world.slice = { ...world.slice, limits: { maxFirstRotationsPerRun: 2, freeze: [] } };
    world.forget();
    await world.reconcile();
    expect(started()).toHaveLength(failing + 1 + more);
  });
});
