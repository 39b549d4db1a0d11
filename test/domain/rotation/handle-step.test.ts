/** A rotation as a whole, and what every step checks. */
import { ANN, sliceOf, World } from '../world';
import { codes, SEED, settled } from './fixture';

describe('a rotation', () => {
  test('leaves a new key in AWSCURRENT, the previous one Active, and tells the owner once', async () => {
    const { world, current } = settled();
    expect(await world.rotate()).toBeUndefined();
    expect(world.works(world.keyOf('AWSCURRENT'))).toBe(true);
    expect(world.keyOf('AWSCURRENT')!.id).not.toBe(current.id);
    expect(current.status).toBe('Active');
    expect(codes(world)).toEqual(['rotated owner']);
    expect(world.notices[0]).toMatchObject({
      currentKeyId: world.keyOf('AWSCURRENT')!.id,
      previousKey: { kind: 'works', keyId: current.id, until: expect.stringMatching(/^2026-12-01T00:00/) },
    });
  });

  test('keeps the previous version by the label KEY_RETIRING and takes AWSPENDING off', async () => {
    const { world, current } = settled();
    await world.rotate();
    expect(world.keyOf('KEY_RETIRING')?.id).toBe(current.id);
    expect(world.keyOf('AWSPENDING')).toBeUndefined();
  });

  test('of a secret without a key is the first one and retires nothing', async () => {
    const world = new World();
    world.addSecret();
    expect(await world.rotate()).toBeUndefined();
    expect(world.works(world.keyOf('AWSCURRENT'))).toBe(true);
    expect(world.notices[0]!.previousKey).toEqual({ kind: 'none' });
  });

  test("that is the first begins at a moment of the user's own, later ones at once", async () => {
    const waited = async (world: World): Promise<number> => {
      const from = world.now.getTime();
      let at = 0;
      world.between = (index) => void (world.calls[index] === 'iam:CreateAccessKey' && (at = world.now.getTime()));
      await world.rotate();
      return at - from;
    };
    const first = async (name: string): Promise<number> => {
      const world = new World({ ...ANN, name, secretName: `/access-key/${name}` });
      world.addSecret();
      return waited(world);
    };
    const delays = [await first('ann'), await first('ben'), await first('cleo')];
    expect(new Set(delays).size).toBe(3);
    for (const delay of delays) expect(delay).toBeLessThan(20_000);
    expect(await first('ann')).toBe(delays[0]);
    expect(await waited(settled().world)).toBe(0);
  });

  test('with keepPreviousFor 0d deletes the previous key in finishSecret, deactivated first', async () => {
    const { world, current } = settled(SEED);
    expect(await world.rotate()).toBeUndefined();
    expect(world.keys.map(({ id }) => id)).toEqual([world.keyOf('AWSCURRENT')!.id]);
    expect(world.keyOf('AWSCURRENT')!.id).not.toBe(current.id);
    const deeds = world.calls.filter((name) => /UpdateAccessKey|DeleteAccessKey/.test(name));
    expect(deeds).toEqual(['iam:UpdateAccessKey Inactive', 'iam:DeleteAccessKey']);
    expect(world.notices).toMatchObject([{ type: 'rotated', previousKey: { kind: 'gone', keyId: current.id } }]);
    expect(Object.keys(world.secret.tags).filter((tag) => tag.startsWith('access-keys:retiring:'))).toEqual([]);
  });

  test('whose previous key cannot be deleted tells owner and admin, and still counts as finished', async () => {
    const { world } = settled(SEED);
    const token = world.startRotation();
    for (const step of ['createSecret', 'setSecret', 'testSecret']) await world.step(step, token);
    world.between = (index) => {
      if (world.calls[index] === 'iam:UpdateAccessKey Inactive') world.faults.set(index, 'error');
    };
    expect(await world.step('finishSecret', token)).toBeUndefined();
    expect(codes(world)).toEqual(['rotation-partial AWS_FAILED owner+admin']);
  });

  test('called again after it finished changes nothing and tells nobody', async () => {
    const { world } = settled();
    const token = world.startRotation();
    await world.rotate(token);
    const before = JSON.stringify([
      world.keys,
      [...world.secret.versions].map(([id, { stages }]) => [id, [...stages]]),
    ]);
    expect(await world.rotate(token)).toBeUndefined();
    expect(JSON.stringify([world.keys, [...world.secret.versions].map(([id, { stages }]) => [id, [...stages]])])).toBe(
      before,
    );
    expect(codes(world)).toEqual(['rotated owner']);
  });
});

describe('the guards', () => {
  const refusals: [string, (world: World) => void, string][] = [
    ['a secret of no roster user', (world) => (world.slice = sliceOf()), 'SECRET_NOT_IN_ROSTER'],
    ['a missing slice', (world) => (world.slice = undefined), 'SLICE_MISSING'],
    [
      "another account's slice",
      (world) => (world.slice = { ...sliceOf(ANN), accountId: '444444444444' }),
      'SLICE_INVALID',
    ],
    [
      'a slice older than the one applied',
      (world) => (world.secret.tags['access-keys:generation'] = '7'),
      'SLICE_OUTDATED',
    ],
    ['a secret without rotation', (world) => (world.secret.rotationEnabled = false), 'SECRET_ROTATION_DISABLED'],
    [
      'an exempt user',
      (world) => (world.slice = sliceOf({ ...ANN, exempt: { reason: 'x', approvedBy: 'y', until: '2026-11-24' } })),
      'USER_NOT_ROTATED',
    ],
    ['a retired user', (world) => (world.slice = sliceOf({ ...ANN, state: 'retired' })), 'USER_NOT_ROTATED'],
  ];
  test.each(refusals)('refuse %s before any IAM call', async (_name, spoil, code) => {
    const { world } = settled();
    const token = world.startRotation();
    spoil(world);
    expect(await world.step('createSecret', token)).toMatchObject({ code });
    expect(world.calls.filter((name) => name.startsWith('iam:'))).toEqual([]);
  });

  test.each([
    ['an unknown step', 'dropSecret', 'token-000000000000000000000000000000', 'EVENT_INVALID'],
    ['a token that is too short', 'createSecret', 'short', 'EVENT_INVALID'],
    ['a token of no version', 'createSecret', 'token-999999999999999999999999999999', 'TOKEN_UNKNOWN'],
  ])('refuse %s', async (_name, step, token, code) => {
    const { world } = settled();
    expect(await world.step(step, token)).toMatchObject({ code });
    expect(world.calls.filter((name) => name.startsWith('iam:'))).toEqual([]);
  });

  test('refuse the token of a version without AWSPENDING and AWSCURRENT', async () => {
    const { world } = settled();
    const token = world.startRotation();
    world.secret.versions.get(token)!.stages.clear();
    expect(await world.step('createSecret', token)).toMatchObject({ code: 'TOKEN_NOT_PENDING' });
  });

  test.each([
    ['is not JSON', 'hello'],
    ['is half a key', JSON.stringify({ user_name: 'ann', account_id: '333333333333', access_key_id: 'AKIA' })],
    ["is another user's", JSON.stringify({ user_name: 'bob', account_id: '333333333333' })],
  ])('refuse a current value that %s, without quoting it', async (_name, value) => {
    const { world } = settled();
    const token = world.startRotation();
    world.secret.versions.get('first-version-00000000000000000000')!.value = value;
    const failure = await world.step('createSecret', token);
    expect(failure).toMatchObject({ code: expect.stringMatching(/^SECRET_VALUE_/) });
    expect(failure!.message).not.toContain(value);
    expect(world.calls.filter((name) => name.startsWith('iam:'))).toEqual([]);
  });
});

describe.each(['testSecret', 'finishSecret'])("another user's key under this user's name", (step) => {
  test(`is not let through by ${step}: the current key stays, and the admins hear`, async () => {
    const { world, current } = settled();
    const token = world.startRotation();
    const theirs = {
      access_key_id: 'AKIAIOSFODNN7EXAMPLE',
      secret_access_key: 'not-a-real-secret-of-somebody-else-xxxxx',
    };
    world.keysOfOthers.set(theirs.access_key_id, 'ben');
    world.secret.versions.get(token)!.value = JSON.stringify({
      ...theirs,
      user_name: 'ann',
      account_id: '333333333333',
    });
    expect(await world.step(step, token)).toMatchObject({
      code: 'KEY_IDENTITY_WRONG',
      message: expect.stringContaining('user/people/ben'),
    });
    expect(world.keyOf('AWSCURRENT')!.id).toBe(current.id);
    expect(world.keys).toEqual([current]);
    expect(codes(world)).toEqual(['rotation-failed KEY_IDENTITY_WRONG admin']);
    expect(JSON.stringify([world.notices, world.recorded, world.logLines])).not.toContain(theirs.secret_access_key);
  });
});

test('no secret access key enters a notice or a log line', async () => {
  const { world } = settled();
  await world.rotate();
  await world.reconcile();
  const told = JSON.stringify([world.notices, world.recorded, world.logLines, world.report]);
  expect(told).toContain('ann');
  for (const { secret } of world.pairs) expect(told).not.toContain(secret);
});
