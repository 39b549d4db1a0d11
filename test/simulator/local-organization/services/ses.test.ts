/** SES's first API in the local organization: who may send, what it refuses, and what it reports afterwards. */
import { VirtualClock } from '../../../../lib/simulator/local-organization/clock';
import { seededRandom } from '../../../../lib/simulator/local-organization/random';
import type { Call } from '../../../../lib/simulator/local-organization/service';
import { sesService } from '../../../../lib/simulator/local-organization/services/ses';

const ACCOUNT = '222222222222';
const REGION = 'us-east-1';
const SENDER = 'access-keys@example.com';

function world() {
  const clock = new VirtualClock(new Date('2027-01-04T00:00:00Z'));
  const reports: { eventType: string; bounce?: { bounceSubType: string } }[] = [];
  const { service, state } = sesService({
    clock,
    random: seededRandom('ses'),
    publish: async (_topic, message) => void reports.push(JSON.parse(message) as (typeof reports)[number]),
  });
  state.verify(ACCOUNT, REGION, SENDER);
  const eventTypes = ['BOUNCE', 'COMPLAINT', 'DELIVERY_DELAY'];
  state.putEventDestination(ACCOUNT, REGION, 'access-keys', { name: 'topic', topicArn: 'arn:topic', eventTypes });
  const call = (operation: string): Call => ({
    service: 'ses',
    operation,
    principal: {
      kind: 'role',
      arn: 'arn:aws:sts::222222222222:assumed-role/mailer/x',
      accountId: ACCOUNT,
      userId: 'AROA:x',
    },
    region: REGION,
    at: clock.now(),
  });
  const mail = (change: object = {}) => ({
    Source: SENDER,
    Destination: { ToAddresses: ['ann@example.org'] },
    ConfigurationSetName: 'access-keys',
    Message: { Subject: { Data: 's' }, Body: { Text: { Data: 't' } } },
    ...change,
  });
  const ask = (operation: string, input: object): any => service.operations[operation]!.run(input, call(operation));
  const asked = (input: object): string[] =>
    service.operations.SendEmail!.accesses(input, call('SendEmail')).map(({ resource }) => resource.split(':').at(-1)!);
  const settle = (): Promise<void> => clock.advanceTo(new Date(clock.now().getTime() + 3_600_000));
  return { state, reports, mail, ask, asked, settle };
}

const to = (...ToAddresses: string[]) => ({ Destination: { ToAddresses } });

test("in the sandbox the recipients' identities are asked for and have to be verified; outside it they are not", () => {
  const { state, mail, ask, asked } = world();
  expect(asked(mail())).toEqual([`identity/${SENDER}`, 'configuration-set/access-keys']);
  ask('SendEmail', mail());
  state.sandbox(ACCOUNT, REGION);
  expect(asked(mail())).toEqual([`identity/${SENDER}`, 'identity/ann@example.org', 'configuration-set/access-keys']);
  expect(() => ask('SendEmail', mail())).toThrow('failed the check in region US-EAST-1: ann@example.org');
  state.verify(ACCOUNT, REGION, 'ann@example.org');
  ask('SendEmail', mail());
  expect(state.mails).toHaveLength(2);
});

test("a domain's identity is asked for beside the address's, and speaks for it once it is verified", () => {
  const { state, mail, ask, asked } = world();
  const other = mail({ Source: 'other@example.com' });
  expect(() => ask('SendEmail', other)).toThrow('not verified');
  state.create(ACCOUNT, REGION, 'example.com');
  expect(() => ask('SendEmail', other)).toThrow('not verified');
  expect(asked(mail())).toEqual([`identity/${SENDER}`, 'identity/example.com', 'configuration-set/access-keys']);
  state.verify(ACCOUNT, REGION, 'example.com');
  ask('SendEmail', other);
});

test.each([
  ['an unknown configuration set', { ConfigurationSetName: 'none' }, 'ConfigurationSetDoesNotExist'],
  ['51 recipients', to(...Array.from({ length: 51 }, (_, index) => `a${index}@example.org`)), 'InvalidParameterValue'],
  ['an address without a domain', to('ann'), 'InvalidParameterValue'],
  ['an address with a domain that is none', to('ann@exam_ple'), 'InvalidParameterValue'],
  ['an address with a letter beyond ASCII', to('änn@example.org'), 'InvalidParameterValue'],
  ['nobody', to(), 'InvalidParameterValue'],
])('%s is refused', (_, change, name) => {
  const { mail, ask, state } = world();
  expect(() => ask('SendEmail', mail(change))).toThrow(expect.objectContaining({ name }) as Error);
  expect(state.mails).toEqual([]);
});

test.each([
  ['bounce', 'Bounce'],
  ['complaint', 'Complaint'],
  ['delay', 'DeliveryDelay'],
] as const)('a %s is reported to the destination that wants it', async (reaction, eventType) => {
  const { state, mail, ask, reports, settle } = world();
  state.react('ann@example.org', reaction);
  ask('SendEmail', mail({ Tags: [{ Name: 'event', Value: 'abc' }] }));
  await settle();
  expect(reports).toMatchObject([{ eventType, mail: { destination: ['ann@example.org'], tags: { event: ['abc'] } } }]);
});

test('what arrives is not reported where nobody asked for it', async () => {
  const { mail, ask, reports, settle } = world();
  ask('SendEmail', mail());
  await settle();
  expect(reports).toEqual([]);
});

test('an address that bounced is suppressed: SES takes later mail and lets it bounce itself', async () => {
  const { state, mail, ask, reports, settle } = world();
  state.react('ann@example.org', 'bounce');
  for (let count = 0; count < 2; count++) {
    ask('SendEmail', mail());
    await settle();
  }
  expect(reports.map(({ bounce }) => bounce?.bounceSubType)).toEqual(['General', 'OnAccountSuppressionList']);
});

test("the mailbox simulator's addresses need no verification and do what they are for", async () => {
  const { state, mail, ask, reports, settle } = world();
  state.sandbox(ACCOUNT, REGION);
  ask('SendEmail', mail(to('bounce+ann@simulator.amazonses.com', 'success@simulator.amazonses.com')));
  await settle();
  expect(reports.map(({ eventType }) => eventType)).toEqual(['Bounce']);
});

test('an identity that was asked for is pending until somebody confirms it', () => {
  const { state, ask } = world();
  const status = (name: string): string | undefined =>
    ask('GetIdentityVerificationAttributes', { Identities: [name] }).VerificationAttributes[name]?.VerificationStatus;
  expect(status('ann@example.org')).toBeUndefined();
  ask('VerifyEmailIdentity', { EmailAddress: 'ann@example.org' });
  expect(status('ann@example.org')).toBe('Pending');
  state.verify(ACCOUNT, REGION, 'ann@example.org');
  expect(status('ann@example.org')).toBe('Success');
  ask('VerifyEmailIdentity', { EmailAddress: 'ann@example.org' });
  expect(status('ann@example.org')).toBe('Success');
});
