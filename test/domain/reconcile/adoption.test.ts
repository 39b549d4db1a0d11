/** Every combination of keys that a user has before the product comes, by what the roster says of unmanaged keys. */
import Ajv from 'ajv/dist/2020';
import schema from '../../../config/report.schema.json';
import type { SliceUser } from '../../../lambda/contract/slice';
import { ANN, World } from '../world';

const DAY = 24;
const KINDS = {
  used: { usedHoursAgo: 1 },
  unused: { ageHours: 5_000 },
  inactive: { status: 'Inactive', ageHours: 5_000 },
} as const;
type Kind = keyof typeof KINDS;
const COMBINATIONS: readonly (readonly Kind[])[] = [
  [],
  ['used'],
  ['unused'],
  ['inactive'],
  ['used', 'used'],
  ['used', 'unused'],
  ['used', 'inactive'],
  ['unused', 'unused'],
  ['unused', 'inactive'],
  ['inactive', 'inactive'],
];
const SETTINGS: readonly SliceUser['unmanagedKeys'][] = ['retire', 'hold', 'delete'];

const isReport = new Ajv({ strict: true, allErrors: true }).compile(schema);

/** Reconciles hourly; rotations run at once; whoever uses a key goes on using it. */
async function live(world: World, hours: number, users: readonly ReturnType<World['addKey']>[]): Promise<void> {
  for (let hour = 0; hour < hours; hour++) {
    for (const key of users) if (key.status === 'Active') world.use(key);
    await world.reconcile();
    const pending = world.secrets.size > 0 ? world.outstanding : undefined;
    if (pending) await world.rotate(pending);
    world.pass(1);
  }
}

describe.each(SETTINGS)('unmanagedKeys: %s', (unmanagedKeys) => {
  test.each(COMBINATIONS.map((kinds) => [kinds.join(' and ') || 'no key', kinds] as const))('%s', async (_, kinds) => {
    const world = new World({ ...ANN, unmanagedKeys });
    const keys = kinds.map((kind) => world.addKey(KINDS[kind]));
    const used = keys.filter((_key, index) => kinds[index] === 'used');
    const lost: string[] = [];
    world.watch = () => {
      for (const key of used) if (key.status !== 'Active' || !world.keys.includes(key)) lost.push(key.id);
      if (world.keys.length > 2) lost.push('a third key');
    };
    await world.reconcile();
    if (unmanagedKeys !== 'delete') expect(world.keys).toEqual(expect.arrayContaining(keys));
    await live(world, 40 * DAY, used);
    expect(lost).toEqual([]);
    const stuck = kinds.length === 2 && (unmanagedKeys === 'hold' || used.length === 2);
    expect({
      rotated: world.works(world.keyOf('AWSCURRENT')),
      waits: world.notices.some(({ code }) => code === 'ROTATION_WAITS' || code === 'ROOM_NONE'),
    }).toMatchObject({ rotated: !stuck, ...(stuck && { waits: true }) });
    const left = new Set(world.keys.map(({ id }) => id));
    const stays = keys.filter((key) => used.includes(key) || unmanagedKeys === 'hold').map(({ id }) => id);
    expect(keys.map(({ id }) => id).filter((id) => left.has(id))).toEqual(stays);
    expect(isReport(world.report) ? [] : isReport.errors).toEqual([]);
  });
});

test('a key that a person makes in the middle of a rotation is never taken for ours', async () => {
  const rehearsed = new World();
  rehearsed.addSecret();
  const from = rehearsed.calls.length;
  await rehearsed.rotate();
  const calls = rehearsed.calls.length - from;
  for (let call = 0; call < calls; call++) {
    const world = new World();
    world.addSecret();
    const start = world.calls.length;
    let theirs: ReturnType<World['addKey']> | undefined;
    world.between = (index) => {
      if (index === start + call && world.keys.length < 2) {
        theirs = world.addKey({ ageHours: 0 });
        world.use(theirs);
      }
    };
    for (let attempt = 0; attempt < 3; attempt++) await world.rotate();
    world.between = () => {};
    await live(world, 12, theirs ? [theirs] : []);
    expect({
      call,
      there: theirs === undefined || (world.keys.includes(theirs) && theirs.status === 'Active'),
    }).toEqual({ call, there: true });
    expect(world.works(world.keyOf('AWSCURRENT'))).toBe(true);
  }
});
