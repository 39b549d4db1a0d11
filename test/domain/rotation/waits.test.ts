/** When things are told and done, to the hour, and what the report says of it. */
import { retirementTag } from '../../../lambda/domain/ledger/retirements';
import { beginRetirement } from '../../../lambda/domain/keys/retirement-schedule';
import type { SliceUser } from '../../../lambda/contract/slice';
import { ANN, World } from '../world';

const DAY = 24;
const START = new Date('2026-11-24T00:00:00Z').getTime();
const hoursSince = (iso: string | undefined): number => (Date.parse(iso ?? '') - START) / 3_600_000;
const codes = (world: World): string[] =>
  world.notices.map(({ type, code }) => (code === undefined ? type : `${type} ${code}`));

/** A user whose first key was replaced at the start of all. */
async function rotated(user: SliceUser = ANN) {
  const world = new World(user);
  const previous = world.addKey({ usedHoursAgo: 1 });
  world.addSecret(previous);
  await world.rotate();
  world.now = new Date(START);
  const [version] = [...world.secret.versions].find(([, { stages }]) => stages.has('AWSCURRENT'))!;
  Object.assign(world.secret.tags, retirementTag(beginRetirement(previous.id, user, world.now, version)));
  world.notices.length = 0;
  world.recorded.length = 0;
  return { world, previous };
}

async function live(world: World, hours: number, each: () => void = () => {}): Promise<void> {
  for (let hour = 0; hour < hours; hour++) {
    world.pass(1);
    each();
    await world.reconcile();
  }
}

describe('a previous key that is still used', () => {
  test('is warned of at half time, the day before, and when its time is over, each with the last use', async () => {
    const { world, previous } = await rotated();
    await live(world, 8 * DAY, () => world.use(previous));
    const warnings = world.notices.filter(({ type }) => type === 'previous-key-in-use');
    expect(warnings.map(({ occurredAt }) => hoursSince(occurredAt))).toEqual([3.5 * DAY, 6 * DAY, 7 * DAY]);
    expect(warnings.map(({ previousKeyLastUsed }) => previousKeyLastUsed)).toEqual(
      warnings.map(({ occurredAt }) => ({ at: occurredAt, service: 's3', region: 'us-east-1' })),
    );
    expect(warnings.map(({ previousKey }) => hoursSince(previousKey?.until))).toEqual([7 * DAY, 7 * DAY, 7 * DAY]);
  });

  test.each([
    ['secretsmanager', 24, []],
    ['secretsmanager', 80, [3.5 * DAY]],
    ['s3', 24, [3.5 * DAY, 6 * DAY]],
  ])(
    'is taken for given up when its last use was by %s, %i hours after the rotation',
    async (service, hour, warned) => {
      const { world, previous } = await rotated();
      await live(world, hour);
      previous.lastUse = { used: true, at: world.now, service, region: 'us-east-1' };
      await live(world, 8 * DAY - hour);
      expect(
        world.notices
          .filter(({ type }) => type === 'previous-key-in-use')
          .map(({ occurredAt }) => hoursSince(occurredAt)),
      ).toEqual(warned);
      expect(previous.status).toBe('Inactive');
    },
  );

  test('after its deactivation is kept, although its time is over, and deleted once it is quiet', async () => {
    const { world, previous } = await rotated();
    await live(world, 7 * DAY);
    expect(previous.status).toBe('Inactive');
    await live(world, 7 * DAY + 10, () => world.use(previous));
    expect(world.keys).toContain(previous);
    expect(codes(world)).toContain('attention KEY_STILL_USED');
    await live(world, 47);
    expect(world.keys).toContain(previous);
    await live(world, 2);
    expect(world.keys).not.toContain(previous);
  });
});

test('a deleted key leaves a record, and no mail', async () => {
  const { world, previous } = await rotated();
  await live(world, 15 * DAY);
  const record = world.recorded.filter(({ type }) => type === 'previous-key-deleted');
  expect(record).toMatchObject([{ previousKey: { keyId: previous.id }, audience: [] }]);
  expect(codes(world)).not.toContain('previous-key-deleted');
});

describe('of two keys before the first rotation', () => {
  test('the one that was quiet longest retires first', async () => {
    const world = new World();
    const [lately, longAgo] = [world.addKey({ usedHoursAgo: 100 }), world.addKey({ usedHoursAgo: 700 })];
    await live(world, 7 * DAY + 2);
    expect([lately.status, longAgo.status]).toEqual(['Active', 'Inactive']);
  });

  test('one that is Inactive already goes before a quiet one', async () => {
    const world = new World();
    const [quiet, inactive] = [
      world.addKey({ usedHoursAgo: 700 }),
      world.addKey({ usedHoursAgo: 100, status: 'Inactive' }),
    ];
    await live(world, 8 * DAY);
    expect(quiet.status).toBe('Active');
    expect(world.keys).not.toContain(inactive);
  });

  test('none retires while the user is exempt', async () => {
    const world = new World({
      ...ANN,
      exempt: { reason: 'vendor', approvedBy: 'ciso@example.com', until: '2027-06-30' },
    });
    const keys = [world.addKey({ usedHoursAgo: 700 }), world.addKey({ usedHoursAgo: 700 })];
    await live(world, 9 * DAY);
    expect(keys.map(({ status }) => status)).toEqual(['Active', 'Active']);
  });
});

test("an exemption's end is told two weeks before it, once", async () => {
  const world = new World({
    ...ANN,
    exempt: { reason: 'vendor', approvedBy: 'ciso@example.com', until: '2026-12-20' },
  });
  world.addSecret(world.addKey({ usedHoursAgo: 1 }));
  await live(world, 20 * DAY);
  expect(world.notices.filter(({ code }) => code === 'EXEMPTION_ENDS').map(({ occurredAt }) => occurredAt)).toEqual([
    '2026-12-07T00:00:00.000Z',
  ]);
});

test('a freeze calls the rotation off a quarter of an hour before it begins', async () => {
  const world = new World();
  world.addSecret(world.addKey({ usedHoursAgo: 1 }));
  world.slice = {
    ...world.slice!,
    limits: { maxFirstRotationsPerRun: 20, freeze: [{ from: '2026-11-25', to: '2026-11-30' }] },
  };
  world.now = new Date('2026-11-24T23:44:00Z');
  await world.reconcile();
  expect(world.secret.rotationEnabled).toBe(true);
  world.now = new Date('2026-11-24T23:46:00Z');
  await world.reconcile();
  expect(world.secret.rotationEnabled).toBe(false);
});

test('a rotation that nobody ends and no function speaks of is told an hour after reconcile first saw it', async () => {
  const world = new World();
  world.addSecret(world.addKey({ usedHoursAgo: 1 }));
  world.startRotation();
  await world.reconcile();
  await live(world, 1);
  expect(codes(world)).toEqual(['attention ROTATION_UNFINISHED']);
  await world.rotate(world.outstanding);
  await live(world, 1);
  expect(codes(world)).toEqual(['attention ROTATION_UNFINISHED', 'rotated', 'resolved ROTATION_UNFINISHED']);
});

test('the report tells of each key its age, its last use, and what comes when', async () => {
  const { world, previous } = await rotated();
  await live(world, 2 * DAY);
  const key = (id: string) => world.report!.users[0]!.keys.find(({ keyId }) => keyId === id)!;
  expect(key(previous.id)).toEqual({
    keyId: previous.id,
    role: 'retiring',
    status: 'Active',
    createdAt: previous.createdAt.toISOString(),
    ageDays: Math.floor((world.now.getTime() - previous.createdAt.getTime()) / (DAY * 3_600_000)),
    lastUsedAt: '2026-11-23T23:00:00.000Z',
    lastUsedBy: 's3',
    nextStep: 'deactivate',
    nextStepAt: '2026-12-01T00:00:00.000Z',
  });
  expect(key(previous.id).ageDays).toBe(43);
  await live(world, 6 * DAY);
  expect(key(previous.id)).toMatchObject({
    status: 'Inactive',
    nextStep: 'delete',
    nextStepAt: '2026-12-08T00:00:00.000Z',
  });
});
