/** Step createSecret. */
import { ANN, World } from '../world';
import { codes, settled } from './fixture';

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
