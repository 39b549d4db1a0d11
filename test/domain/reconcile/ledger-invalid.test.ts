/** Tags of the ledger that somebody wrote: believed nowhere, reported once a day, and no reason to touch a key. */
import { soundTags } from '../../../lambda/domain/ledger/sound-tags';
import { settled } from '../settled';
import type { World } from '../world';

const HOUR_MS = 3_600_000;
const tag = (name: string): string => `access-keys:${name}`;
const codes = (world: World): string[] => world.notices.map(({ type, code = '' }) => `${type} ${code}`);

async function hours(world: World, count: number, each: () => void = () => {}): Promise<void> {
  for (let hour = 0; hour < count; hour++) {
    world.now = new Date(world.now.getTime() + HOUR_MS);
    each();
    await world.reconcile();
  }
}

describe.each([
  ['intent:x', 'no intent at all'],
  ['intent:x', 'token-00000000000000000000000000000000 2026-02-99T00:00:00Z open'],
  ['failed', 'token-00000000000000000000000000000000 AWS_DENIED yesterday'],
  ['outstanding', 'x'],
  ['ending', 'deleting soon -'],
  ['lease', 'for ever'],
  ['lost', 'long ago'],
  ['alert:ROTATION_FAILS', 'never'],
  ['steps', '/'],
  ['user-id', 'not an id'],
  ['notified', '{}'],
  ['retiring:not-a-key', 'active 2026-11-10T00:00:00.000Z 0 -'],
])('a tag %s that says %s', (name, value) => {
  test('is reported without a word of it, removed, and keeps no rotation from its work', async () => {
    const { world, key } = await settled();
    world.secret.tags[tag(name)] = value;
    await world.reconcile();
    expect(codes(world)).toEqual(['attention LEDGER_INVALID']);
    const [{ reason, nextStep, command }] = world.notices as [(typeof world.notices)[number]];
    expect(`${reason} ${nextStep} ${command}`).not.toMatch(/delete|not an id|for ever|never|yesterday/);
    await world.reconcile();
    expect(world.secret.tags[tag(name)]).not.toBe(value);
    expect(await world.rotate()).toBeUndefined();
    expect([key.status, world.works(world.keyOf('AWSCURRENT'))]).toEqual(['Active', true]);
    await hours(world, 30);
    expect(codes(world).filter((code) => code !== 'rotated ')).toEqual([
      'attention LEDGER_INVALID',
      'resolved LEDGER_INVALID',
    ]);
  });
});

test('written again and again, it is reported once a day', async () => {
  const { world } = await settled();
  await hours(world, 48, () => void (world.secret.tags[tag('lease')] = 'for ever'));
  expect(codes(world)).toEqual(['attention LEDGER_INVALID', 'attention LEDGER_INVALID']);
});

test('the retirement that such a tag was about begins again, where keys in no version are deleted too', async () => {
  const { world, key } = await settled();
  await world.rotate();
  world.slice = { ...world.slice!, users: [{ ...world.user, unmanagedKeys: 'delete', quietForHours: 1 }] };
  await hours(world, 24);
  world.secret.tags[tag(`retiring:${key.id}`)] = 'inactive yesterday';
  await hours(world, 7 * 24 - 1);
  expect(key.status).toBe('Active');
  await hours(world, 3);
  expect(key.status).toBe('Inactive');
});

test('a working key that such a tag declares compromised goes on working; one that was deactivated stays compromised', async () => {
  const { world, key } = await settled();
  world.secret.tags[tag(`compromised:${key.id}`)] = 'so they say';
  await hours(world, 2);
  expect(key.status).toBe('Active');
  await world.operate({ command: 'rotate', secretName: world.user.secretName, compromised: true });
  expect(key.status).toBe('Inactive');
  world.secret.tags[tag(`compromised:${key.id}`)] = 'not at all';
  await world.reconcile();
  await world.reconcile();
  expect(soundTags(world.secret.tags).tags[tag(`compromised:${key.id}`)]).toBeDefined();
});

test('the id of another user, on a secret that holds a key of this one, is no reason to delete the secret', async () => {
  const { world } = await settled();
  world.secret.tags[tag('user-id')] = 'AIDAOTHER';
  expect(await world.rotate()).toBeUndefined();
  await hours(world, 2);
  expect(codes(world)).toEqual(['rotated ', 'attention LEDGER_INVALID']);
  expect(world.secret.tags[tag('user-id')]).toBe(world.userId);
});

test('no key makes room while the ledger does not parse', async () => {
  const { world } = await settled();
  world.slice = { ...world.slice!, users: [{ ...world.user, unmanagedKeys: 'delete', quietForHours: 0 }] };
  const other = world.addKey();
  world.secret.tags[tag(`retiring:${other.id}`)] = 'inactive';
  expect(await world.rotate()).toMatchObject({ code: 'LEDGER_INVALID' });
  expect(other.status).toBe('Active');
});

test('a word that a newer version adds to a tag is let pass', () => {
  const tags = { [tag('released')]: '2026-11-24T00:00:00.000Z owed until-tomorrow', [tag('new-family')]: '?' };
  expect(soundTags(tags)).toEqual({ tags });
});
