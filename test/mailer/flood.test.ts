/** One account, or whoever can publish to the topic, cannot use up what all others need, nor speak for the product. */
import { ADMINS, Cloud, envelope, pointer } from './cloud';
import { ACCOUNT, attention, notice, slice, user } from './fixture';

const OTHER = '444444444444';
const START = new Date('2026-03-07T10:00:00Z');
const LARGEST = 64 * 1024;

beforeEach(() => jest.useFakeTimers({ now: START }));
afterEach(() => jest.useRealTimers());

const idOf = (index: number): string => index.toString(16).padStart(32, '0');
const toAdmins = ({ sent }: Cloud) => sent.filter(({ to }) => to.join() === ADMINS.join());
const toOwners = ({ sent }: Cloud) => sent.filter(({ to }) => to.join() !== ADMINS.join());

/** So many events of an account, each with its message; one after another, as the queue hands them over. */
async function flood(world: Cloud, count: number, accountId = ACCOUNT, from = 0): Promise<void> {
  for (let index = from; index < from + count; index++) {
    world.record(notice({ accountId, id: idOf(index) }), accountId, idOf(index));
    expect(await world.run([pointer(accountId, idOf(index))])).toEqual([]);
  }
}

describe('mails of one account in one hour', () => {
  test('are limited, and the admins get one mail for all the rest', async () => {
    const world = new Cloud().publish();
    await flood(world, 130);
    expect(toOwners(world)).toHaveLength(100);
    expect(toAdmins(world).map(({ subject }) => subject)).toEqual([
      `Access keys: too many notices from account ${ACCOUNT}`,
    ]);
    expect(toAdmins(world)[0]!.text).toContain(`events/${ACCOUNT}/`);
  });

  test('do not count against another account', async () => {
    const world = new Cloud().publish().publish({ ...slice(), accountId: OTHER });
    await flood(world, 110);
    await flood(world, 1, OTHER);
    expect(toOwners(world)).toHaveLength(101);
  });

  test('are sent again in the next hour', async () => {
    const world = new Cloud().publish();
    await flood(world, 101);
    jest.setSystemTime(new Date('2026-03-07T11:00:00Z'));
    await flood(world, 1, ACCOUNT, 500);
    expect(toOwners(world)).toHaveLength(101);
  });

  test('may be more where the roster has more users, so that no honest hour is cut short', async () => {
    const many = Array.from({ length: 60 }, (_, index) =>
      user({ name: `user-${index}`, secretName: `/access-key/user-${index}` }),
    );
    const world = new Cloud().publish(slice(user(), ...many));
    await flood(world, 125);
    expect(toOwners(world)).toHaveLength(122);
  });

  test('that were refused by SES are not counted', async () => {
    const world = new Cloud().publish();
    world.record(notice({ id: idOf(999) }), ACCOUNT, idOf(999));
    for (let attempt = 0; attempt < 120; attempt++) {
      const failed = await world.run([pointer(ACCOUNT, idOf(999))], { call: 5, kind: 'refused' });
      expect(failed).toEqual(['message-0']);
    }
    expect(await world.run([pointer(ACCOUNT, idOf(999))])).toEqual([]);
    expect(toOwners(world)).toHaveLength(1);
    expect(toAdmins(world)).toEqual([]);
  });
});

describe('an event object of more than 64 KiB', () => {
  test('is refused unread, and the admins are warned', async () => {
    const world = new Cloud().publish().record({ ...notice(), reason: 'x'.repeat(LARGEST) });
    expect(await world.run()).toEqual([]);
    expect(world.downloads).toEqual([]);
    expect(toOwners(world)).toEqual([]);
    expect(toAdmins(world)).toHaveLength(1);
  });

  test('of 64 KiB exactly is read', async () => {
    const length = JSON.stringify({ ...notice(), reason: '' }).length;
    const world = new Cloud().publish().record({ ...notice(), reason: 'x'.repeat(LARGEST - length) });
    expect(await world.run()).toEqual([]);
    expect(toOwners(world)).toHaveLength(1);
  });
});

describe('a message that no event object stands behind', () => {
  const EVIL = { Subject: 'Click https://evil.example', Message: 'Urgent: send your key to mallory@evil.example' };

  test.each<[string, (world: Cloud) => string]>([
    ['carries no pointer', () => envelope({}, EVIL)],
    ['carries text only', () => envelope('x', EVIL)],
    ['points outside the events', () => envelope({ event: 'published.json' }, { Subject: EVIL.Subject })],
    ['points to an event that is not there', () => pointer()],
    ['points to what is no event', (world) => (world.record('hello'), pointer())],
    [
      "points to another account's event in this folder",
      (world) => (world.record(notice({ accountId: OTHER })), pointer()),
    ],
  ])('which %s is followed at once by a warning to the admins that quotes nothing of it', async (_, message) => {
    const world = new Cloud().publish();
    await world.run([message(world)]);
    expect(toOwners(world)).toEqual([]);
    expect(toAdmins(world).map(({ subject }) => subject)).toEqual([
      'Access keys: do not trust a message on the admin topic',
    ]);
    const { text, html } = toAdmins(world)[0]!;
    expect(text + html).not.toMatch(/evil|mallory|Click|Urgent/);
  });

  test('is warned of once, however often the queue hands it over', async () => {
    const world = new Cloud().publish();
    const message = envelope({});
    await world.run([message]);
    await world.run([message, message]);
    expect(world.sent).toHaveLength(1);
  });

  test('many of them do not bury the mailbox: after twenty warnings one mail stands for the rest of the hour', async () => {
    const world = new Cloud().publish();
    for (let index = 0; index < 60; index++) await world.run([envelope({})]);
    expect(world.sent).toHaveLength(21);
    expect(world.sent.at(-1)!.subject).toContain('do not trust any message');
  });

  test('does not keep owners from their mails', async () => {
    const world = new Cloud().publish().record(notice());
    for (let index = 0; index < 60; index++) await world.run([envelope({})]);
    expect(await world.run([pointer()])).toEqual([]);
    expect(toOwners(world)).toHaveLength(1);
  });

  test('a message to the admins with its event is no such message', async () => {
    const world = new Cloud().publish().record(attention());
    expect(await world.run([pointer()])).toEqual([]);
    expect(world.sent).toEqual([]);
  });
});
