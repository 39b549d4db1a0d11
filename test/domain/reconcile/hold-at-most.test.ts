/** A key that is used for ever is not held for ever, where the reviewed roster says so: from the mail that names the date. */
import type { SliceUser } from '../../../lambda/contract/slice';
import { settled } from '../settled';
import { ANN, sliceOf, type World } from '../world';

const DAY = 24;
const LIMITED: SliceUser = { ...ANN, holdAtMostHours: 30 * DAY };

/** A key that was replaced, and that somebody goes on using. */
async function stillUsed(user: SliceUser) {
  const { world, key } = await settled(user);
  await world.rotate();
  world.notices.length = 0;
  return { world, key };
}

async function live(world: World, days: number, used: World['keys'][number]): Promise<void> {
  for (let half = 0; half < 2 * days; half++) {
    world.pass(DAY / 2);
    if (used.status === 'Active') world.use(used);
    await world.reconcile();
  }
}

const announced = (world: World) =>
  world.notices.flatMap(({ type, previousKey }) =>
    type === 'previous-key-in-use' && previousKey!.whenStillUsed === 'deactivate' ? previousKey!.until : [],
  );

function become(world: World, change: Partial<SliceUser>): void {
  world.user = { ...world.user, ...change };
  world.slice = { ...sliceOf(world.user), generation: world.slice!.generation + 1 };
}

test('a held key is deactivated at the date that its owner was sent, although it is used', async () => {
  const { world, key } = await stillUsed(LIMITED);
  await live(world, 7.5, key);
  expect(announced(world)).toHaveLength(1);
  const end = Date.parse(announced(world)[0]!);
  expect(end - world.now.getTime()).toBeGreaterThan(29 * DAY * 3_600_000);
  await live(world, 29, key);
  expect(key.status).toBe('Active');
  await live(world, 1.5, key);
  expect(key.status).toBe('Inactive');
  expect(world.now.getTime()).toBeGreaterThanOrEqual(end);
  expect(world.notices.map(({ type }) => type)).toContain('previous-key-deactivated');
  expect(announced(world)).toHaveLength(1);
});

test('without it a held key is held for ever, and nobody is sent a date', async () => {
  const { world, key } = await stillUsed(ANN);
  await live(world, 120, key);
  expect([key.status, announced(world)]).toEqual(['Active', []]);
});

test('it is not applied to the past: a key that was held for months has all the time from the mail on', async () => {
  const { world, key } = await stillUsed(ANN);
  await live(world, 100, key);
  become(world, { holdAtMostHours: 30 * DAY });
  await live(world, 29.5, key);
  expect([key.status, announced(world).length]).toEqual(['Active', 1]);
  await live(world, 2, key);
  expect(key.status).toBe('Inactive');
});

test('a date that was sent stays when the roster is changed to less, and moves when it is changed to more', async () => {
  const { world, key } = await stillUsed(LIMITED);
  await live(world, 8, key);
  become(world, { holdAtMostHours: DAY });
  await live(world, 28, key);
  expect(key.status).toBe('Active');
  become(world, { holdAtMostHours: 40 * DAY });
  await live(world, 10, key);
  expect(key.status).toBe('Active');
  await live(world, 3, key);
  expect(key.status).toBe('Inactive');
});

test('one that the roster takes back ends no key', async () => {
  const { world, key } = await stillUsed(LIMITED);
  await live(world, 8, key);
  become(world, { holdAtMostHours: undefined });
  await live(world, 60, key);
  expect(key.status).toBe('Active');
});

test('where nobody could be mailed the date moves once, the admins are notified, and then the key goes', async () => {
  const { world, key } = await settled(LIMITED);
  await world.rotate();
  world.mail = 'is never sent';
  await live(world, 50, key);
  expect(key.status).toBe('Active');
  expect(world.notices.map(({ code }) => code)).toContain('OWNER_NOT_NOTIFIED');
  await live(world, 20, key);
  expect(key.status).toBe('Inactive');
});

test('a late mail names a later date, which is kept', async () => {
  const { world, key } = await stillUsed(LIMITED);
  await live(world, 7.5, key);
  const [id] = world.notices
    .filter(({ type }) => type === 'previous-key-in-use')
    .slice(-1)
    .map((notice) => notice.id);
  const sent = world.mailed.get(id!)!;
  world.mailed.set(id!, new Date(sent.getTime() + 10 * DAY * 3_600_000));
  await live(world, 36, key);
  expect(key.status).toBe('Active');
  await live(world, 5, key);
  expect(key.status).toBe('Inactive');
});

test('a key that falls silent retires as soon as it is quiet, limit or not', async () => {
  const { world, key } = await stillUsed(LIMITED);
  await live(world, 9, key);
  for (let half = 0; half < 6; half++) {
    world.pass(DAY / 2);
    await world.reconcile();
  }
  expect(key.status).toBe('Inactive');
});
