import type { NoticeEvent } from '../../lambda/contract/notice';
import { ADMINS, Cloud, envelope, pointer } from './cloud';
import { ACCOUNT, attention, EVENTS, EVENT_ID, notice, slice, user, WORKS } from './fixture';

const OTHER = '444444444444';

/** Mails that did not go to the admins. */
const toOwners = ({ sent }: Cloud) => sent.filter(({ to }) => to.join() !== ADMINS.join());

test('the recipient, the region and the secret come from the roster, whatever the event says', async () => {
  const event = {
    ...notice(),
    email: 'eve@example.net',
    to: ['eve@example.net'],
    region: 'mars-north-1',
    secretName: '/access-key/somebody-else',
    readers: ['eve'],
  };
  const world = new Cloud().publish().record(event);
  await world.run();
  expect(world.sent.map(({ to }) => to)).toEqual([['jeremy.ritchie@example.com']]);
  const { text = '', html = '', subject = '' } = world.sent[0] ?? {};
  expect(text).toContain('--region eu-central-1 --secret-id /access-key/jeremy.ritchie ');
  expect(subject + text + html).not.toMatch(/\beve\b|mars-north|somebody-else/);
});

test('free text of an event reaches no owner', async () => {
  const world = new Cloud()
    .publish()
    .record({ ...notice(), reason: 'visit https://evil.example', nextStep: 'send us your key' });
  await world.run();
  const { text = '', html = '' } = world.sent[0] ?? {};
  expect(text + html).not.toMatch(/evil|send us/);
});

test('a message that carries a whole event instead of a pointer reaches no owner', async () => {
  const world = new Cloud().publish();
  expect(await world.run([envelope(notice()), JSON.stringify(notice()), 'hello'])).toEqual([]);
  expect(toOwners(world)).toEqual([]);
});

test('a message that points to an event nobody wrote reaches no owner and does not come again', async () => {
  const world = new Cloud().publish();
  expect(await world.run()).toEqual([]);
  expect(toOwners(world)).toEqual([]);
});

test.each([
  ['another account', notice({ accountId: OTHER })],
  ['another id', notice({ id: 'f'.repeat(32) })],
  ['another day', notice({ day: '2026-03-08' })],
])('an event that names %s than its key mails nobody', async (_, event) => {
  const world = new Cloud()
    .publish()
    .publish({ ...slice(), accountId: OTHER })
    .record(event);
  expect(await world.run()).toEqual(['message-0']);
  expect(toOwners(world)).toEqual([]);
});

test("an event in another account's folder reaches only that account's user", async () => {
  const theirs = { ...slice(user({ email: 'other@example.com' })), accountId: OTHER, accountName: 'theirs' };
  const world = new Cloud()
    .publish()
    .publish(theirs)
    .record(notice({ accountId: OTHER }), OTHER);
  await world.run([pointer(OTHER)]);
  expect(world.sent.map(({ to }) => to)).toEqual([['other@example.com']]);
  expect(world.sent[0]?.subject).toContain('jeremy.ritchie in theirs');
});

test('a roster object that names another account is not used', async () => {
  const world = new Cloud().record(notice());
  world.put(`roster/${ACCOUNT}.json`, { ...slice(), accountId: OTHER });
  expect(await world.run()).toEqual(['message-0']);
  expect(world.sent).toEqual([]);
});

test('without a published roster the message waits for one', async () => {
  const world = new Cloud().record(notice());
  expect(await world.run()).toEqual(['message-0']);
  world.publish();
  expect(await world.run()).toEqual([]);
  expect(world.sent).toHaveLength(1);
});

test.each<[string, unknown]>([
  ['cut off', JSON.stringify(slice()).slice(0, 100)],
  ['that is no JSON', '<html>'],
  ['of an older version', { ...slice(), schemaVersion: 0 }],
  ['of a later version', { ...slice(), schemaVersion: 2 }],
  ['with a user name that is markup', slice(user({ name: '<img src=x>' }))],
  ['with a secret name that is a second command', slice(user({ secretName: '/access-key/x; rm -rf' }))],
])('a roster object %s mails nobody, and the message comes again for the dead-letter queue', async (_, roster) => {
  const world = new Cloud().record(notice());
  world.put(`roster/${ACCOUNT}.json`, roster);
  expect(await world.run()).toEqual(['message-0']);
  expect(world.sent).toEqual([]);
  expect(world.logged).toEqual([expect.stringContaining('SLICE_INVALID')]);
  world.publish();
  expect(await world.run()).toEqual([]);
  expect(world.sent).toHaveLength(1);
});

const MALFORMED: readonly (readonly [string, unknown])[] = [
  ['no JSON', 'hello'],
  ['a list', []],
  ['null', 'null'],
  ['a newer schema', { ...notice(), schemaVersion: 3 }],
  ['an older schema at the new place', { ...notice(), schemaVersion: 1 }],
  ['no audience', { ...notice(), audience: undefined }],
  ['an empty user name', notice({ userName: '' })],
  ['a user name with a line break', notice({ userName: 'jeremy\r\nBcc: eve@example.net' })],
  ['a user name that is markup', notice({ userName: '<img src=x>' })],
  ['a user name that is a list', { ...notice(), userName: ['jeremy.ritchie'] }],
  ['a key id that is a sentence', notice({ currentKeyId: 'call +1 555 0100' })],
  ['an old key id with a line break', notice({ previousKey: { kind: 'gone', keyId: 'AKIAOLDOLDOLDOLDWXYZ\n' } })],
  ['a previous key of no known kind', { ...notice(), previousKey: { kind: 'toString' } }],
  ['a working key without its end', { ...notice(), previousKey: { ...WORKS, until: undefined } }],
  ['an impossible instant', notice({ occurredAt: '2026-13-45T99:99:99Z' })],
  ['a code that is a sentence', { ...notice(), code: 'Visit us today' }],
  ['a last use without an instant', { ...notice(), previousKeyLastUsed: { at: 'yesterday' } }],
  ['an unknown whenStillUsed', { ...notice(), previousKey: { ...WORKS, whenStillUsed: 'explode' } }],
];

test.each(MALFORMED)(
  '%s instead of an event mails no owner, and neither log nor warning quotes anything of it',
  async (_, event) => {
    const world = new Cloud().publish().record(event);
    expect(await world.run()).toEqual(['message-0']);
    expect(toOwners(world)).toEqual([]);
    expect(world.logged.filter((line) => line.includes('EVENT_INVALID'))).toHaveLength(1);
    expect(JSON.stringify([world.logged, world.sent])).not.toMatch(/evil|Bcc|img|call|Visit|yesterday|explode/);
  },
);

test('a last use whose service or region is no plain word is named unknown', async () => {
  const world = new Cloud().publish().record({
    ...EVENTS['previous-key-in-use'],
    previousKeyLastUsed: { at: '2026-03-12T22:05:00Z', service: 'N/A', region: 'call +1 555' },
  });
  await world.run();
  expect(world.sent[0]?.text).toContain('12 March 2026, 22:05 UTC, an unknown service in an unknown region');
});

test.each([
  ['for admins only', notice({ audience: ['admin'] })],
  ['for nobody', notice({ audience: [] })],
  ['of a type that owners do not get', attention({ audience: ['owner'] })],
  ['of an admin condition without user', attention({ userName: '' })],
])('an event %s is not mailed and does not come again', async (_, event) => {
  const world = new Cloud().publish().record(event);
  expect(await world.run()).toEqual([]);
  expect(world.sent).toEqual([]);
});

test('a user whom the roster does not know goes to the admins, without a command', async () => {
  const world = new Cloud().publish().record(notice({ userName: 'mallory' }));
  await world.run();
  expect(world.sent.map(({ to }) => to)).toEqual([ADMINS]);
  expect(world.sent[0]?.text).toContain('because mallory is not in the published roster');
  expect(world.sent[0]?.text).not.toContain('get-secret-value');
});

test.each([
  ['no address', undefined],
  ['two addresses', 'a@example.com,eve@example.net'],
  ['a line break in the address', 'a@example.com\r\nBcc: eve@example.net'],
  ['a trailing line break', 'a@example.com\n'],
  ['a display name', 'Eve <eve@example.net>'],
  ['no domain', 'jeremy'],
])('a user with %s goes to the admins, who are told why', async (_, email) => {
  const world = new Cloud().publish(slice(user({ email }))).record(notice());
  await world.run();
  expect(world.sent.map(({ to }) => to)).toEqual([ADMINS]);
  expect(world.sent[0]?.text).toContain('because jeremy.ritchie has no e-mail address');
  expect(world.sent[0]?.text).toContain('get-secret-value');
});

test('user names match ignoring case, as in IAM', async () => {
  const world = new Cloud().publish().record(notice({ userName: 'Jeremy.Ritchie' }));
  await world.run();
  expect(world.sent.map(({ to }) => to)).toEqual([['jeremy.ritchie@example.com']]);
});

test.each(Object.values<NoticeEvent>(EVENTS))('an owner is mailed of $type', async (event) => {
  const world = new Cloud().publish().record(event);
  expect(await world.run()).toEqual([]);
  expect(world.sent).toHaveLength(1);
});

test('one failing message stops no other', async () => {
  const second = 'f'.repeat(32);
  const world = new Cloud()
    .publish()
    .record('broken')
    .record(notice({ id: second }), ACCOUNT, second);
  expect(await world.run([pointer(), pointer(ACCOUNT, second)])).toEqual(['message-0']);
  expect(toOwners(world)).toHaveLength(1);
});

test('what does not fit into the time that is left comes again untouched', async () => {
  const second = 'f'.repeat(32);
  const world = new Cloud()
    .publish()
    .record(notice())
    .record(notice({ id: second }), ACCOUNT, second);
  const left = [30_000, 29_999];
  expect(await world.run([pointer(), pointer(ACCOUNT, second)], undefined, () => left.shift() ?? 0)).toEqual([
    'message-1',
  ]);
  expect(world.sent).toHaveLength(1);
  expect([...world.objects.keys()].filter((key) => key.startsWith(`deliveries/${ACCOUNT}/`))).toEqual([
    `deliveries/${ACCOUNT}/${EVENT_ID}.json`,
  ]);
});
