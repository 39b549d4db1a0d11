/** What owners are notified of because only they can act, what waits for a date they were given, and keys that nobody knows. */
import { settled } from '../settled';
import { ANN, World } from '../world';

const HOUR_MS = 3_600_000;
const said = (world: World): string[] =>
  world.notices.map(({ type, code = '', audience }) => `${type} ${code} ${audience.join('+')}`.replace('  ', ' '));

async function hours(world: World, count: number, each: () => void = () => {}): Promise<void> {
  for (let hour = 0; hour < count; hour++) {
    world.now = new Date(world.now.getTime() + HOUR_MS);
    each();
    await world.reconcile();
  }
}

/** Adopted with one key that its owner uses. */
function adopted(announced: number) {
  const world = new World({ ...ANN, announceFirstRotationHours: announced });
  return { world, key: world.addKey({ ageHours: 1_000, usedHoursAgo: 1 }) };
}

describe('announceFirstRotation', () => {
  test('names a date to owner and admins, and the rotation waits for it', async () => {
    const { world, key } = adopted(72);
    await hours(world, 3, () => world.use(key));
    expect(said(world)).toEqual(['first-rotation-announced owner+admin']);
    const startsAt = Date.parse(world.notices[0]!.startsAt!);
    expect(startsAt - Date.parse(world.notices[0]!.occurredAt)).toBe(72 * HOUR_MS);
    while (world.now.getTime() + HOUR_MS < startsAt) {
      expect(world.rotationsAsked).toBe(0);
      await hours(world, 1, () => world.use(key));
    }
    await hours(world, 2, () => world.use(key));
    expect(world.rotationsAsked).toBe(1);
    expect(said(world)).toEqual(['first-rotation-announced owner+admin']);
  });

  test('waits with whatever makes room for it', async () => {
    const { world, key } = adopted(30 * 24);
    const quiet = world.addKey({ ageHours: 5_000, usedHoursAgo: 4_000 });
    await hours(world, 25 * 24, () => world.use(key));
    expect(quiet.status).toBe('Active');
  });

  test('counts from the notice: one that cannot be sent is not yet announced', async () => {
    const { world, key } = adopted(24);
    world.between = (index) => void (world.calls[index] === 'sns:Publish' && world.faults.set(index, 'error'));
    for (let hour = 0; hour < 30; hour++) {
      world.now = new Date(world.now.getTime() + HOUR_MS);
      world.use(key);
      await world.reconcile().catch(() => undefined);
    }
    world.between = () => {};
    expect(world.rotationsAsked).toBe(0);
    await hours(world, 2, () => world.use(key));
    const [announcement] = world.notices.filter(({ type }) => type === 'first-rotation-announced');
    expect(Date.parse(announcement!.startsAt!)).toBeGreaterThan(world.now.getTime() + 21 * HOUR_MS);
  });

  test('a date that was named stays when the roster comes to say more', async () => {
    const { world, key } = adopted(24);
    await hours(world, 1, () => world.use(key));
    world.slice = { ...world.slice!, users: [{ ...world.user, announceFirstRotationHours: 240 }] };
    await hours(world, 26, () => world.use(key));
    expect(world.rotationsAsked).toBeGreaterThan(0);
  });

  test.each([
    ['of 0d starts the first rotation at once', 0, true],
    ['of a user without a key has nobody to wait for', 72, false],
  ])('%s', async (_, announced, hasKey) => {
    const { world } = adopted(announced);
    if (!hasKey) world.keys = [];
    await world.reconcile();
    await world.reconcile();
    expect(world.rotationsAsked).toBe(1);
    expect(said(world)).toEqual([]);
  });
});

test('two keys in use are the owner to sort out: mailed when it begins and then on Mondays, the admins daily', async () => {
  const world = new World();
  const keys = [world.addKey({ usedHoursAgo: 1 }), world.addKey({ usedHoursAgo: 1 })];
  await hours(world, 15 * 24, () => keys.forEach((key) => world.use(key)));
  const mailed = world.notices.filter(({ type }) => type === 'action-needed');
  expect(mailed[0]).toMatchObject({ code: 'ROTATION_WAITS', workingKeyIds: keys.map(({ id }) => id) });
  expect(mailed.slice(1).map(({ occurredAt }) => new Date(occurredAt).getUTCDay())).toEqual([1, 1]);
  expect(world.notices.filter(({ code }) => code === 'ROTATION_WAITS').length).toBeGreaterThan(12);
});

test('a previous key that is held is the owner to replace, and an Inactive one concerns nobody', async () => {
  const { world, key } = await settled();
  await world.rotate();
  await hours(world, 8 * 24, () => world.use(key));
  expect(said(world)).toContain('action-needed KEY_STILL_USED owner+admin');
  expect(world.notices.find(({ type }) => type === 'action-needed')!.workingKeyIds).toEqual([key.id]);
});

test('a previous key that somebody else deactivated is reported to its owner as such', async () => {
  const { world, key } = await settled();
  await world.rotate();
  await hours(world, 24, () => world.use(key));
  key.status = 'Inactive';
  await hours(world, 2);
  expect(said(world)).toContain('previous-key-deactivated PREVIOUS_KEY_DEACTIVATED owner+admin');
});

test('one that the rotation deactivated is not said to be the act of others', async () => {
  const { world } = await settled();
  await world.rotate();
  await hours(world, 8 * 24);
  expect(said(world)).toContain('previous-key-deactivated owner');
});

describe('a key that no rotation made', () => {
  test.each(['retire', 'hold', 'delete'] as const)(
    'is reported once, where such keys say %s',
    async (unmanagedKeys) => {
      const { world } = await settled({ ...ANN, unmanagedKeys });
      const theirs = world.addKey({ ageHours: 0 });
      await hours(world, 30);
      const notices = world.notices.filter(({ code }) => code === 'UNKNOWN_KEY');
      expect(notices).toHaveLength(1);
      expect(notices[0]!.command).toContain(theirs.id);
      expect(notices[0]!.audience).toEqual(['admin']);
    },
  );

  test('is reported again until it was published', async () => {
    const { world } = await settled();
    world.addKey({ ageHours: 0 });
    world.between = (index) => void (world.calls[index] === 'sns:Publish' && world.faults.set(index, 'error'));
    await world.reconcile().catch(() => undefined);
    world.between = () => {};
    await hours(world, 1);
    expect(said(world)).toContain('attention UNKNOWN_KEY admin');
  });

  test('is none that was there before the first rotation, nor one that a rotation made', async () => {
    const world = new World();
    world.addKey({ ageHours: 100, usedHoursAgo: 1 });
    await world.reconcile();
    await world.rotate(world.outstanding);
    await hours(world, 48);
    expect(said(world).join()).not.toContain('UNKNOWN_KEY');
  });
});
