/** Reports of rotations that fail: once a day and user, whoever reports them, and never what is not known. */
import { settled } from '../settled';
import { ANN, type World } from '../world';

const HOUR_MS = 3_600_000;
const codes = (world: World): string[] => world.notices.map(({ type, code = '' }) => `${type} ${code}`);
const event = (world: World, name: 'RotationFailed' | 'RotationAbandoned' = 'RotationFailed') => ({
  name,
  secretId: world.user.secretName,
  at: world.now.toISOString(),
});
const passHours = (world: World, hours: number): void => {
  world.now = new Date(world.now.getTime() + hours * HOUR_MS);
};

/** Every call of this kind by this function fails. */
function refuse(world: World, call: string): void {
  world.between = (index) => void (world.calls[index] === call && world.faults.set(index, 'error'));
}

test('events of a function that leaves no record are reported once a day, and say nothing of whether it ran', async () => {
  const { world } = await settled();
  world.startRotation();
  for (let hour = 0; hour < 48; hour++) {
    await world.reconcile(event(world));
    await world.reconcile(event(world, 'RotationAbandoned'));
    passHours(world, 1);
  }
  expect(codes(world).length).toBeLessThanOrEqual(3);
  expect(codes(world)[0]).toBe('attention ROTATION_FAILED');
  expect(world.notices.map(({ reason }) => reason).join()).not.toMatch(/did not run|never ran/);
});

test('attempts that fail for ever another reason are reported once a day', async () => {
  const { world } = await settled();
  const token = world.startRotation();
  for (let hour = 0; hour < 48; hour++) {
    refuse(world, hour % 2 === 0 ? 'iam:CreateAccessKey' : 'iam:GetUser');
    await world.step('createSecret', token);
    world.between = () => {};
    await world.reconcile(event(world));
    passHours(world, 1);
  }
  expect(codes(world)).toEqual(['rotation-failed AWS_FAILED', 'attention ROTATION_FAILS']);
});

test('a rotation that fails hours after another is not reported on the same day, and is on the next', async () => {
  const { world } = await settled();
  for (let hour = 0; hour < 30; hour += 6) {
    const token = world.startRotation();
    refuse(world, 'iam:CreateAccessKey');
    await world.step('createSecret', token);
    world.between = () => {};
    world.secret.versions.get(token)!.stages.clear();
    passHours(world, 6);
    await world.reconcile();
  }
  expect(codes(world)).toEqual(['rotation-failed AWS_FAILED', 'rotation-failed AWS_FAILED']);
});

test('a roster that the rotate function may not read is reported once a day, by its call, and not as a function that did not run', async () => {
  const { world } = await settled();
  const token = world.startRotation();
  for (let hour = 0; hour < 23; hour++) {
    refuse(world, 's3:GetObject slice');
    expect(await world.step('createSecret', token)).toBeInstanceOf(Error);
    world.between = () => {};
    await world.reconcile(event(world));
    passHours(world, 1);
  }
  expect(codes(world)).toEqual(['attention AWS_FAILED']);
});

test('what could not be published when it happened is reported by reconcile, when all events are lost too', async () => {
  const { world } = await settled();
  const token = world.startRotation();
  world.between = (index) =>
    void (/CreateAccessKey|sns:Publish/.test(world.calls[index]!) && world.faults.set(index, 'error'));
  await world.step('createSecret', token);
  await world.reconcile().catch(() => undefined);
  world.between = () => {};
  expect(codes(world)).toEqual([]);
  expect(await world.rotate(token)).toBeUndefined();
  passHours(world, 1);
  await world.reconcile();
  expect(codes(world)).toEqual(['rotated ', 'attention ROTATION_FAILED']);
  expect(world.notices[1]!.reason).toContain('AWS_FAILED');
  expect(world.notices[1]!.nextStep).toContain('that rotation is no longer outstanding');
  for (let hour = 0; hour < 30; hour++) {
    passHours(world, 1);
    await world.reconcile();
  }
  expect(codes(world).filter((code) => code === 'attention ROTATION_FAILED')).toHaveLength(1);
});

test('a wait for room that ends after days is followed by a rotation at once, and by no report of one that fails', async () => {
  const { world, key } = await settled({ ...ANN, unmanagedKeys: 'hold' });
  const theirs = world.addKey({ ageHours: 1_000, usedHoursAgo: 1 });
  const token = world.startRotation();
  for (let hour = 0; hour < 60; hour++) {
    await world.rotate(token);
    passHours(world, 1);
    world.use(key);
    await world.reconcile();
  }
  world.keys = world.keys.filter((other) => other !== theirs);
  const asked = world.rotationsAsked;
  await world.reconcile();
  passHours(world, 1 / 12);
  await world.reconcile();
  expect(world.rotationsAsked).toBeGreaterThan(asked);
  expect(codes(world)).not.toContain('attention ROTATION_FAILS');
  expect(await world.rotate(token)).toBeUndefined();
  await world.reconcile();
  expect(codes(world)).not.toContain('attention ROTATION_FAILS');
});
