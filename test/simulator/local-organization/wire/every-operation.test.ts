import type { NormalizedSchema } from '@smithy/core/schema';
import { CLAIMS, NESTED_CLAIMS } from '../../../../lib/simulator/local-organization/claims';
import { NO_DELAY } from '../../../../lib/simulator/local-organization/iam/directory';
import { LocalOrganization } from '../../../../lib/simulator/local-organization/organization';
import type { ServiceId } from '../../../../lib/simulator/local-organization/service';
import {
  errorModel,
  operationModel,
  operationNames,
  protocolOf,
  requiredMembers,
  signingNameOf,
} from '../../../../lib/simulator/local-organization/wire/models';
import { rawRequest, signed, type RawRequest } from './raw-requests';

const ACCOUNT = '333333333333';
const SERVICES = Object.keys(CLAIMS) as ServiceId[];
const place = { accountId: ACCOUNT, region: 'us-east-1' };
const TOKEN = '0123456789abcdef0123456789abcdef';
const policy = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }],
});
const openToAccount = (action: string): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` }, Action: action, Resource: '*' }],
  });
const trust = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
      Action: ['sts:AssumeRole', 'sts:SetSourceIdentity', 'sts:TagSession'],
    },
  ],
});
const FUNCTION = `arn:aws:lambda:us-east-1:${ACCOUNT}:function:answers`;

/** An account with one of everything. */
async function world() {
  const organization = new LocalOrganization({
    start: new Date('2027-01-04T09:00:00Z'),
    seed: 1,
    organizationId: 'o-a1b2c3d4e5',
    region: 'us-east-1',
    accountIds: [ACCOUNT],
    propagation: NO_DELAY,
  });
  const { directory, s3, sns, sqs, ses, kms, lambda, runtime, secrets } = organization;
  Object.assign(secrets, { listLagMs: 0 });
  const credentials = directory.administrator(ACCOUNT, { longLived: true });
  directory.createUser(ACCOUNT, { name: 'alice', tags: { team: 'a' }, policies: { own: policy } });
  directory.createUser(ACCOUNT, { name: 'bob' });
  const { accessKeyId } = directory.createAccessKey(ACCOUNT, 'alice');
  const role = directory.putRole(ACCOUNT, { name: 'reader', trustPolicy: trust, inlinePolicies: { own: policy } });
  s3.putBucket({ ...place, name: 'bucket' });
  s3.putObject('bucket', 'key', 'body');
  const topic = sns.putTopic({ ...place, name: 'topic' });
  const { url } = sqs.queue(sqs.putQueue({ ...place, name: 'queue' }));
  sqs.send(url, 'hello');
  const [message] = sqs.receive(url, 1);
  ses.verify(ACCOUNT, 'us-east-1', 'example.com');
  const kmsKeyId = kms.putKey({ ...place, policy: openToAccount('kms:*') }).split('/')[1]!;
  lambda.putFunction({ arn: FUNCTION });
  const code = { name: 'answers', text: 'exports.handler = async () => 1;' };
  runtime.deploy({ ...place, arn: FUNCTION, name: 'answers', roleArn: role, code, timeoutSeconds: 3, environment: {} });
  const send = async (service: ServiceId, raw: RawRequest) => {
    const wire = await signed(raw, credentials, { signingName: signingNameOf(service) });
    const answer = await organization.clock.finish(organization.gateway.handle(wire));
    return {
      status: answer.statusCode,
      code: raw.method === 'HEAD' && answer.statusCode === 501 ? 'NotImplemented' : codeOf(service, answer),
      body: Buffer.from(answer.body).toString(),
    };
  };
  const create = { Name: 'secret', SecretString: 'value', ClientRequestToken: TOKEN };
  await send('secretsmanager', rawRequest('secretsmanager', 'CreateSecret', create));
  return { send, inputs: goodInputs({ accessKeyId, role, topic, url, receipt: message!.receipt!, kmsKeyId }) };
}

interface Ids {
  readonly accessKeyId: string;
  readonly role: string;
  readonly topic: string;
  readonly url: string;
  readonly receipt: string;
  readonly kmsKeyId: string;
}

type Inputs = Readonly<Record<ServiceId, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;

const tags = [{ Key: 'team', Value: 'b' }];
const alice = { UserName: 'alice' };
const secret = { SecretId: 'secret' };
const object = { Bucket: 'bucket', Key: 'key' };
const mail = {
  Source: 'keys@example.com',
  Destination: { ToAddresses: ['a@example.com'] },
  Message: { Subject: { Data: 's' }, Body: { Text: { Data: 't' } } },
};

function goodInputs({ accessKeyId, role, topic, url, receipt, kmsKeyId }: Ids): Inputs {
  const key = { ...alice, AccessKeyId: accessKeyId };
  return {
    iam: {
      CreateUser: { UserName: 'carol', Path: '/people/', Tags: tags },
      GetUser: alice,
      DeleteUser: { UserName: 'bob' },
      UpdateUser: { ...alice, NewUserName: 'alicia' },
      ListUsers: { MaxItems: 1 },
      ListAccountAliases: {},
      CreateAccessKey: alice,
      ListAccessKeys: alice,
      UpdateAccessKey: { ...key, Status: 'Inactive' },
      DeleteAccessKey: key,
      GetAccessKeyLastUsed: { AccessKeyId: accessKeyId },
      PutUserPolicy: { ...alice, PolicyName: 'other', PolicyDocument: policy },
      DeleteUserPolicy: { ...alice, PolicyName: 'own' },
      GetUserPolicy: { ...alice, PolicyName: 'own' },
      ListUserPolicies: alice,
      ListAttachedUserPolicies: alice,
      TagUser: { ...alice, Tags: tags },
      UntagUser: { ...alice, TagKeys: ['team'] },
      ListUserTags: alice,
      GetRole: { RoleName: 'reader' },
      ListRoles: { PathPrefix: '/' },
      ListRolePolicies: { RoleName: 'reader' },
      ListAttachedRolePolicies: { RoleName: 'reader' },
      GetRolePolicy: { RoleName: 'reader', PolicyName: 'own' },
    },
    sts: {
      GetCallerIdentity: {},
      AssumeRole: {
        RoleArn: role,
        RoleSessionName: 'session',
        DurationSeconds: 900,
        SourceIdentity: 'me',
        Tags: tags,
        Policy: policy,
      },
    },
    secretsmanager: {
      CreateSecret: { Name: 'other', SecretString: 'value', Tags: tags },
      DeleteSecret: { ...secret, RecoveryWindowInDays: 7 },
      RestoreSecret: secret,
      UpdateSecret: { ...secret, Description: 'd' },
      DescribeSecret: secret,
      ListSecrets: { MaxResults: 1, Filters: [{ Key: 'name', Values: ['sec'] }] },
      TagResource: { ...secret, Tags: tags },
      UntagResource: { ...secret, TagKeys: ['team'] },
      GetResourcePolicy: secret,
      PutResourcePolicy: { ...secret, ResourcePolicy: openToAccount('secretsmanager:*') },
      DeleteResourcePolicy: secret,
      GetSecretValue: { ...secret, VersionStage: 'AWSCURRENT' },
      PutSecretValue: { ...secret, SecretString: 'next', VersionStages: ['AWSCURRENT'] },
      UpdateSecretVersionStage: { ...secret, VersionStage: 'MINE', MoveToVersionId: TOKEN },
      ListSecretVersionIds: { ...secret, IncludeDeprecated: true },
      RotateSecret: { ...secret, RotationLambdaARN: FUNCTION, RotationRules: { AutomaticallyAfterDays: 30 } },
      CancelRotateSecret: secret,
    },
    sns: {
      Publish: {
        TopicArn: topic,
        Message: 'm',
        Subject: 's',
        MessageAttributes: { type: { DataType: 'String', StringValue: 'x' } },
      },
      ListTopics: {},
      GetTopicAttributes: { TopicArn: topic },
      ListSubscriptions: {},
      ListSubscriptionsByTopic: { TopicArn: topic },
    },
    sqs: {
      ListQueues: { MaxResults: 1 },
      GetQueueUrl: { QueueName: 'queue' },
      GetQueueAttributes: { QueueUrl: url, AttributeNames: ['All'] },
      SendMessage: { QueueUrl: url, MessageBody: 'b' },
      ReceiveMessage: { QueueUrl: url, MaxNumberOfMessages: 10 },
      DeleteMessage: { QueueUrl: url, ReceiptHandle: receipt },
    },
    s3: {
      ListBuckets: {},
      ListObjectsV2: { Bucket: 'bucket', MaxKeys: 1, EncodingType: 'url' },
      GetObject: object,
      HeadObject: object,
      PutObject: { ...object, Body: 'new', ContentType: 'text/plain' },
      DeleteObject: object,
    },
    ses: {
      SendEmail: mail,
      VerifyEmailIdentity: { EmailAddress: 'a@example.com' },
      GetIdentityVerificationAttributes: { Identities: ['example.com'] },
      GetIdentityDkimAttributes: { Identities: ['example.com'] },
    },
    cloudformation: { ListStackInstances: { StackSetName: 'fleet', CallAs: 'DELEGATED_ADMIN' } },
    lambda: { Invoke: { FunctionName: 'answers', InvocationType: 'RequestResponse', Payload: '{}' } },
    kms: {
      ListKeys: { Limit: 1 },
      DescribeKey: { KeyId: kmsKeyId },
      GenerateDataKey: { KeyId: kmsKeyId, KeySpec: 'AES_256' },
      EnableKey: { KeyId: kmsKeyId },
      DisableKey: { KeyId: kmsKeyId },
      GetKeyPolicy: { KeyId: kmsKeyId, PolicyName: 'default' },
    },
  };
}

function codeOf(
  service: ServiceId,
  { body, headers }: { readonly body: Uint8Array; readonly headers: Readonly<Record<string, string>> },
): string | undefined {
  const text = Buffer.from(body).toString();
  return protocolOf(service).endsWith('Xml') || protocolOf(service) === 'query'
    ? /<Code>(\w[\w.]*)<\/Code>/.exec(text)?.[1]
    : headers['x-amzn-errortype'];
}

/** Errors that belong to no service's model: those of the wire, and what S3's documentation lists without modelling it. */
const COMMON = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'ValidationError',
  'ValidationException',
  'InvalidAction',
  'UnknownOperationException',
  'MalformedInput',
  'SerializationException',
  'NotImplemented',
  'MissingParameter',
  'InvalidParameterValue',
  'InvalidArgument',
  'MethodNotAllowed',
  'InvalidDigest',
  'BadDigest',
  'IncompleteBody',
  'KeyTooLongError',
  'PreconditionFailed',
  'NotModified',
  'MissingContentLength',
]);

const known = (service: ServiceId, code: string | undefined): boolean =>
  code !== undefined && (COMMON.has(code) || errorModel(service, code) !== undefined);

const operations = SERVICES.flatMap((service) =>
  Object.keys(CLAIMS[service]).map((operation) => [service, operation] as const),
);

const isLabel = (schema: NormalizedSchema, name: string): boolean =>
  (schema.getMemberSchema(name).getMergedTraits() as { httpLabel?: unknown }).httpLabel !== undefined;

/** The account of these tests has no StackSet. */
const ABSENT = 'StackSetNotFoundException';

/** Answers from a host of its own. */
const ELSEWHERE = 'WriteGetObjectResponse';

/** Members that say where the request goes. */
const PLACES: Readonly<Record<string, string>> = { Bucket: 'bucket', Key: 'key' };

/** A value of the member's kind. */
function someValue(member: NormalizedSchema): unknown {
  if (member.isNumericSchema()) return 1;
  if (member.isBooleanSchema()) return true;
  return member.isTimestampSchema() ? 1_800_000_000 : 'something';
}

/** Values of every kind that are wrong for most members. */
const ODD: readonly unknown[] = [
  '',
  ' ',
  'x'.repeat(3_000),
  '\u0007<&>%{}[]"*?',
  'arn:aws:iam::1:nothing',
  -1,
  1e9,
  true,
  null,
  [],
  {},
  [null],
  ['', 7],
  { a: { b: 'c' } },
];

it('claims nothing but operations and parameters of the service models', () => {
  for (const [service, operation] of operations) {
    const members = [...(operationModel(service, operation)?.input.structIterator() ?? [])].map(([name]) => name);
    expect({
      service,
      operation,
      strange: CLAIMS[service][operation]!.filter((name) => !members.includes(name)),
    }).toEqual({ service, operation, strange: [] });
  }
});

/** Structures within a parameter, each with the member that holds it. */
function structuresOf(schema: NormalizedSchema, holder: string): (readonly [string, NormalizedSchema])[] {
  if (schema.isListSchema() || schema.isMapSchema()) return structuresOf(schema.getValueSchema(), holder);
  if (!schema.isStructSchema()) return [];
  const within = [...schema.structIterator()].flatMap(([name, member]) => structuresOf(member, name));
  return [[holder, schema], ...within];
}

const STRUCTURES = operations.flatMap(([service, operation]) =>
  CLAIMS[service][operation]!.flatMap((name) =>
    structuresOf(operationModel(service, operation)!.input.getMemberSchema(name), name).map(
      ([holder, schema]) => ({ service, operation, parameter: name, holder, schema }) as const,
    ),
  ),
);

it('claims members of every structure within a parameter, and none that it does not have', () => {
  for (const { service, holder, schema } of STRUCTURES) {
    const members = [...schema.structIterator()].map(([name]) => name);
    const claimed = NESTED_CLAIMS[service]?.[holder] ?? [];
    expect({ holder, none: claimed.length === 0, strange: claimed.filter((name) => !members.includes(name)) }).toEqual({
      holder,
      none: false,
      strange: [],
    });
  }
});

it('refuses members of structures that are not modelled', async () => {
  const { send, inputs } = await world();
  const attribute = { DataType: 'Binary', BinaryValue: 'AAAA' };
  const MessageAttributes = { type: attribute };
  const raw = rawRequest('sns', 'Publish', { ...inputs.sns.Publish, MessageAttributes });
  expect(await send('sns', raw)).toMatchObject({ status: 501 });
});

const PAGED = operations.flatMap(([service, operation]) =>
  CLAIMS[service][operation]!.filter((name) => /^(Marker|NextToken|ContinuationToken)$/.test(name)).map(
    (name) => [service, operation, name] as const,
  ),
);

it.each(PAGED)('%s:%s refuses a %s that no page gave', async (service, operation, name) => {
  const { send, inputs } = await world();
  for (const token of ['rubbish', 'MTAwMDAwMA==', '-1', 'MQ']) {
    const raw = rawRequest(service, operation, { ...inputs[service][operation], [name]: token });
    expect({ token, status: (await send(service, raw)).status }).toEqual({ token, status: 400 });
  }
});

const SIZED = operations.flatMap(([service, operation]) =>
  CLAIMS[service][operation]!.filter((name) => /^(MaxItems|MaxResults|MaxBuckets|Limit)$/.test(name)).map(
    (name) => [service, operation, name] as const,
  ),
);

it.each(SIZED)('%s:%s refuses a %s that is too large or too small', async (service, operation, name) => {
  const { send, inputs } = await world();
  for (const size of [0, -1, 10_001]) {
    const raw = rawRequest(service, operation, { ...inputs[service][operation], [name]: size });
    expect({ size, status: (await send(service, raw)).status }).toEqual({ size, status: 400 });
  }
});

it.each(operations)('%s:%s answers a good request', async (service, operation) => {
  const { send, inputs } = await world();
  const { status, code, body } = await send(service, rawRequest(service, operation, inputs[service][operation]!));
  const good = status < 300 || code === ABSENT;
  expect({ good, body: good ? '' : body }).toEqual({ good: true, body: '' });
});

it.each(operations)(
  '%s:%s refuses what its model requires and is missing, what it has and is not modelled',
  async (service, operation) => {
    const { send, inputs } = await world();
    const good = inputs[service][operation]!;
    const { input: schema } = operationModel(service, operation)!;
    for (const name of requiredMembers(schema)) {
      if (isLabel(schema, name)) continue;
      const { [name]: _, ...rest } = good;
      const { status, code } = await send(service, rawRequest(service, operation, rest));
      expect({ without: name, status: status >= 400 && status < 500, known: known(service, code), code }).toMatchObject(
        { status: true, known: true },
      );
    }
    for (const [name, member] of schema.structIterator()) {
      if (
        CLAIMS[service][operation]!.includes(name) ||
        member.isStructSchema() ||
        member.isListSchema() ||
        member.isMapSchema()
      )
        continue;
      const value = someValue(member);
      expect({
        with: name,
        ...(await send(service, rawRequest(service, operation, { ...good, [name]: value }))),
      }).toMatchObject({ status: 501 });
    }
  },
);

it.each(operations)(
  '%s:%s answers odd requests, each with a success or an error that AWS has',
  async (service, operation) => {
    const { send, inputs } = await world();
    const good = inputs[service][operation]!;
    for (const name of CLAIMS[service][operation]!) {
      for (const value of ODD) {
        const { status, code } = await send(service, rawRequest(service, operation, { ...good, [name]: value }));
        const fine =
          status < 400 ||
          (status < 500 && (known(service, code) || operation === 'HeadObject')) ||
          code === 'NotImplemented';
        expect({ name, value, status, code, fine }).toMatchObject({ fine: true });
      }
    }
  },
);

it.each(SERVICES)(
  '%s refuses operations that AWS has and that are not here, and such as nobody has',
  async (service) => {
    const { send } = await world();
    for (const operation of operationNames(service)) {
      if (CLAIMS[service][operation] || operation === ELSEWHERE) continue;
      const { input: schema } = operationModel(service, operation)!;
      const required = Object.fromEntries(requiredMembers(schema).map((name) => [name, PLACES[name] ?? 'something']));
      const { status, code } = await send(service, rawRequest(service, operation, required));
      expect({ operation, status, code }).toEqual({ operation, status: 501, code: 'NotImplemented' });
    }
    if (operationModel(service, Object.keys(CLAIMS[service])[0]!)!.http) return;
    const { code } = await send(service, rawRequest(service, 'MakeCoffee', {}));
    expect(code).toMatch(/^(InvalidAction|UnknownOperationException)$/);
  },
);
