/** A mail says what is so when it goes out, and the account learns what it said. */
import type { MailDelivery } from '../../lambda/contract/mail-delivery';
import { mailDeliveryPath, mailOncePath } from '../../lambda/contract/names';
import { orgMails } from '../../lambda/aws/org-bucket/mail-delivery-store';
import type { S3Client } from '@aws-sdk/client-s3';
import { Cloud } from './cloud';
import { ACCOUNT, EVENT_ID, EVENTS, notice, slice, user, WORKS } from './fixture';

/** The event is of 09:30 on the 7th, and its key works until 09:30 on the 14th. */
const at = (instant: string): void => {
  jest.setSystemTime(new Date(instant));
};

beforeEach(() => jest.useFakeTimers({ now: new Date('2026-03-07T09:31:00Z') }));
afterEach(() => jest.useRealTimers());

const deliveryIn = (cloud: Cloud): MailDelivery =>
  JSON.parse(cloud.objects.get(mailDeliveryPath(ACCOUNT, EVENT_ID))!.body) as MailDelivery;

async function mailed(event: object, now: string, owner = user()): Promise<Cloud> {
  at(now);
  const cloud = new Cloud().publish(slice(owner)).record(event);
  expect(await cloud.run()).toEqual([]);
  return cloud;
}

test('a mail in time names the date of its event', async () => {
  const cloud = await mailed(notice(), '2026-03-07T10:29:00Z');
  expect(cloud.sent[0]!.text).toContain('works at least until 14 March 2026, 09:30 UTC');
  expect(deliveryIn(cloud)).toEqual({
    schemaVersion: 1,
    accountId: ACCOUNT,
    eventId: EVENT_ID,
    sentAt: '2026-03-07T10:29:00.000Z',
    recipient: 'owner',
    previousKeyUntil: WORKS.until,
  });
});

test.each([
  ['three days late', '2026-03-10T12:00:00Z', '17 March 2026, 12:00 UTC', '2026-03-17T12:00:00.000Z'],
  ['after the date of its event', '2026-03-15T12:00:00Z', '21 March 2026, 09:30 UTC', '2026-03-21T09:30:00.000Z'],
])('a first mail that is %s gives its reader more time, and no more than once again', async (_, now, words, until) => {
  const cloud = await mailed(notice(), now);
  expect(cloud.sent[0]!.text).toContain(`works at least until ${words}`);
  expect(cloud.sent[0]!.subject).toContain(`works until ${words.split(' 2026')[0]}`);
  expect(deliveryIn(cloud)).toMatchObject({ previousKeyUntil: until });
});

test('a first mail that comes when even that time is over promises nothing of the previous key', async () => {
  const cloud = await mailed(notice(), '2026-03-21T10:00:00Z');
  expect(cloud.sent[0]!.text).toContain('The old key …WXYZ is being retired: do not rely on it.');
  expect(deliveryIn(cloud)).not.toHaveProperty('previousKeyUntil');
});

test('a late warning names no other date, and none that is over', async () => {
  const warning = { ...EVENTS['previous-key-in-use'], occurredAt: '2026-03-13T09:30:00.000Z' };
  const inTime = await mailed(warning, '2026-03-14T09:00:00Z');
  expect(deliveryIn(inTime)).toMatchObject({ previousKeyUntil: WORKS.until });
  const tooLate = await mailed(warning, '2026-03-14T10:00:00Z');
  expect(tooLate.sent[0]!.text).toContain('do not rely on it');
  expect(tooLate.sent[0]!.text).not.toContain('14 March');
});

test('a late mail about a deactivated key names no deletion that may have been', async () => {
  const cloud = await mailed(EVENTS['previous-key-deactivated'], '2026-03-22T00:00:00Z');
  expect(cloud.sent[0]!.text).not.toContain('21 March');
  expect(cloud.sent[0]!.text).toContain('no longer works');
});

test('a mail to the admins in the place of an owner says so to the account, and holds no address', async () => {
  const { email: _, ...nowhere } = user();
  const cloud = await mailed(notice(), '2026-03-07T10:00:00Z', nowhere);
  expect(deliveryIn(cloud).recipient).toBe('admins');
  expect(JSON.stringify(deliveryIn(cloud))).not.toContain('@');
});

test('a mail that comes again, years later, leaves the word that was left', async () => {
  const cloud = await mailed(notice(), '2026-03-08T10:00:00Z');
  const before = deliveryIn(cloud);
  at('2026-03-20T00:00:00Z');
  expect(await cloud.run()).toEqual([]);
  expect(deliveryIn(cloud)).toEqual(before);
  expect(cloud.sent).toHaveLength(1);
});

describe('what an account reads', () => {
  const ORG = { Bucket: 'org', ExpectedBucketOwner: '222222222222' };

  /** @param hides whether S3 hides from this reader that an object is missing */
  const mailsOf = (cloud: Cloud, hides = false) =>
    orgMails(
      {
        async send({ constructor: { name }, input }: { constructor: { name: string }; input: Record<string, string> }) {
          const keys = [...cloud.objects.keys()].filter((key) => key.startsWith(input.Prefix ?? input.Key!));
          if (name === 'ListObjectsV2Command') return { Contents: keys.map((Key) => ({ Key })) };
          const object = cloud.objects.get(input.Key!);
          if (!object && hides)
            throw Object.assign(new Error('no'), { name: 'AccessDenied', $metadata: { httpStatusCode: 403 } });
          if (!object) throw Object.assign(new Error('no'), { name: 'NoSuchKey' });
          return { Body: { transformToString: async () => object.body } };
        },
      } as unknown as S3Client,
      ORG,
      ACCOUNT,
    );

  test.each([false, true])('is the mail, also where S3 hides what is missing (%s)', async (hides) => {
    const cloud = await mailed(notice(), '2026-03-07T10:00:00Z');
    expect(await mailsOf(cloud, hides).about(EVENT_ID)).toEqual({ delivery: deliveryIn(cloud) });
    expect(await mailsOf(cloud, hides).about('f'.repeat(32))).toEqual({});
  });

  test('is the same where the mailer died before it left word', async () => {
    const cloud = await mailed(notice(), '2026-03-07T10:00:00Z');
    const delivery = deliveryIn(cloud);
    cloud.objects.delete(mailDeliveryPath(ACCOUNT, EVENT_ID));
    expect(await mailsOf(cloud).about(EVENT_ID)).toEqual({ delivery });
  });

  test('of a mail from before such words were left is when it was sent', async () => {
    const cloud = new Cloud();
    const expiryTimestamp = Date.parse('2028-03-06T10:00:00Z') / 1_000;
    const entry = { status: 'COMPLETED', expiryTimestamp, responseData: { messageId: 'mail-1' } };
    cloud.put(mailOncePath(ACCOUNT, EVENT_ID), entry);
    const { delivery } = await mailsOf(cloud).about(EVENT_ID);
    expect(delivery).toMatchObject({ sentAt: '2026-03-07T10:00:00.000Z', eventId: EVENT_ID });
    expect(delivery).not.toHaveProperty('previousKeyUntil');
  });

  test.each([
    ['is under way', { status: 'INPROGRESS', inProgressExpiryTimestamp: 1 }],
    ['failed', { status: 'EXPIRED' }],
    [
      'was among the rest of its hour',
      { status: 'COMPLETED', expiryTimestamp: 1_900_000_000, responseData: { messageId: '' } },
    ],
  ])('is nothing of a mail that %s', async (_, entry) => {
    const cloud = new Cloud();
    cloud.put(mailOncePath(ACCOUNT, EVENT_ID), entry);
    expect(await mailsOf(cloud).about(EVENT_ID)).toEqual({});
  });
});
