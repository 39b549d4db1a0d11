/** Tags of the ledger that somebody wrote: believed nowhere, reported once a day, and no reason to touch a key. */
import { soundTags } from '../../../lambda/domain/ledger/sound-tags';
import { settled } from '../settled';
import { ANN, type World } from '../world';

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
  expect(world.secret.tags[tag(`compromised:${key.id}`)]).toMatch(/^20/);
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
  expect(soundTags(tags, {})).toEqual({ tags });
});

describe('what parses and cannot be so', () => {
  const codesOf = (world: World) => codes(world).filter((code) => code !== 'resolved LEDGER_INVALID');
  const FAR = '2099-01-01T00:00:00.000Z';

  test('a lease for years stops nothing, and is taken off', async () => {
    const { world, key } = await settled();
    await world.rotate();
    world.notices.length = 0;
    world.secret.tags[tag('lease')] = FAR;
    await hours(world, 24 * 16);
    expect(world.keys).not.toContain(key);
    expect(codesOf(world)).toContain('attention LEDGER_INVALID');
    expect(world.secret.tags[tag('lease')]).toBeUndefined();
  });

  test.each<[string, (id: string) => string]>([
    ['a promise for years', () => `active 2026-11-24T00:00:00.000Z 0 - ${FAR}`],
    ['a hold for years', () => `active 2026-11-24T00:00:00.000Z 9 - 2026-11-24T00:00:00.000Z held=${FAR}`],
    ['a beginning in years', () => `active ${FAR} 0 -`],
  ])('%s keeps no key from retiring', async (_, value) => {
    const { world, key } = await settled();
    await world.rotate();
    world.notices.length = 0;
    world.secret.tags[tag(`retiring:${key.id}`)] = value(key.id);
    await hours(world, 24 * 25);
    expect(codesOf(world)).toContain('attention LEDGER_INVALID');
    expect(world.keys).not.toContain(key);
  });

  test('a date that a mail has named stays, although the settings of now allow less', async () => {
    const { world, key } = await settled({ ...ANN, keepPreviousForHours: 60 * 24, whenStillUsed: 'deactivate' });
    await world.rotate();
    world.slice = { ...world.slice!, generation: 2, users: [{ ...ANN, whenStillUsed: 'deactivate' }] };
    await hours(world, 24 * 59);
    expect(key.status).toBe('Active');
    expect(codes(world)).not.toContain('attention LEDGER_INVALID');
  });

  test('no key is deactivated, and no last key given up, because a tag says that it is compromised', async () => {
    const { world, key } = await settled();
    world.secret.tags[tag(`compromised:${key.id}`)] = '2026-11-20T00:00:00.000Z';
    await hours(world, 3);
    expect([key.status, world.rotationsAsked]).toEqual(['Active', 0]);
    expect(codesOf(world)).toEqual(['attention LEDGER_INVALID']);
    expect(world.secret.tags[tag(`compromised:${key.id}`)]).toBeUndefined();
  });

  test('a key that an operator declared compromised is deactivated again, whoever activates it', async () => {
    const { world, key } = await settled();
    await world.operate({ command: 'rotate', secretName: world.user.secretName, compromised: true });
    key.status = 'Active';
    world.now = new Date(world.now.getTime() + HOUR_MS);
    await world.reconcile();
    expect(key.status).toBe('Inactive');
    expect(codes(world)).not.toContain('attention LEDGER_INVALID');
  });

  test('an alert in years silences no condition', async () => {
    const { world, key } = await settled();
    world.secret.tags[tag('alert:CURRENT_KEY_INACTIVE')] = FAR;
    key.status = 'Inactive';
    await hours(world, 3);
    expect(codesOf(world)).toContain('attention LEDGER_INVALID');
    expect(codesOf(world)).toContain('stored-key-unusable CURRENT_KEY_INACTIVE');
  });

  test('a generation that nobody can have published does not stop its user', async () => {
    const { world } = await settled();
    world.secret.tags[tag('generation')] = '99999999999';
    await hours(world, 2);
    expect([world.report!.unknown, world.secret.tags[tag('generation')]]).toEqual([[], '1']);
    expect(codesOf(world)).toEqual(['attention LEDGER_INVALID']);
    expect(await world.rotate()).toBeUndefined();
  });

  test('a secret that the roster does not name stops no account with its generation, and is not released', async () => {
    const { world, secret } = await settled();
    const forged = {
      ...secret,
      name: '/access-key/x',
      tags: { [tag('generation')]: '99999999999' },
      rotationEnabled: true,
    };
    world.secrets.set(forged.name, forged);
    await hours(world, 3);
    expect(world.report!.users).toHaveLength(1);
    expect([codesOf(world), forged.rotationEnabled]).toEqual([['attention LEDGER_INVALID'], true]);
    expect(world.notices[0]!.reason).toContain('/access-key/x');
  });
});
