/** What CloudTrail reports of rotations that failed. */
import type { RotationFailure } from '../../../../lambda/domain/reconcile/account/rotation-failed-event';
import { become, codes, live } from '../../life';
import { settled } from '../../settled';
import { ANN, World } from '../../world';

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
    expect(codes(world)).toEqual(['attention SLICE_MISSING', 'resolved SLICE_MISSING', 'attention ROTATION_FAILED']);
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
