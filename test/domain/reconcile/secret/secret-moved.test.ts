/** A user's secret gets another name, by the roster or because the IAM user was renamed: its keys stay the user's. */
import type { SliceUser } from '../../../../lambda/contract/slice';
import { settled } from '../../settled';
import { ANN, sliceOf, type World } from '../../world';

const DAY = 24;
const MOVED = '/access-key/elsewhere';
const codes = (world: World) => world.notices.flatMap(({ code }) => code ?? []);

async function live(world: World, hours: number): Promise<void> {
  for (let hour = 0; hour < hours; hour++) {
    world.pass(1);
    await world.reconcile();
  }
}

function become(world: World, change: Partial<SliceUser>): void {
  world.user = { ...world.user, ...change };
  world.slice = { ...sliceOf(world.user), generation: world.slice!.generation + 1 };
}

const move = (world: World, change: Partial<SliceUser> = {}): void =>
  become(world, { secretName: MOVED, formerSecretNames: [ANN.secretName], ...change });

/** A user with a key that nobody has used for weeks. */
async function quiet(user: SliceUser = ANN) {
  const { world, key, secret } = await settled(user);
  key.lastUse = {
    used: true,
    at: new Date(world.now.getTime() - 20 * DAY * 3_600_000),
    service: 's3',
    region: 'us-east-1',
  };
  return { world, key, secret };
}

describe.each(['retire', 'hold', 'delete'] as const)('a secret that moves, with unmanagedKeys: %s', (unmanagedKeys) => {
  test('takes its key along, and the key retires like any previous one', async () => {
    const { world, key } = await quiet({ ...ANN, unmanagedKeys });
    move(world);
    await world.reconcile();
    expect(world.keyOf('AWSCURRENT')).toEqual({ id: key.id, secret: key.secret });
    expect(world.secret.policy).toContain('user/people/ann');
    expect(await world.rotate(world.outstanding)).toBeUndefined();
    await live(world, 7 * DAY - 1);
    expect(key.status).toBe('Active');
    await live(world, 2);
    expect(key.status).toBe('Inactive');
    await live(world, 7 * DAY + 1);
    expect(world.keys.map(({ id }) => id)).toEqual([world.keyOf('AWSCURRENT')!.id]);
    expect(world.secret.tags).not.toHaveProperty(['access-keys:moved']);
    expect(world.rotationsAsked).toBe(1);
  });

  test('and moves back, leaves neither key to be taken for one that a person made', async () => {
    const { world, key } = await quiet({ ...ANN, unmanagedKeys });
    move(world);
    await world.reconcile();
    await world.rotate(world.outstanding);
    const successor = world.keyOf('AWSCURRENT')!;
    await live(world, DAY);
    become(world, { secretName: ANN.secretName, formerSecretNames: [MOVED] });
    await live(world, 3 * DAY);
    expect(world.keys.map(({ id, status }) => [id, status])).toEqual([
      [key.id, 'Active'],
      [successor.id, 'Active'],
    ]);
    await live(world, 12 * DAY);
    expect(world.keys.find(({ id }) => id === successor.id)?.status).not.toBe('Active');
    expect(world.works(world.keyOf('AWSCURRENT'))).toBe(true);
  });
});

describe('a secret that moves', () => {
  test('is said to have moved, once, and its user not to have left', async () => {
    const { world } = await quiet();
    move(world);
    await world.reconcile();
    await world.rotate(world.outstanding);
    await live(world, 3);
    expect(codes(world)).toEqual(['USER_MOVED']);
    expect(world.notices[0]).toMatchObject({ userName: 'ann', secretName: ANN.secretName });
    expect(world.notices[0]!.reason).toContain(`moved from ${ANN.secretName} to ${MOVED}`);
  });

  test('takes along what it knows of a retiring key, whose promised date stays', async () => {
    const { world, key } = await quiet();
    await world.rotate();
    await world.reconcile();
    const promised = world.secret.tags[`access-keys:retiring:${key.id}`];
    await live(world, 2 * DAY);
    move(world);
    await live(world, 1);
    expect(world.secret.tags[`access-keys:retiring:${key.id}`]).toBe(promised);
    await live(world, 4 * DAY);
    expect(key.status).toBe('Active');
    await live(world, 8 * DAY);
    expect([key.status, world.works(world.keyOf('AWSCURRENT'))]).toEqual(['Inactive', true]);
  });

  test('takes no key along that was declared compromised', async () => {
    const { world, key } = await quiet();
    await world.operate({ command: 'rotate', compromised: true, secretName: ANN.secretName });
    move(world);
    await world.reconcile();
    expect(world.keyOf('AWSCURRENT')).toBeUndefined();
    expect(world.secret.tags).toHaveProperty([`access-keys:compromised:${key.id}`]);
  });

  test.each(['wrong', 'Inactive'])(
    'takes no value along whose key is %s; the key is ours all the same',
    async (what) => {
      const { world, key, secret } = await quiet({ ...ANN, unmanagedKeys: 'delete' });
      if (what === 'Inactive') key.status = 'Inactive';
      const [version] = [...secret.versions.values()];
      if (what === 'wrong') version!.value = version!.value!.replace(key.secret, 'another/secret/of+an/example+key');
      move(world);
      await world.reconcile();
      expect(world.keyOf('AWSCURRENT')).toBeUndefined();
      await world.rotate(world.outstanding);
      await live(world, 6 * DAY);
      expect(world.keys).toContain(key);
    },
  );

  test('of an exempt user holds its key at once, and is not rotated', async () => {
    const { world, key } = await quiet();
    move(world, { exempt: { reason: 'vendor', approvedBy: 'ciso@example.com', until: '2027-06-30' } });
    await live(world, 3);
    expect([world.keyOf('AWSCURRENT')!.id, world.rotationsAsked]).toEqual([key.id, 0]);
  });

  test('is not made, and no key is touched, while the former one cannot be read', async () => {
    const { world, key } = await quiet({ ...ANN, unmanagedKeys: 'delete' });
    move(world);
    world.between = (call) =>
      void (world.calls[call] === 'secretsmanager:GetSecretValue' && world.faults.set(call, 'error'));
    await live(world, 3 * DAY);
    expect([...world.secrets.keys()]).toEqual([ANN.secretName]);
    expect(key.status).toBe('Active');
    expect(codes(world)).not.toContain('USER_RELEASED');
  });

  test('makes no room of its former key before that was recognised', async () => {
    const { world, key } = await quiet({ ...ANN, unmanagedKeys: 'delete' });
    const other = world.addKey({ ageHours: 900, usedHoursAgo: 800 });
    move(world);
    world.addSecret(other);
    expect(await world.rotate()).toMatchObject({ code: 'ROOM_NONE' });
    expect(world.keys).toContain(key);
  });
});

describe('an IAM user who was renamed', () => {
  test('is recognised by the unique id on the released secret, and keeps its key', async () => {
    const { world, key } = await quiet({ ...ANN, unmanagedKeys: 'delete' });
    become(world, { name: 'ann.lee', secretName: '/access-key/ann.lee' });
    await world.reconcile();
    expect(world.keyOf('AWSCURRENT')!.id).toBe(key.id);
    expect(JSON.parse([...world.secret.versions.values()][0]!.value!)).toMatchObject({ user_name: 'ann.lee' });
    expect(codes(world)).toEqual(['USER_MOVED']);
    await world.rotate(world.outstanding);
    await live(world, 7 * DAY - 1);
    expect(key.status).toBe('Active');
  });

  test('keeps a secret that the roster names for it as before, and is rotated in it', async () => {
    const { world, key, secret } = await quiet({ ...ANN, unmanagedKeys: 'delete' });
    become(world, { name: 'ann.lee' });
    await live(world, 2);
    expect(await world.rotate()).toBeUndefined();
    await live(world, 6 * DAY);
    expect([key.status, world.works(world.keyOf('AWSCURRENT'))]).toEqual(['Active', true]);
    expect(secret.tags['access-keys:user-name']).toBe('ann.lee');
    await live(world, 10 * DAY);
    expect(world.keys).not.toContain(key);
  });

  test('is not taken for the one whose unique id a secret without a key of its own claims', async () => {
    const { world, key } = await quiet();
    const stranger = { ...world.user, name: 'new', secretName: '/access-key/new' };
    world.secret.tags['access-keys:user-id'] = 'AIDANEW';
    Object.assign(world, { userId: 'AIDANEW', keys: [] });
    world.keysOfOthers.set(key.id, 'ann');
    become(world, stranger);
    await world.reconcile();
    expect(world.keyOf('AWSCURRENT')).toBeUndefined();
  });
});

describe('what somebody added to a value', () => {
  async function rotatedWith(added: (key: { id: string; secret: string }) => object): Promise<Record<string, unknown>> {
    const { world, key, secret } = await quiet();
    const [version] = [...secret.versions.values()];
    version!.value = JSON.stringify({ ...(JSON.parse(version!.value!) as object), ...added(key) });
    expect(await world.rotate()).toBeUndefined();
    const current = [...world.secret.versions.values()].find(({ stages }) => stages.has('AWSCURRENT'));
    return JSON.parse(current!.value!) as Record<string, unknown>;
  }

  test('is in the value of the next key too', async () => {
    const added = { endpoint: 'https://s3.example.com', retries: 3, tags: ['a'], nested: { region: 'eu-west-1' } };
    expect(await rotatedWith(() => added)).toMatchObject(added);
  });

  test.each<[string, (key: { id: string; secret: string }) => unknown]>([
    ['its secret', ({ secret }) => secret],
    ['its id within a text', ({ id }) => `key ${id}, made by hand`],
    ['both in an URL', ({ id, secret }) => `https://${id}:${encodeURIComponent(secret)}@example.com`],
    ['its secret in base64', ({ id, secret }) => Buffer.from(`${id}:${secret}`).toString('base64')],
    ['its secret deep inside', ({ secret }) => [{ profile: { secret } }]],
  ])('is left out where it holds the earlier key: %s', async (_, of) => {
    const value = await rotatedWith((key) => ({ mine: of(key), note: 'kept 100%' }));
    expect(value).toMatchObject({ note: 'kept 100%' });
    expect(value).not.toHaveProperty('mine');
  });
});
