/** What SES reports of mails: remembered by event, the worst of it, and never from anybody but SES. */
import { mailFeedbackPath } from '../../lambda/contract/names';
import type { MailFeedback } from '../../lambda/contract/mail-feedback';
import { feedbackOf } from '../../lib/simulator/local-organization/services/ses/feedback';
import type { Reaction } from '../../lib/simulator/local-organization/services/ses/state';
import { ADMINS, Cloud, envelope, pointer } from './cloud';
import { ACCOUNT, EVENT_ID, notice, slice, user } from './fixture';

/** Longer than a run can hold the lease of a mail. */
const LEASE_MS = 10 * 60_000;
const KEY = mailFeedbackPath(ACCOUNT, EVENT_ID);
const AT = new Date('2026-03-07T09:31:00.000Z');
const ADDRESS = 'jeremy.ritchie@example.com';

/** What SES publishes of the mail that a cloud sent last. */
function reportOf(cloud: Cloud, reaction: Reaction, suppressed = false): { readonly ses: object } {
  const { tags, to } = cloud.sent.at(-1)!;
  const mail = {
    at: AT,
    messageId: 'mail-1',
    accountId: '222222222222',
    region: 'eu-central-1',
    from: 'access-keys@example.com',
    configurationSet: 'access-keys',
    to,
    tags,
  };
  return { ses: feedbackOf(mail, to[0]!, { reaction, suppressed }, AT) };
}

const remembered = (cloud: Cloud): MailFeedback | undefined => {
  const body = cloud.objects.get(KEY)?.body;
  return body === undefined ? undefined : (JSON.parse(body) as MailFeedback);
};

async function mailed(owner = user()): Promise<Cloud> {
  const cloud = new Cloud().publish(slice(owner)).record(notice());
  expect(await cloud.run()).toEqual([]);
  return cloud;
}

test.each([
  ['bounce', 'bounced'],
  ['complaint', 'complained'],
  ['delay', 'delayed'],
] as const)('a %s is remembered as %s, with the address and the event', async (reaction, kind) => {
  const cloud = await mailed();
  expect(await cloud.run([reportOf(cloud, reaction)])).toEqual([]);
  expect(remembered(cloud)).toMatchObject({
    schemaVersion: 1,
    accountId: ACCOUNT,
    eventId: EVENT_ID,
    kind,
    audience: 'owner',
    addresses: [ADDRESS],
    at: AT.toISOString(),
  });
  expect(cloud.alarms).toBe(0);
});

test('a bounce says its kind, also that of a suppressed address', async () => {
  const cloud = await mailed();
  await cloud.run([reportOf(cloud, 'bounce', true)]);
  expect(remembered(cloud)?.detail).toBe('Permanent/OnAccountSuppressionList');
});

test('a mail that arrives leaves nothing behind, and the end of a delay is remembered', async () => {
  const cloud = await mailed();
  await cloud.run([reportOf(cloud, 'delivery')]);
  expect(remembered(cloud)).toBeUndefined();
  await cloud.run([reportOf(cloud, 'delay')]);
  await cloud.run([reportOf(cloud, 'delivery')]);
  expect(remembered(cloud)?.kind).toBe('delivered');
});

test('whatever the order of the reports, a bounce stays one', async () => {
  const cloud = await mailed();
  for (const reaction of ['delay', 'bounce', 'delivery', 'delay', 'bounce'] as const)
    await cloud.run([reportOf(cloud, reaction)]);
  expect(remembered(cloud)?.kind).toBe('bounced');
});

test.each(['bounce', 'complaint'] as const)(
  'after a %s of an owner the admins are mailed once, with the address and what to do',
  async (reaction) => {
    const cloud = await mailed();
    const report = reportOf(cloud, reaction);
    for (let count = 0; count < 2; count++) expect(await cloud.run([report])).toEqual([]);
    expect(cloud.sent).toHaveLength(2);
    const [, mail] = cloud.sent;
    expect(mail!.to).toEqual(ADMINS);
    expect(mail!.subject).toContain('OWNER_UNREACHABLE');
    expect(mail!.text).toContain(ADDRESS);
    expect(mail!.text).toContain(EVENT_ID);
  },
);

test('a mail to an owner that is late is no reason to mail the admins', async () => {
  const cloud = await mailed();
  await cloud.run([reportOf(cloud, 'delay')]);
  expect(cloud.sent).toHaveLength(1);
});

test('an admin mail that bounces raises the alarm and sends no mail', async () => {
  const cloud = await mailed(user({ email: undefined }));
  await cloud.run([reportOf(cloud, 'bounce')]);
  expect(remembered(cloud)).toMatchObject({ kind: 'bounced', audience: 'admins' });
  expect(cloud.alarms).toBe(1);
  expect(cloud.sent).toHaveLength(1);
});

test('an admin mail that is late raises no alarm', async () => {
  const cloud = await mailed(user({ email: undefined }));
  await cloud.run([reportOf(cloud, 'delay')]);
  expect(cloud.alarms).toBe(0);
});

test("a warning of the mailer's own that bounces raises the alarm, though it is about no event", async () => {
  const cloud = new Cloud().publish();
  await cloud.run([envelope({ anything: 1 })]);
  expect(cloud.sent).toHaveLength(1);
  await cloud.run([reportOf(cloud, 'bounce')]);
  expect(cloud.alarms).toBe(1);
});

test('a report that came by the admin topic is not believed', async () => {
  const cloud = await mailed();
  expect(await cloud.run([envelope(reportOf(cloud, 'bounce').ses)])).toEqual([]);
  expect(remembered(cloud)).toBeUndefined();
});

test("a pointer that came by SES's topic mails nobody", async () => {
  const cloud = new Cloud().publish().record(notice());
  await cloud.run([{ ses: JSON.parse((JSON.parse(pointer()) as { Message: string }).Message) as object }]);
  expect(cloud.sent).toEqual([]);
});

test.each([
  ['no tags', { mail: { tags: {} } }],
  ['an account that is none', { mail: { tags: { account: ['x'], event: [EVENT_ID], audience: ['owner'] } } }],
  ['another type', { eventType: 'Open' }],
  ['no recipients', { bounce: { bouncedRecipients: [], timestamp: AT.toISOString() } }],
  ['no instant', { bounce: { bouncedRecipients: [{ emailAddress: 'a@b.c' }], timestamp: 'soon' } }],
  ['a list in place of the bounce', { bounce: [] }],
])('a report with %s is dropped, and comes no more', async (_, change) => {
  const cloud = await mailed();
  const { ses } = reportOf(cloud, 'bounce');
  expect(await cloud.run([{ ses: { ...ses, ...change } }])).toEqual([]);
  expect(remembered(cloud)).toBeUndefined();
});

test.each(['refused', 'answer lost', 'killed before', 'killed after'] as const)(
  'a report is acted on and remembered in the end though a call was %s',
  async (kind) => {
    jest.useFakeTimers({ now: AT });
    for (const call of [1, 2, 3, 4, 5, 6, 7]) {
      const cloud = await mailed();
      const report = reportOf(cloud, 'bounce');
      await cloud.run([report], { call, kind });
      jest.setSystemTime(Date.now() + LEASE_MS);
      expect(await cloud.run([report])).toEqual([]);
      expect(remembered(cloud)?.kind).toBe('bounced');
      expect(cloud.sent.filter(({ subject }) => subject.includes('OWNER_UNREACHABLE')).length).toBeGreaterThan(0);
    }
    jest.useRealTimers();
  },
);
