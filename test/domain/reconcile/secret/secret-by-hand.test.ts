/** Secrets that people made, moved back or scheduled anew. */
import type { SliceUser } from '../../../../lambda/contract/slice';
import { settled } from '../../settled';
import { ANN, World } from '../../world';

const DAY = 24;
const codes = (world: World) => world.notices.flatMap(({ code, type }) => (type === 'resolved' ? [] : (code ?? type)));
const unknown = (world: World) => world.report!.unknown.map(({ code }) => code);

async function live(world: World, hours: number): Promise<void> {
  for (let hour = 0; hour < hours; hour++) {
    world.pass(1);
    await world.reconcile();
  }
}

/** A secret as the original article's rotator left it: two fields, a policy and a function of its own, no tag. */
function made(user: SliceUser = ANN, change: (value: Record<string, string>) => object = (value) => value) {
  const world = new World(user);
  const key = world.addKey({ ageHours: 30 * DAY, usedHoursAgo: 1 });
  const secret = world.addSecret(key);
  const value = change({ access_key_id: key.id, secret_access_key: key.secret });
  Object.assign([...secret.versions.values()][0]!, { value: JSON.stringify(value) });
  Object.assign(secret, { tags: {}, functionArn: 'arn:aws:lambda:us-east-1:333333333333:function:their-rotator' });
  return { world, key, secret, text: JSON.stringify(value) };
}

const ADOPTED: SliceUser = { ...ANN, adoptSecret: true };

describe('a secret that somebody else made', () => {
  test('is neither overwritten nor tagged, and the admins read of the way out once', async () => {
    const { world, secret, text } = made();
    await live(world, 3);
    expect([...secret.versions.values()].map(({ value }) => value)).toEqual([text]);
    expect([secret.tags, secret.policy, unknown(world)]).toEqual([{}, undefined, ['SECRET_NOT_OURS']]);
    expect(codes(world)).toEqual(['SECRET_NOT_OURS']);
    expect(world.notices[0]!.nextStep).toMatch(/secretName of its own.*adoptSecret: true.*loses access/);
  });

  test.each([ANN, ADOPTED])('and deleted is never restored, also not with adoptSecret', async (user) => {
    const { world, secret } = made(user);
    secret.deletedAt = world.now;
    await live(world, 3);
    expect([secret.deletedAt, unknown(world)]).toEqual([expect.any(Date), ['SECRET_NOT_OURS']]);
  });

  test('that lost its tags is ours while our function rotates it; deleted as well, it is not', async () => {
    const { world, secret } = await settled();
    secret.rotationEnabled = false;
    await world.reconcile();
    secret.tags = {};
    await world.reconcile();
    expect(world.report!.users).toHaveLength(1);
    secret.tags = {};
    secret.deletedAt = world.now;
    await live(world, 3);
    expect([secret.deletedAt, unknown(world)]).toEqual([expect.any(Date), ['SECRET_NOT_OURS']]);
  });

  test('is taken over with adoptSecret, with its key and what else is in it', async () => {
    const { world, key, secret } = made(ADOPTED, (value) => ({ ...value, note: 'theirs' }));
    await live(world, 3);
    expect(codes(world)).toEqual(['SECRET_ADOPTED']);
    expect(secret.policy).toContain('user/people/ann');
    expect(world.keyOf('AWSCURRENT')!.id).toBe(key.id);
    expect(await world.rotate()).toBeUndefined();
    const current = [...secret.versions.values()].find(({ stages }) => stages.has('AWSCURRENT'))!;
    expect(JSON.parse(current.value!)).toMatchObject({ user_name: 'ann', account_id: '333333333333', note: 'theirs' });
    await live(world, 7 * DAY - 1);
    expect(key.status).toBe('Active');
    await live(world, 8 * DAY);
    expect(world.keys).not.toContain(key);
    expect(secret.tags).not.toHaveProperty(['access-keys:adopted']);
  });

  test('is taken over once, and what people change afterwards is reported again', async () => {
    const { world, secret } = made(ADOPTED);
    await live(world, 3);
    secret.functionArn = 'arn:aws:lambda:us-east-1:333333333333:function:their-rotator';
    secret.policy = '{"Version":"2012-10-17","Statement":[]}';
    await live(world, 1);
    expect(codes(world)).toEqual(['SECRET_ADOPTED', 'POLICY_CHANGED', 'ROTATION_FUNCTION_CHANGED']);
  });

  test.each<[string, (of: ReturnType<typeof made>) => void]>([
    ['is not the user’s', ({ world, key }) => void (world.keys = world.keys.filter((own) => own !== key))],
    ['is Inactive', ({ key }) => void (key.status = 'Inactive')],
    ['does not work', ({ key }) => void Object.assign(key, { secret: 'another/secret/of+an/example+key' })],
    ['is in other fields', ({ secret, key }) => void ([...secret.versions.values()][0]!.value = `{"id":"${key.id}"}`)],
    ['is in no JSON', ({ secret }) => void ([...secret.versions.values()][0]!.value = 'mine')],
  ])('is not taken over with adoptSecret when its key %s', async (_, change) => {
    const all = made(ADOPTED);
    change(all);
    await live(all.world, 2);
    expect([all.secret.tags, unknown(all.world)]).toEqual([{}, ['SECRET_NOT_OURS']]);
    expect(all.world.notices[0]!.reason).toContain('although adoptSecret says so');
  });
});
describe('an AWSCURRENT that was moved back to a key that works', () => {
  async function movedBack(how: 'by a person' | 'by a rollback') {
    const { world, key, secret } = await settled();
    await world.rotate();
    await live(world, 2);
    world.notices.length = 0;
    if (how === 'by a rollback') await world.operate({ command: 'rollback', secretName: ANN.secretName });
    else {
      const [older, newer] = [...secret.versions.values()];
      newer!.stages = new Set(['AWSPREVIOUS']);
      older!.stages = new Set(['AWSCURRENT', 'KEY_RETIRING']);
    }
    await live(world, 2);
    return { world, key };
  }

  test.each(['by a person', 'by a rollback'] as const)('%s is reported and left for a whole period', async (how) => {
    const { world, key } = await movedBack(how);
    expect(codes(world)).toContain(how === 'by a person' ? 'CURRENT_CHANGED' : 'ROLLED_BACK');
    for (let day = 0; day < 89; day++) {
      world.pass(DAY);
      world.use(key);
      await world.reconcile();
    }
    expect([world.rotationsAsked, world.keyOf('AWSCURRENT')!.id]).toEqual([0, key.id]);
    expect(codes(world)).not.toContain('ROTATION_OVERDUE');
    await live(world, 3 * DAY);
    expect(world.rotationsAsked).toBeGreaterThan(0);
  });

  test('with another field beside the same key is reported, and rotates when it is due', async () => {
    const { world, secret } = await settled();
    await world.rotate();
    await live(world, 9 * DAY);
    const stored = [...secret.versions.values()].find(({ stages }) => stages.has('AWSCURRENT'))!;
    const value = JSON.stringify({ ...(JSON.parse(stored.value!) as object), region: 'eu-west-1' });
    for (const { stages } of secret.versions.values()) stages.delete('AWSPREVIOUS');
    stored.stages = new Set(['AWSPREVIOUS']);
    secret.versions.set('by-hand', { value, stages: new Set(['AWSCURRENT']) });
    await live(world, 80 * DAY);
    expect([codes(world).includes('CURRENT_CHANGED'), world.rotationsAsked]).toEqual([true, 0]);
    await live(world, 4 * DAY);
    expect(world.rotationsAsked).toBeGreaterThan(0);
  });

  test('is not left beyond reason: an instant that is still to come delays nothing', async () => {
    const { world, key, secret } = await settled();
    const current = [...secret.versions.keys()][0]!;
    secret.tags['access-keys:foreign-current'] = `${current} 2099-01-01T00:00:00.000Z`;
    for (let day = 0; day < 62; day++) {
      world.pass(DAY);
      world.use(key);
      await world.reconcile();
    }
    expect(world.rotationsAsked).toBeGreaterThan(0);
  });
});

describe('a rotation schedule', () => {
  test.each<[string, object]>([
    ['another period', { schedule: 'rate(5 days)' }],
    ['a window', { window: '3h' }],
  ])('that somebody changed to %s is set back and reported once', async (_, change) => {
    const { world, secret } = await settled();
    await world.reconcile();
    Object.assign(secret, change);
    await live(world, 2);
    expect([secret.schedule, secret.window]).toEqual(['rate(90 days)', undefined]);
    expect(codes(world)).toEqual(['SCHEDULE_CHANGED']);
  });

  test('that the roster changed is set, and nobody is said to have done it', async () => {
    const { world, secret } = await settled();
    await world.reconcile();
    world.slice = { ...world.slice!, generation: 2, users: [{ ...ANN, rotateEveryHours: 60 * DAY }] };
    await live(world, 2);
    expect([secret.schedule, codes(world)]).toEqual(['rate(60 days)', []]);
  });
});
