import type { SliceUser } from '../../../lambda/contract/slice';
import { ANN, sliceOf, World } from '../world';

const SEED: SliceUser = { ...ANN, keepPreviousForHours: 0, quietForHours: 0, unmanagedKeys: 'delete' };

/** A user in the middle of life: AWSCURRENT holds a working key. */
function settled(user: SliceUser = ANN) {
  const world = new World(user);
  const current = world.addKey({ usedHoursAgo: 1 });
  world.addSecret(current);
  return { world, current };
}

const codes = (world: World) =>
  world.notices.map(({ type, code, audience }) => [type, code, audience.join('+')].filter(Boolean).join(' '));

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

describe('createSecret', () => {
  test('run twice makes one key', async () => {
    const { world } = settled();
    const token = world.startRotation();
    await world.step('createSecret', token);
    await world.step('createSecret', token);
    expect(world.keys).toHaveLength(2);
    expect(world.calls.filter((name) => name === 'iam:CreateAccessKey')).toHaveLength(1);
  });

  test('abandons a rotation whose stored key was deleted, and the next one succeeds', async () => {
    const { world } = settled();
    const token = world.startRotation();
    await world.step('createSecret', token);
    const pending = world.keyOf('AWSPENDING')!;
    world.keys = world.keys.filter(({ id }) => id !== pending.id);
    world.pass(1);
    expect(await world.rotate(token)).toMatchObject({ code: 'PENDING_KEY_GONE' });
    expect(world.startRotation()).not.toBe(token);
    expect(await world.rotate()).toBeUndefined();
  });

  test('takes a key that is not listed yet for existing while lists may lag', async () => {
    const { world } = settled();
    const token = world.startRotation();
    await world.step('createSecret', token);
    const pending = world.keyOf('AWSPENDING')!;
    const hidden = world.keys.filter(({ id }) => id === pending.id);
    world.keys = world.keys.filter(({ id }) => id !== pending.id);
    expect(await world.step('createSecret', token)).toBeUndefined();
    world.keys.push(...hidden);
    expect(await world.step('testSecret', token)).toBeUndefined();
  });

  test('stops and touches nothing when the current key is gone and two others exist', async () => {
    const { world, current } = settled();
    world.keys = world.keys.filter(({ id }) => id !== current.id);
    world.addKey();
    world.addKey();
    const before = JSON.stringify(world.keys);
    expect(await world.rotate()).toMatchObject({ code: 'CURRENT_KEY_MISSING' });
    expect(JSON.stringify(world.keys)).toBe(before);
    expect(codes(world)).toEqual(['rotation-failed CURRENT_KEY_MISSING admin']);
  });

  test('names the key that stands in the way when there is no room', async () => {
    const { world } = settled();
    const other = world.addKey({ usedHoursAgo: 3 });
    const failure = await world.rotate();
    expect(failure).toMatchObject({ code: 'ROOM_NONE', message: expect.stringContaining(other.id.slice(-4)) });
    expect(failure!.message).toContain('by s3 in us-east-1');
    expect(world.keys.map(({ status }) => status)).toEqual(['Active', 'Active']);
  });

  test.each([
    ['retire', 'one of them is retired once it is no longer used; then the rotation starts automatically'],
    [
      'hold',
      'a key that a rotation replaced is deleted once it is no longer used; any other key is kept, as the roster says, until someone deletes it; then the rotation starts automatically',
    ],
  ] as const)('says how room comes where unmanaged keys are to %s', async (unmanagedKeys, next) => {
    const { world } = settled({ ...ANN, unmanagedKeys });
    world.addKey({ usedHoursAgo: 3 });
    expect(await world.rotate()).toMatchObject({ code: 'ROOM_NONE', nextStep: next });
    const adopted = new World({ ...ANN, unmanagedKeys });
    for (const usedHoursAgo of [1, 2]) adopted.addKey({ usedHoursAgo });
    await adopted.reconcile();
    await adopted.reconcile();
    expect(adopted.notices).toMatchObject([{ code: 'ROTATION_WAITS', nextStep: next }]);
  });

  test('makes room by a retiring key that is Inactive and quiet, and by no other', async () => {
    const { world, current } = settled();
    const retiring = world.addKey({ status: 'Inactive', usedHoursAgo: 100 });
    world.secret.tags[`access-keys:retiring:${retiring.id}`] = 'inactive 2026-11-20T00:00:00.000Z 0 -';
    expect(await world.rotate()).toBeUndefined();
    expect(world.keys.map(({ id }) => id)).toEqual([current.id, world.keyOf('AWSCURRENT')!.id]);
  });

  test('never makes room by an Inactive key that was used within quietFor', async () => {
    const { world } = settled();
    const retiring = world.addKey({ status: 'Inactive', usedHoursAgo: 3 });
    world.secret.tags[`access-keys:retiring:${retiring.id}`] = 'inactive 2026-11-23T22:00:00.000Z 0 -';
    expect(await world.rotate()).toMatchObject({ code: 'ROOM_NONE' });
    expect(world.keys).toContain(retiring);
  });

  test('with unmanagedKeys delete makes room by a quiet unmanaged key', async () => {
    const { world } = settled({ ...ANN, unmanagedKeys: 'delete' });
    const unmanaged = world.addKey({ usedHoursAgo: 100 });
    expect(await world.rotate()).toBeUndefined();
    expect(world.keys).not.toContain(unmanaged);
  });

  test('does not take an error of GetAccessKeyLastUsed for quiet', async () => {
    const { world } = settled({ ...ANN, unmanagedKeys: 'delete' });
    const unmanaged = world.addKey({ usedHoursAgo: 100 });
    world.between = (index) => {
      if (world.calls[index] === 'iam:GetAccessKeyLastUsed') world.faults.set(index, 'error');
    };
    expect(await world.rotate()).toBeInstanceOf(Error);
    expect(world.keys).toContain(unmanaged);
    expect(unmanaged.status).toBe('Active');
  });

  test('never takes a key that a person made between intent and CreateAccessKey for an orphan', async () => {
    const { world } = settled();
    const token = world.startRotation();
    let byHand: ReturnType<World['addKey']> | undefined;
    world.between = (index) => {
      if (world.calls[index] === 'iam:CreateAccessKey' && !byHand) byHand = world.addKey({ ageHours: 0 });
    };
    expect(await world.step('createSecret', token)).toMatchObject({ name: 'LimitExceededException' });
    world.pass(1);
    expect(await world.step('createSecret', token)).toMatchObject({ code: 'ROOM_NONE' });
    expect(byHand!.status).toBe('Active');
    expect(world.keys).toContain(byHand);
  });

  test('deletes the key of an interrupted attempt once that attempt can no longer run', async () => {
    const { world, current } = settled();
    const token = world.startRotation();
    world.between = (index) => {
      if (
        world.calls[index] === 'iam:CreateAccessKey' &&
        world.calls.filter((name) => name === 'iam:CreateAccessKey').length === 1
      )
        world.faults.set(index, 'killed-after');
    };
    await world.step('createSecret', token);
    const orphan = world.keys.find(({ id }) => id !== current.id)!;
    world.pass(1 / 60);
    expect(await world.step('createSecret', token)).toMatchObject({ code: 'ROOM_PENDING' });
    world.pass(1);
    expect(await world.rotate(token)).toBeUndefined();
    expect(world.keys).not.toContain(orphan);
  });

  test('replaces a current key that is missing although two interrupted attempts have taken both places', async () => {
    const { world } = settled();
    world.keys = [];
    const token = world.startRotation();
    world.between = (index) =>
      void (
        world.calls[index] === 'iam:CreateAccessKey' &&
        world.keys.length < 2 &&
        world.faults.set(index, 'killed-after')
      );
    await world.step('createSecret', token);
    world.pass(1 / 60);
    await world.step('createSecret', token);
    world.between = () => {};
    expect(world.keys).toHaveLength(2);
    world.pass(1);
    expect(await world.rotate(token)).toBeUndefined();
    expect(world.works(world.keyOf('AWSCURRENT'))).toBe(true);
  });
});

describe('testSecret', () => {
  test('demands three successes in a row', async () => {
    const { world } = settled();
    await world.rotate();
    const proofs = world.calls.filter((name) => name === 'sts:GetCallerIdentity');
    expect(proofs.length).toBeGreaterThan(3);
  });

  test('of a version without a value tries role and user only', async () => {
    const { world } = settled();
    const token = world.startRotation();
    expect(await world.step('testSecret', token)).toBeUndefined();
    expect(world.calls).toContain('iam:GetUser');
    expect(world.calls).not.toContain('sts:GetCallerIdentity');
  });

  test('fails in time when the key never works, the current key unchanged', async () => {
    const { world, current } = settled();
    const token = world.startRotation();
    await world.step('createSecret', token);
    world.keys.find(({ id }) => id !== current.id)!.status = 'Inactive';
    expect(await world.step('testSecret', token)).toMatchObject({ code: 'KEY_NOT_PROPAGATED' });
    expect(world.keyOf('AWSCURRENT')!.id).toBe(current.id);
  });

  test('fails for a user that was deleted and created again', async () => {
    const { world } = settled();
    world.secret.tags['access-keys:user-id'] = 'AIDAFORMER';
    world.keys = [];
    world.addKey();
    expect(await world.rotate()).toMatchObject({ code: 'USER_REPLACED' });
    expect(world.keys).toHaveLength(1);
  });
});

describe('setSecret', () => {
  test('activates a pending key that was deactivated', async () => {
    const { world, current } = settled();
    const token = world.startRotation();
    await world.step('createSecret', token);
    const pending = world.keys.find(({ id }) => id !== current.id)!;
    pending.status = 'Inactive';
    expect(await world.step('setSecret', token)).toBeUndefined();
    expect(pending.status).toBe('Active');
  });
});

describe('finishSecret', () => {
  test('refuses a version without a value', async () => {
    const { world, current } = settled();
    expect(await world.step('finishSecret', world.startRotation())).toMatchObject({ code: 'PENDING_EMPTY' });
    expect(world.keyOf('AWSCURRENT')!.id).toBe(current.id);
  });

  test('refuses a key that is not Active', async () => {
    const { world, current } = settled();
    const token = world.startRotation();
    await world.step('createSecret', token);
    world.keys.find(({ id }) => id !== current.id)!.status = 'Inactive';
    expect(await world.step('finishSecret', token)).toMatchObject({ code: 'PENDING_KEY_NOT_ACTIVE' });
    expect(world.keyOf('AWSCURRENT')!.id).toBe(current.id);
  });

  test('refuses a key that IAM lists as Active and that does not work', async () => {
    const { world, current } = settled();
    const token = world.startRotation();
    for (const step of ['createSecret', 'setSecret', 'testSecret']) await world.step(step, token);
    const pending = world.keys.find(({ id }) => id !== current.id)!;
    Object.assign(pending, { secret: 'another-one-than-what-is-stored-xxxxxxxx' });
    expect(await world.step('finishSecret', token)).toMatchObject({ code: 'PENDING_KEY_NOT_ACTIVE' });
    expect(world.keyOf('AWSCURRENT')!.id).toBe(current.id);
    expect(world.secret.tags[`access-keys:retiring:${current.id}`]).toBeUndefined();
  });

  test('bears that a proved key is unknown once more in one place', async () => {
    const { world } = settled();
    const token = world.startRotation();
    for (const step of ['createSecret', 'setSecret', 'testSecret']) await world.step(step, token);
    const pending = world.keys.find(({ id }) => id === world.keyOf('AWSPENDING')!.id)!;
    const { createdAt } = pending;
    world.between = (index) =>
      void (pending.createdAt =
        world.calls[index] === 'sts:GetCallerIdentity' && world.calls[index - 1] !== 'sts:GetCallerIdentity'
          ? world.now
          : createdAt);
    expect(await world.step('finishSecret', token)).toBeUndefined();
    expect(world.keyOf('AWSCURRENT')!.id).toBe(pending.id);
  });

  test('whose AWSPENDING a rollback took off meanwhile has finished, and nobody is told of a failure', async () => {
    const { world, current } = settled();
    world.between = async (index) => {
      if (
        world.calls[index] !== 'secretsmanager:UpdateSecretVersionStage' ||
        world.calls[index - 1] !== 'secretsmanager:TagResource' ||
        codes(world)[0] !== 'rotated owner'
      )
        return;
      world.between = () => {};
      await world.operate({ command: 'rollback', secretName: ANN.secretName });
    };
    expect(await world.rotate()).toBeUndefined();
    expect(world.keyOf('AWSCURRENT')!.id).toBe(current.id);
    expect(codes(world)).toEqual(['rotated owner', 'rolled-back ROLLED_BACK owner+admin']);
  });

  test('on a promoted version whose notice failed tells the owner when it is called again', async () => {
    const { world } = settled();
    const token = world.startRotation();
    for (const step of ['createSecret', 'setSecret', 'testSecret']) await world.step(step, token);
    let failed = false;
    world.between = (index) => {
      if (world.calls[index] === 'sns:Publish' && !failed) {
        failed = true;
        world.faults.set(index, 'error');
      }
    };
    expect(await world.step('finishSecret', token)).toBeInstanceOf(Error);
    expect(codes(world)).toEqual(['rotation-partial AWS_FAILED admin']);
    expect(await world.rotate(token)).toBeUndefined();
    expect(codes(world)).toEqual(['rotation-partial AWS_FAILED admin', 'rotated owner']);
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
