/** What a request asks for is done as AWS does it, or refused: never half. */
import {
  CreateSecretCommand,
  ListSecretsCommand,
  SecretsManagerClient,
  type ListSecretsCommandInput,
} from '@aws-sdk/client-secrets-manager';
import { CreateAccessKeyCommand, IAMClient } from '@aws-sdk/client-iam';
import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { NO_DELAY } from '../../../../lib/simulator/local-organization/iam/directory';
import { LocalOrganization } from '../../../../lib/simulator/local-organization/organization';

const ACCOUNT = '333333333333';
const MANAGEMENT = '111111111111';
const place = { accountId: ACCOUNT, region: 'us-east-1' };

function world() {
  const organization = new LocalOrganization({
    start: new Date('2027-01-04T09:00:00Z'),
    seed: 1,
    organizationId: 'o-a1b2c3d4e5',
    region: 'us-east-1',
    accountIds: [MANAGEMENT, ACCOUNT],
    managementAccountId: MANAGEMENT,
    propagation: NO_DELAY,
  });
  Object.assign(organization.secrets, { listLagMs: 0 });
  const config = organization.clientConfig(organization.directory.administrator(ACCOUNT));
  const { directory, secrets, sns, sqs } = organization;
  return { organization, config, directory, secrets, sns, sqs };
}

describe('ListSecrets', () => {
  const SECRETS = [
    { Name: 'prod/Payments', Description: 'Card terminal of the shop', Tags: [{ Key: 'Team', Value: 'Blue' }] },
    { Name: 'test/payments', Description: 'nothing', Tags: [{ Key: 'team', Value: 'red' }] },
  ];

  async function listing() {
    const { config } = world();
    const secrets = new SecretsManagerClient(config);
    for (const secret of SECRETS) await secrets.send(new CreateSecretCommand({ ...secret, SecretString: 'x' }));
    return async (input: ListSecretsCommandInput) =>
      (await secrets.send(new ListSecretsCommand(input))).SecretList!.map(({ Name }) => Name);
  }

  it.each([
    ['name', ['prod/P'], ['prod/Payments']],
    ['name', ['prod/p'], []],
    ['name', ['!prod/P'], ['test/payments']],
    ['tag-key', ['Tea'], ['prod/Payments']],
    ['tag-value', ['blue'], []],
    ['description', ['TERM card'], ['prod/Payments']],
    ['description', ['erminal'], []],
    ['all', ['RED'], ['test/payments']],
    ['owning-service', ['rds'], []],
  ] as const)('finds by %s %j', async (Key, Values, found) => {
    const list = await listing();
    expect(await list({ Filters: [{ Key, Values: [...Values] }] })).toEqual(found);
  });

  it('sorts by what it is asked to, and refuses filters and orders that AWS does not have', async () => {
    const list = await listing();
    expect(await list({ SortBy: 'name', SortOrder: 'asc' })).toEqual(['prod/Payments', 'test/payments']);
    expect(await list({ SortBy: 'name', SortOrder: 'desc' })).toEqual(['test/payments', 'prod/Payments']);
    await expect(list({ SortBy: 'size' as 'name' })).rejects.toMatchObject({ name: 'ValidationException' });
    const Filters = [{ Key: 'colour' as 'name', Values: ['red'] }];
    await expect(list({ Filters })).rejects.toMatchObject({ name: 'ValidationException' });
  });
});

describe('a queue', () => {
  function queue() {
    const { config, sqs: state } = world();
    const { url: QueueUrl } = state.queue(state.putQueue({ ...place, name: 'queue' }));
    const sqs = new SQSClient(config);
    const receive = (input: object = {}) => sqs.send(new ReceiveMessageCommand({ QueueUrl, ...input }));
    return { sqs, QueueUrl, receive };
  }

  it('gives the attributes that are asked for, and refuses those that AWS does not have', async () => {
    const { sqs, QueueUrl, receive } = queue();
    const attributes = async (...AttributeNames: string[]) =>
      (await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: AttributeNames as 'All'[] })))
        .Attributes;
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'hello', DelaySeconds: 5 }));
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'hello' }));
    expect(await attributes()).toBeUndefined();
    expect(await attributes('VisibilityTimeout')).toEqual({ VisibilityTimeout: '30' });
    expect(await attributes('All')).toMatchObject({
      ApproximateNumberOfMessages: '1',
      ApproximateNumberOfMessagesDelayed: '1',
      ApproximateNumberOfMessagesNotVisible: '0',
    });
    await expect(attributes('Colour')).rejects.toMatchObject({ name: 'InvalidAttributeName' });
    const { Messages: [message] = [] } = await receive({ MessageSystemAttributeNames: ['ApproximateReceiveCount'] });
    expect(message?.Attributes).toEqual({ ApproximateReceiveCount: '1' });
  });

  it('deletes by the newest receipt handle, takes an old one and refuses one that nobody was given', async () => {
    const { sqs, QueueUrl, receive } = queue();
    const remove = (ReceiptHandle = '') => sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'hello' }));
    const [{ Messages: [first] = [] }, { Messages: [second] = [] }] = [
      await receive({ VisibilityTimeout: 0 }),
      await receive({ VisibilityTimeout: 0 }),
    ];
    await remove(first?.ReceiptHandle);
    await expect(remove('never given')).rejects.toMatchObject({ name: 'ReceiptHandleIsInvalid' });
    expect((await receive({ VisibilityTimeout: 0 })).Messages).toHaveLength(1);
    await remove(second?.ReceiptHandle);
    const { Messages: [third] = [] } = await receive({ VisibilityTimeout: 0 });
    await remove(third?.ReceiptHandle);
    expect((await receive()).Messages).toBeUndefined();
  });

  it('does not wait, and says so', async () => {
    await expect(queue().receive({ WaitTimeSeconds: 5 })).rejects.toMatchObject({ name: 'NotImplemented' });
  });
});

it.each([
  [{ type: [{ suffix: '.png' }] }],
  [{ type: [{ numeric: ['>', 5] }] }],
  [{ type: [{ 'anything-but': { prefix: 'a' } }] }],
  [{ type: [{ exists: true, prefix: 'a' }] }],
  [{ type: 'text' }],
  [{ $or: [{ type: ['a'] }] }],
])('a subscription with the filter %j, which is not modelled, fails its deployment', (filterPolicy) => {
  const { sns } = world();
  const topicArn = sns.putTopic({ ...place, name: 'topic' });
  const endpoint = `arn:aws:sqs:us-east-1:${ACCOUNT}:queue`;
  expect(() => sns.subscribe({ topicArn, protocol: 'sqs', endpoint, filterPolicy: filterPolicy as never })).toThrow(
    'the local organization does not know the filter',
  );
});

it('service control policies bind every account but the management account', async () => {
  const { organization, directory } = world();
  const Statement = [{ Effect: 'Deny', Action: 'iam:CreateAccessKey', Resource: '*' }];
  const create = async (id: string) => {
    directory.createUser(id, { name: 'alice' });
    directory.putServiceControlPolicy(id, 'no-keys', JSON.stringify({ Version: '2012-10-17', Statement }));
    const iam = new IAMClient(organization.clientConfig(directory.administrator(id)));
    return iam.send(new CreateAccessKeyCommand({ UserName: 'alice' }));
  };
  await expect(create(ACCOUNT)).rejects.toMatchObject({ name: 'AccessDenied' });
  await expect(create(MANAGEMENT)).resolves.toBeDefined();
});
