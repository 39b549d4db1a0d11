import { mailDeliveryPath } from '../../lambda/contract/names';
import { Cloud, type FaultKind } from './cloud';
import { ACCOUNT, EVENT_ID, notice } from './fixture';

const START = new Date('2026-03-07T10:00:00Z');
const AFTER_LEASE = new Date('2026-03-07T10:01:31Z');
const CALLS = [
  'GetObjectCommand',
  'GetObjectCommand',
  'PutObjectCommand',
  'GetObjectCommand',
  'SendEmailCommand',
  'PutObjectCommand',
  'PutObjectCommand',
  'PutObjectCommand',
];
const NAMES = [
  'reading the event',
  'reading the roster',
  'taking the lease',
  'reading the count',
  'sending',
  'marking it as sent',
  'counting it',
  'leaving word of it to the account',
];

/** Two mails only where SES accepted the first and nothing says so. */
const TWICE = new Set([
  'sending: answer lost',
  'sending: killed after',
  'marking it as sent: refused',
  'marking it as sent: killed before',
]);
const CASES = NAMES.flatMap((name, index) =>
  (['refused', 'answer lost', 'killed before', 'killed after'] as const).map((kind) => ({
    call: index + 1,
    kind,
    name: `${name}: ${kind}`,
  })),
);

beforeEach(() => jest.useFakeTimers({ now: START }));
afterEach(() => jest.useRealTimers());

const cloud = (): Cloud => new Cloud().publish().record(notice());

test('a message is mailed by eight calls', async () => {
  const world = cloud();
  expect(await world.run()).toEqual([]);
  expect(world.calls).toEqual(CALLS);
  expect(world.sent).toHaveLength(1);
});

test('a message that comes again is not mailed again, not even two years less a day later', async () => {
  const world = cloud();
  await world.run();
  expect(await world.run()).toEqual([]);
  jest.setSystemTime(new Date('2028-03-05T10:00:00Z'));
  expect(await world.run()).toEqual([]);
  expect(world.sent).toHaveLength(1);
});

test('the same message twice in one batch is one mail', async () => {
  const world = cloud();
  const body = JSON.stringify({
    Message: JSON.stringify({ event: [...world.objects.keys()].find((key) => key.startsWith('events/')) }),
  });
  expect(await world.run([body, body])).toEqual([]);
  expect(world.sent).toHaveLength(1);
});

test.each(CASES)('$name, and after the lease there is a mail', async ({ call, kind, name }) => {
  const world = cloud();
  const comesAgain = name.startsWith('counting it') ? [] : ['message-0'];
  expect(await world.run(undefined, { call, kind })).toEqual(kind.startsWith('killed') ? undefined : comesAgain);
  jest.setSystemTime(AFTER_LEASE);
  expect(await world.run()).toEqual([]);
  expect(await world.run()).toEqual([]);
  expect(world.sent).toHaveLength(TWICE.has(name) ? 2 : 1);
  expect(JSON.parse(world.objects.get(mailDeliveryPath(ACCOUNT, EVENT_ID))!.body)).toMatchObject({ eventId: EVENT_ID });
});

test.each<FaultKind>(['killed before', 'killed after'])(
  'while a lease lasts nobody else sends: %s sending',
  async (kind) => {
    const world = cloud();
    await world.run(undefined, { call: 5, kind });
    const before = world.sent.length;
    jest.setSystemTime(new Date(AFTER_LEASE.getTime() - 2_000));
    expect(await world.run()).toEqual(['message-0']);
    expect(world.sent).toHaveLength(before);
  },
);

test('a refused mail gives its lease back, so that the next attempt need not wait', async () => {
  const world = cloud();
  expect(await world.run(undefined, { call: 5, kind: 'refused' })).toEqual(['message-0']);
  expect(await world.run()).toEqual([]);
  expect(world.sent).toHaveLength(1);
});

test('of two runs at once only one mails', async () => {
  const world = cloud();
  const failed = await Promise.all([world.run(), world.run()]);
  expect(failed.flat()).toEqual(['message-0']);
  expect(world.sent).toHaveLength(1);
});

test('of two runs that find the same dead lease only one takes it over', async () => {
  const world = cloud();
  await world.run(undefined, { call: 3, kind: 'killed after' });
  jest.setSystemTime(AFTER_LEASE);
  const failed = await Promise.all([world.run(), world.run()]);
  expect(failed.flat()).toEqual(['message-0']);
  expect(world.sent).toHaveLength(1);
});

test('bookkeeping lies where only the mailer writes, and holds no address', async () => {
  const world = cloud();
  await world.run();
  const [key, { body } = { body: '' }] = [...world.objects].find(([name]) => name.startsWith('deliveries/')) ?? [];
  expect(key).toBe('deliveries/333333333333/0123456789abcdef0123456789abcdef.json');
  expect(JSON.parse(body)).toMatchObject({ status: 'COMPLETED', responseData: { messageId: 'mail-1' } });
  expect(body).not.toContain('@');
});
