/** A member account's administrator tries to have mails written in another account's name. */
import { eventPath } from '../../lambda/contract/names';
import type { NoticeOf } from '../../lambda/contract/notice';
import type { LocalOrganization } from '../../lib/simulator/local-organization/organization';
import { assemble } from '../../lib/simulator/rehearsal/environment/participants';
import { deploy } from '../../lib/simulator/rehearsal/operations/run-pipeline';
import { loadRoster } from '../../lib/roster/load';
import { assembled } from '../assembled';
import { ROSTERS } from '../fixtures/rosters';

const ATTACKER = '555555555555';
const VICTIM = '444444444444';
const BUCKET = 'access-keys-222222222222-us-east-1';
const TOPIC = 'arn:aws:sns:us-east-1:222222222222:access-keys-admin';
const ID = 'f'.repeat(32);
const HOUR_MS = 3_600_000;

let organization: LocalOrganization;

beforeAll(async () => {
  const start = new Date('2027-01-04');
  const { roster } = loadRoster(ROSTERS.organization, { at: start });
  const folder = assembled(roster!);
  ({ organization } = assemble([roster!], { seed: 1, start }));
  organization.clock.at(start, async () => void (await deploy(organization, roster!, folder)));
  await organization.clock.advanceTo(new Date(start.getTime() + 6 * HOUR_MS));
});

/** Whoever administers an account can name a role as the product does, and give it every permission. */
function disguised() {
  const everything = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
  });
  const arn = organization.directory.putRole(ATTACKER, {
    name: 'access-keys-rotate',
    trustPolicy: JSON.stringify({
      Version: '2012-10-17',
      Statement: { Effect: 'Allow', Principal: { AWS: ATTACKER }, Action: 'sts:AssumeRole' },
    }),
    inlinePolicies: { everything },
  });
  return organization.directory.openSession(arn, 'x', { seconds: 3_600 }).principal;
}

const call = (service: 's3' | 'sns', operation: string, input: object): Promise<unknown> =>
  organization.gateway.call(disguised(), service, operation, 'us-east-1', input);
const DAY = '2027-01-04';
const placeIn = (accountId: string, id = ID): string => eventPath({ accountId, day: DAY, id });
const forged = (accountId: string): NoticeOf<'rotated'> => ({
  schemaVersion: 2,
  id: ID,
  day: DAY,
  type: 'rotated',
  audience: ['owner'],
  accountId,
  region: 'us-east-1',
  userName: 'maria.santos',
  secretName: '/access-key/maria.santos',
  occurredAt: '2027-01-04T05:00:00.000Z',
  versionId: 'v2',
  currentKeyId: 'AKIAFORGEDFORGEDFORG',
  previousKey: { kind: 'none' },
  steps: [],
});
const write = (key: string, event: object): Promise<unknown> =>
  call('s3', 'PutObject', { Bucket: BUCKET, Key: key, Body: Buffer.from(JSON.stringify(event)) });

/** Publishes a message that points there, and lets the mailer work on it. @returns mails to the victim that came of it */
async function publish(pointer: object) {
  return (await mailsOf(pointer)).filter(({ to }) => to.some((address) => address.startsWith('maria.santos')));
}

async function mailsOf(pointer: object) {
  const before = organization.ses.mails.length;
  await call('sns', 'Publish', {
    TopicArn: TOPIC,
    Subject: 'x',
    MessageStructure: 'json',
    Message: JSON.stringify({ default: 'x', sqs: JSON.stringify(pointer) }),
    MessageAttributes: {
      audience: { DataType: 'String.Array', StringValue: '["owner"]' },
      type: { DataType: 'String', StringValue: 'rotated' },
    },
  });
  await organization.clock.advanceTo(new Date(organization.clock.now().getTime() + HOUR_MS));
  return organization.ses.mails.slice(before);
}

test.each<[string, object]>([
  ['points nowhere', {}],
  ['points to an event of the other account that is not there', { event: placeIn(VICTIM, 'e'.repeat(32)) }],
])('a message that %s is followed by a warning to every admin, and by nothing else', async (_, pointer) => {
  const mails = await mailsOf(pointer);
  expect(mails.map(({ to, subject }) => [to, subject])).toEqual([
    [['security@example.com', 'ciso@example.com'], 'Access keys: do not trust a message on the admin topic'],
  ]);
});

test('an event object of more than 64 KiB is not read: it is followed by a warning', async () => {
  await write(placeIn(ATTACKER), { ...forged(ATTACKER), reason: 'x'.repeat(64 * 1024) });
  expect((await mailsOf({ event: placeIn(ATTACKER) })).map(({ subject }) => subject)).toEqual([
    'Access keys: do not trust a message on the admin topic',
  ]);
});

test('it cannot write an event of the other account', async () => {
  await expect(write(placeIn(VICTIM), forged(VICTIM))).rejects.toMatchObject({ code: 'AccessDenied' });
});

test('a message that points to an event of the other account that is not there reaches nobody', async () => {
  expect(await publish({ event: placeIn(VICTIM) })).toEqual([]);
});

test('an event of its own that claims to be of the other account reaches nobody there', async () => {
  await write(placeIn(ATTACKER), forged(VICTIM));
  expect(await publish({ event: placeIn(ATTACKER) })).toEqual([]);
});

test('an event of its own that names a user of the other account reaches nobody there', async () => {
  await write(placeIn(ATTACKER), forged(ATTACKER));
  expect(await publish({ event: placeIn(ATTACKER) })).toEqual([]);
});

test('pointing to a real event of the other account again does not repeat its mail', async () => {
  const real = organization.s3
    .keys(BUCKET)
    .find(
      (key) =>
        key.startsWith(`events/${VICTIM}/`) &&
        organization.s3.text(BUCKET, key)!.includes('"userName":"maria.santos"') &&
        organization.s3.text(BUCKET, key)!.includes('"rotated"'),
    );
  expect(organization.ses.mails.some(({ to }) => to.some((address) => address.startsWith('maria.santos')))).toBe(true);
  expect(await publish({ event: real })).toEqual([]);
});
