/** What is reported as beginning and as over: once, when it is so, and not every hour anew. */
import { settled } from '../settled';
import type { World } from '../world';

const HOUR_MS = 3_600_000;
const codes = (world: World): string[] => world.notices.map(({ type, code = '' }) => `${type} ${code}`);

async function hours(world: World, count: number, each: (hour: number) => void = () => {}): Promise<void> {
  for (let hour = 0; hour < count; hour++) {
    world.now = new Date(world.now.getTime() + HOUR_MS);
    each(hour);
    await world.reconcile();
  }
}

test('a period that was just shortened makes a rotation due, and none that is late', async () => {
  const { world, key } = await settled();
  world.slice = { ...world.slice!, users: [{ ...world.user, rotateEveryHours: 24 * 15 }] };
  await hours(world, 1, () => world.use(key));
  expect(world.outstanding).toBeDefined();
  await world.reconcile();
  expect(await world.rotate(world.outstanding)).toBeUndefined();
  await hours(world, 3, () => world.use(key));
  expect(codes(world)).toEqual(['rotated ']);
});

test('a rotation that a shorter period made due is not late while other users come first', async () => {
  const { world, key } = await settled();
  world.slice = {
    ...world.slice!,
    limits: { maxFirstRotationsPerRun: 0, freeze: [] },
    users: [{ ...world.user, rotateEveryHours: 24 * 15 }],
  };
  await hours(world, 40, () => world.use(key));
  expect(codes(world)).toEqual([]);
});

test('that a user was replaced is over once the new one is adopted', async () => {
  const { world, secret } = await settled();
  Object.assign(world, { userId: 'AIDAOTHER', keys: [] });
  await hours(world, 2);
  Object.assign(secret, { deletedAt: world.now, rotationEnabled: false });
  await hours(world, 2);
  expect(codes(world).filter((code) => code.endsWith('USER_REPLACED'))).toEqual([
    'attention USER_REPLACED',
    'resolved USER_REPLACED',
  ]);
});

test('calls that are throttled in every other hour are reported once a day, and as over when they have stopped', async () => {
  const { world, key } = await settled();
  await hours(world, 47, (hour) => {
    world.use(key);
    world.between = (index) =>
      void (hour % 2 === 0 && world.calls[index] === 'iam:ListAccessKeys' && world.faults.set(index, 'throttled'));
  });
  world.between = () => {};
  expect(codes(world)).toEqual(['attention AWS_THROTTLED', 'attention AWS_THROTTLED']);
  await hours(world, 4, () => world.use(key));
  expect(codes(world).slice(2)).toEqual(['resolved AWS_THROTTLED']);
});

test('a roster that cannot be read, and can again, is reported as over', async () => {
  const { world } = await settled();
  const { slice } = world;
  world.slice = undefined;
  await hours(world, 1);
  world.slice = slice;
  await hours(world, 1);
  expect(codes(world)).toEqual(['attention SLICE_MISSING', 'resolved SLICE_MISSING']);
});

test('while Amazon SNS is down keys are seen to all the same, although the owner is not notified of the new one', async () => {
  const { world, key } = await settled();
  world.between = (index) => void (world.calls[index] === 'sns:Publish' && world.faults.set(index, 'error'));
  await world.rotate();
  for (let hour = 0; hour < 30 * 24 && key.status === 'Active'; hour++) {
    world.now = new Date(world.now.getTime() + HOUR_MS);
    await world.reconcile().catch(() => undefined);
  }
  expect([world.works(world.keyOf('AWSCURRENT')), key.status]).toEqual([true, 'Inactive']);
  world.between = () => {};
  await hours(world, 1);
  expect(codes(world)).toContain('rotated ');
});
