import { VirtualClock } from '../../../../lib/simulator/local-organization/clock';
import { seededRandom } from '../../../../lib/simulator/local-organization/random';
import type { Call, Principal, Service } from '../../../../lib/simulator/local-organization/service';
import { KmsState } from '../../../../lib/simulator/local-organization/services/kms';
import { lambdaService } from '../../../../lib/simulator/local-organization/services/lambda';
import { s3Service } from '../../../../lib/simulator/local-organization/services/s3';
import { sesService } from '../../../../lib/simulator/local-organization/services/ses';
import { snsService } from '../../../../lib/simulator/local-organization/services/sns';
import { sqsService } from '../../../../lib/simulator/local-organization/services/sqs';

const place = { accountId: '222222222222', region: 'us-east-1' };
const principal: Principal = {
  kind: 'role',
  arn: 'arn:aws:sts::333333333333:assumed-role/rotate/x',
  accountId: '333333333333',
  userId: 'AROA:x',
};
const clock = new VirtualClock(new Date('2026-11-02T10:00:00Z'));
const random = seededRandom(1);
const callOf = ({ id }: Service, operation: string, caller = principal): Call => ({
  service: id,
  operation,
  principal: caller,
  region: 'us-east-1',
  at: clock.now(),
});
const send = (service: Service, operation: string, input: object, caller = principal): any =>
  service.operations[operation]!.run(input, callOf(service, operation, caller));
const accesses = (service: Service, operation: string, input: object) =>
  service.operations[operation]!.accesses(input, callOf(service, operation));
const codeOf = (act: () => unknown): string | undefined => {
  try {
    act();
    return undefined;
  } catch (error) {
    return (error as { code: string }).code;
  }
};

test('a conditional read of an unchanged object is answered Not Modified, and a create-only put is refused once it exists', () => {
  const { service, state } = s3Service({ clock });
  state.putBucket({ ...place, name: 'org' });
  const { ETag } = send(service, 'PutObject', { Bucket: 'org', Key: 'roster/1.json', Body: '{}', IfNoneMatch: '*' });
  expect(Buffer.from(send(service, 'GetObject', { Bucket: 'org', Key: 'roster/1.json' }).Body).toString()).toBe('{}');
  expect(codeOf(() => send(service, 'GetObject', { Bucket: 'org', Key: 'roster/1.json', IfNoneMatch: ETag }))).toBe(
    'NotModified',
  );
  expect(
    codeOf(() => send(service, 'PutObject', { Bucket: 'org', Key: 'roster/1.json', Body: 'x', IfNoneMatch: '*' })),
  ).toBe('PreconditionFailed');
  expect(codeOf(() => send(service, 'GetObject', { Bucket: 'org', Key: 'none' }))).toBe('NoSuchKey');
});

test('that an object is missing is told to who may list it by its key', () => {
  const { service, state } = s3Service({ clock });
  state.putBucket({ ...place, name: 'org' });
  state.putObject('org', 'roster/1.json', '{}');
  const asked = (Key: string) =>
    accesses(service, 'GetObject', { Bucket: 'org', Key }).map(({ action, context }) => [action, context]);
  expect(asked('roster/1.json')).toEqual([['s3:GetObject', undefined]]);
  expect(asked('roster/2.json')).toEqual([
    ['s3:GetObject', undefined],
    ['s3:ListBucket', { 's3:prefix': 'roster/2.json' }],
  ]);
});

test('publishing to an encrypted topic asks the topic and its key, through SNS', () => {
  const kms = new KmsState({ clock, random });
  const kmsKeyArn = kms.putKey({ ...place, policy: '{"key":1}' });
  const { service, state } = snsService({ clock, random, kms, deliver: () => undefined });
  const TopicArn = state.putTopic({ ...place, name: 'admin', policy: '{"topic":1}', kmsKeyArn });
  expect(accesses(service, 'Publish', { TopicArn, Message: 'x' })).toMatchObject([
    { action: 'sns:Publish', resource: TopicArn, resourceAccountId: place.accountId, resourcePolicy: '{"topic":1}' },
    {
      action: 'kms:GenerateDataKey',
      resource: kmsKeyArn,
      context: { 'kms:ViaService': 'sns.us-east-1.amazonaws.com' },
      resourcePolicy: '{"key":1}',
    },
    { action: 'kms:Decrypt', resource: kmsKeyArn },
  ]);
});

test('each protocol receives its own text, and a filter policy keeps other audiences out', async () => {
  const queued: string[] = [];
  const { service, state } = snsService({ clock, random, deliver: (_queue, body) => void queued.push(body) });
  const TopicArn = state.putTopic({ ...place, name: 'admin' });
  state.subscribe({
    topicArn: TopicArn,
    protocol: 'email',
    endpoint: 'security@example.com',
    filterPolicy: { audience: ['admin'] },
  });
  state.subscribe({ topicArn: TopicArn, protocol: 'sqs', endpoint: 'arn:aws:sqs:us-east-1:222222222222:mail' });
  const publish = (audience: string[]) =>
    send(service, 'Publish', {
      TopicArn,
      MessageStructure: 'json',
      Message: '{"default":"d","email":"e","sqs":"s"}',
      MessageAttributes: { audience: { DataType: 'String.Array', StringValue: JSON.stringify(audience) } },
    });
  await publish(['owner']);
  await publish(['owner', 'admin']);
  expect(state.emails.map(({ to, text }) => [to, text])).toEqual([['security@example.com', 'e']]);
  expect(queued.map((body) => JSON.parse(body).Message)).toEqual(['s', 's']);
});

test.each([[{ audience: [{ exists: false }] }], [{ audience: ['admin'] }]])(
  'a message without attributes passes no filter policy: %j',
  async (filterPolicy) => {
    const { service, state } = snsService({ clock, random, deliver: () => undefined });
    const TopicArn = state.putTopic({ ...place, name: 'admin' });
    state.subscribe({ topicArn: TopicArn, protocol: 'email', endpoint: 'filtered@example.com', filterPolicy });
    state.subscribe({ topicArn: TopicArn, protocol: 'email', endpoint: 'all@example.com' });
    await send(service, 'Publish', { TopicArn, Message: 'an alarm' });
    expect(state.emails.map(({ to }) => to)).toEqual(['all@example.com']);
  },
);

test('a message received too often without being deleted moves to the dead-letter queue', async () => {
  const { state } = sqsService({ clock, random });
  const dead = state.putQueue({ ...place, name: 'dead' });
  const queue = state.putQueue({
    ...place,
    name: 'mail',
    visibilityTimeoutSeconds: 60,
    redrive: { deadLetterTargetArn: dead, maxReceiveCount: 2 },
  });
  let arrivals = 0;
  state.onArrival(queue, () => void arrivals++);
  state.send(queue, 'hello');
  for (let attempt = 0; attempt < 2; attempt++) {
    expect(state.receive(queue, 10)).toHaveLength(1);
    expect(state.receive(queue, 10)).toHaveLength(0);
    await clock.advanceTo(new Date(clock.now().getTime() + 60_000));
  }
  expect(state.receive(queue, 10)).toHaveLength(0);
  expect(state.receive(dead, 10).map(({ body }) => body)).toEqual(['hello']);
  expect(arrivals).toBe(1);
});

test('SES sends from verified identities only', () => {
  const { service, state } = sesService({ clock, random });
  const mail = {
    Source: 'Keys <access-keys@example.com>',
    Destination: { ToAddresses: ['a@example.com'] },
    Message: { Subject: { Data: 's' }, Body: { Text: { Data: 't' } } },
  };
  expect(codeOf(() => send(service, 'SendEmail', mail))).toBe('MessageRejected');
  state.verify(principal.accountId, 'us-east-1', 'example.com');
  send(service, 'SendEmail', mail);
  expect(state.mails).toMatchObject([{ to: ['a@example.com'], subject: 's', text: 't' }]);
});

test('a crashed function is answered with FunctionError', async () => {
  const { service, state } = lambdaService({
    invoke: async () => ({ payload: { errorType: 'Error' }, functionError: 'Unhandled' }),
  });
  state.putFunction({ arn: 'arn:aws:lambda:us-east-1:333333333333:function:operate' });
  expect(await send(service, 'Invoke', { FunctionName: 'operate', Payload: '{}' })).toMatchObject({
    StatusCode: 200,
    FunctionError: 'Unhandled',
  });
});
