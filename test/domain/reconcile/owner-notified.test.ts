/** No key goes before its owner, or in the owner's place the admins, were notified; and none stays for ever for that. */
import { retirementsOf } from '../../../lambda/domain/ledger/retirements';
import type { Secret } from '../../../lambda/domain/ports';
import type { SliceUser } from '../../../lambda/contract/slice';
import { settled } from '../settled';
import { ANN, sliceOf, type World } from '../world';

const STOPS: SliceUser = { ...ANN, whenStillUsed: 'deactivate' };
const DAY = 24;

async function rotated(user: SliceUser = STOPS, before: (world: World) => void = () => {}) {
  const { world, key } = await settled(user);
  before(world);
  await world.rotate();
  world.notices.length = 0;
  return { world, key };
}

/** Passes twice a day, the key used all the while if its owner never switches. */
async function live(world: World, days: number, used?: World['keys'][number]): Promise<void> {
  for (let half = 0; half < 2 * days; half++) {
    world.pass(DAY / 2);
    if (used) world.use(used);
    await world.reconcile().catch(() => undefined);
  }
}

const statusOf = (world: World, { id }: { id: string }) => world.keys.find((key) => key.id === id)?.status;
const unnotified = (world: World) => world.notices.filter(({ code }) => code === 'OWNER_NOT_NOTIFIED');
const reads = (world: World) => world.calls.filter((name) => name === 's3:GetObject delivery').length;

test('a key whose owner has the mail goes when its time is over, and what was mailed is read only then', async () => {
  const { world, key } = await rotated();
  await live(world, 6.5);
  expect([statusOf(world, key), reads(world)]).toEqual(['Active', 0]);
  await live(world, 0.5);
  expect([statusOf(world, key), reads(world)]).toEqual(['Inactive', 1]);
  expect(unnotified(world)).toEqual([]);
});

test.each(['is never sent', 'bounces'] as const)(
  'the mail %s: the time is doubled once, the admins are notified in the place of the owner, and then it goes',
  async (mail) => {
    const { world, key } = await rotated(STOPS, (fresh) => (fresh.mail = mail));
    await live(world, 7);
    expect(statusOf(world, key)).toBe('Active');
    expect(unnotified(world)).toMatchObject([
      {
        type: 'attention',
        audience: ['admin'],
        reason: expect.stringContaining(`…${key.id.slice(-4)} of ann`),
        nextStep: expect.stringContaining('on 8 December 2026, 00:00 UTC, even if it is still used'),
      },
    ]);
    await live(world, 6.5, key);
    expect(statusOf(world, key)).toBe('Active');
    await live(world, 0.5, key);
    expect(statusOf(world, key)).toBe('Inactive');
    expect(unnotified(world).map(({ type }) => type)).toEqual(['attention']);
    await live(world, 0.5);
    expect(unnotified(world).map(({ type }) => type)).toEqual(['attention', 'resolved']);
  },
);

test('a key that nobody uses waits in the same way: its owner may need it in a month', async () => {
  const { world, key } = await rotated({ ...ANN }, (fresh) => (fresh.mail = 'is never sent'));
  await live(world, 13.5);
  expect(statusOf(world, key)).toBe('Active');
  expect(unnotified(world)[0]!.nextStep).toContain('once it has not been used for 48 hours, but not before');
  await live(world, 0.5);
  expect(statusOf(world, key)).toBe('Inactive');
});

test('SNS fails for longer than the key is kept: the admins are notified and the owner is mailed late, and there is time', async () => {
  const { world, key } = await rotated(STOPS, (fresh) => (fresh.snsDownUntil = new Date('2026-12-04T06:00:00Z')));
  await live(world, 10);
  expect([statusOf(world, key), world.notices]).toEqual(['Active', []]);
  await live(world, 3.5, key);
  expect(world.notices.map(({ type }) => type)).toContain('rotated');
  expect(statusOf(world, key)).toBe('Active');
  await live(world, 1, key);
  expect(statusOf(world, key)).toBe('Inactive');
  expect(unnotified(world)[0]).toMatchObject({ type: 'attention', audience: ['admin'] });
});

test('a late mail named a later date: that is the deadline, and no condition', async () => {
  const { world, key } = await rotated();
  const named = '2026-12-03T12:00:00.000Z';
  const about = world.mailAbout.bind(world);
  world.mailAbout = (eventId) => {
    const { delivery, ...more } = about(eventId);
    return delivery ? { delivery: { ...delivery, previousKeyUntil: named }, ...more } : {};
  };
  await live(world, 9);
  expect(statusOf(world, key)).toBe('Active');
  await live(world, 0.5);
  expect(statusOf(world, key)).toBe('Inactive');
  expect(unnotified(world)).toEqual([]);
});

test('a warning names the date that a late mail named', async () => {
  const { world, key } = await rotated();
  const named = '2026-12-03T12:00:00.000Z';
  const about = world.mailAbout.bind(world);
  world.mailAbout = (eventId) => {
    const { delivery, ...more } = about(eventId);
    return delivery ? { delivery: { ...delivery, previousKeyUntil: named }, ...more } : {};
  };
  await live(world, 5, key);
  const warnings = world.notices.filter(({ type }) => type === 'previous-key-in-use');
  expect(warnings.map(({ previousKey }) => previousKey?.until)).toEqual([named]);
});

test('a warning that arrived is a mail about the end, whatever became of the first one', async () => {
  const { world, key } = await rotated(STOPS, (fresh) => (fresh.mail = 'is never sent'));
  world.mailed.clear();
  world.mail = 'arrives';
  await live(world, 7, key);
  expect(statusOf(world, key)).toBe('Inactive');
  expect(unnotified(world)).toEqual([]);
});

test('nothing waits where the roster keeps no previous key', async () => {
  const { world, key } = await rotated({ ...STOPS, keepPreviousForHours: 0, quietForHours: 0 }, (fresh) => {
    fresh.mail = 'is never sent';
  });
  await live(world, 0.5, key);
  expect(statusOf(world, key)).not.toBe('Active');
});

test('an emergency does not wait', async () => {
  const { world } = await settled(STOPS);
  world.mail = 'is never sent';
  const current = world.keyOf('AWSCURRENT')!;
  await world.operate({ command: 'rotate', secretName: ANN.secretName, compromised: true });
  expect(statusOf(world, current)).toBe('Inactive');
});

test('a key that a person made and nobody uses needs no mail; one that is used is warned of, or waits', async () => {
  const { world } = await rotated(STOPS);
  await live(world, 30);
  world.mail = 'is never sent';
  const [unused, used] = [world.addKey({ ageHours: 1 }), undefined];
  await live(world, 7.5);
  expect([statusOf(world, unused), used]).toEqual(['Inactive', undefined]);
  await live(world, 8);
  const other = world.addKey({ ageHours: 1 });
  await live(world, 8, other);
  expect(statusOf(world, other)).toBe('Active');
  expect(unnotified(world)).toHaveLength(1);
  await live(world, 7, other);
  expect(statusOf(world, other)).toBe('Inactive');
});

test('an adopted key waits for the mail about the first rotation', async () => {
  const { world } = await settled(STOPS);
  world.secrets.clear();
  world.mail = 'bounces';
  const [adopted] = world.keys;
  delete world.report;
  world.forget();
  await world.reconcile();
  if (world.outstanding) await world.rotate(world.outstanding);
  await live(world, 8);
  expect(statusOf(world, adopted!)).toBe('Active');
  expect(unnotified(world)).toHaveLength(1);
  await live(world, 7);
  expect(statusOf(world, adopted!)).toBe('Inactive');
});

test('what cannot be read for days delays the end; after three days it counts as no mail', async () => {
  const { world, key } = await rotated();
  world.mailAbout = () => {
    throw new Error('no');
  };
  await live(world, 9.5);
  expect(statusOf(world, key)).toBe('Active');
  expect(unnotified(world)).toEqual([]);
  expect(retirementsOf({ tags: world.secret.tags } as Secret)[0]).not.toHaveProperty('moved');
  await live(world, 0.5);
  expect(unnotified(world)).toHaveLength(1);
  await live(world, 7);
  expect(statusOf(world, key)).toBe('Inactive');
});

test('the key of a user who retires waits once for the notice to the admins', async () => {
  const { world, key } = await settled();
  world.snsDownUntil = new Date('2026-12-24T00:00:00Z');
  world.slice = { ...sliceOf({ ...STOPS, state: 'retired' }), generation: 2 };
  await world.reconcile().catch(() => undefined);
  for (let day = 0; day < 13; day++) {
    world.pass(DAY);
    await world.reconcile().catch(() => undefined);
  }
  expect(statusOf(world, key)).toBe('Active');
  world.pass(DAY);
  await world.reconcile().catch(() => undefined);
  expect(statusOf(world, key)).toBe('Inactive');
});
