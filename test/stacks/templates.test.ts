import { runSimulation } from '@cloud-copilot/iam-simulate';
import { Validations, type App } from 'aws-cdk-lib';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FUNCTIONS, ROLES } from '../../lambda/contract/names';
import { synthesize } from '../../lib/stacks/app';
import { memberCode } from '../../lib/stacks/member/member-code';
import { withMemberTemplate } from '../../lib/stacks/member/member-template';
import { loadRoster } from '../../lib/roster/load';
import { ROSTERS } from '../fixtures/rosters';
import grid from './iam-cases.json';
import { listOf, statementsIn, synthesised, type SynthesisedResource } from './synthesised';

const ACCOUNT = '333333333333';
const resources = synthesised(ROSTERS.organization, ACCOUNT);
const ofType = (type: string): readonly SynthesisedResource[] => resources.filter((resource) => resource.type === type);

const role = (name: string): SynthesisedResource =>
  ofType('AWS::IAM::Role').find(({ properties }) => properties.RoleName === name)!;

/** A key whose own policy leaves the decision to the policies of the account: without any, KMS denies everybody. */
const leavesItTo = (accountId: string) => ({
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${accountId}:root` }, Action: 'kms:*', Resource: '*' },
  ],
});

/** What S3 says of the org bucket, whoever asks. */
const ORG_BUCKET = { 'aws:ResourceAccount': '222222222222' };

/** Functions and their roles have the same names. */
const functionArn = (accountId: string, name: string): string =>
  `arn:aws:lambda:us-east-1:${accountId}:function:${name}`;

/** By the role's own policies alone, as its own function asks; test/stacks/requests.test.ts asks all of them. */
async function decide(
  roleName: string,
  action: string,
  resource: string,
  given: Record<string, string> = {},
): Promise<string> {
  const { accountId, properties } = role(roleName);
  const context = { 'lambda:SourceFunctionArn': functionArn(accountId, roleName), ...given };
  const answer = await runSimulation(
    {
      request: {
        principal: `arn:aws:sts::${accountId}:assumed-role/${roleName}/session`,
        action,
        resource: { resource, accountId },
        contextVariables: { ...(action.startsWith('s3:') && ORG_BUCKET), ...context },
      },
      identityPolicies: properties.Policies.map(({ PolicyName, PolicyDocument }: any) => ({
        name: PolicyName,
        policy: PolicyDocument,
      })),
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      ...(action.startsWith('kms:') && { resourcePolicy: leavesItTo(accountId) }),
    },
    {},
  );
  if (answer.resultType === 'error') throw new Error(JSON.stringify(answer.errors));
  return answer.overallResult === 'Allowed' ? 'allowed' : 'denied';
}

describe('what the roles may do', () => {
  const squares = grid.flatMap(({ roles, actions, resource, context, expected }) =>
    roles.flatMap((name) =>
      actions.map((action) => ({
        name,
        action,
        resource,
        context: context as Record<string, string> | undefined,
        expected,
      })),
    ),
  );

  test.each(squares)(
    '$expected: $name, $action on $resource',
    async ({ name, action, resource, context, expected }) => {
      expect(await decide(name, action, resource, context)).toBe(expected);
    },
  );

  test.each(squares.filter(({ name, expected }) => expected === 'allowed' && Object.hasOwn(FUNCTIONS, name.slice(12))))(
    'denied: $name, $action on $resource, passed to another function',
    async ({ name, action, resource, context }) => {
      const elsewhere = { ...context, 'lambda:SourceFunctionArn': functionArn(ACCOUNT, 'somebody-elses') };
      const byServices = /^(logs|kms|sqs|lambda):/.test(action);
      expect(await decide(name, action, resource, elsewhere)).toBe(byServices ? 'allowed' : 'denied');
    },
  );

  test('every action that a role is allowed has a case that is allowed, and no other', () => {
    const inTemplates = Object.values(ROLES).flatMap((name) =>
      statementsIn(role(name).properties.Policies)
        .filter(({ Effect }) => Effect === 'Allow')
        .flatMap(({ Action }) => listOf(Action).map((action) => `${name} ${action}`)),
    );
    const inCases = squares
      .filter(({ expected }) => expected === 'allowed')
      .map(({ name, action }) => `${name} ${action}`);
    expect([...new Set(inCases)].sort()).toEqual([...new Set(inTemplates)].sort());
  });

  test('a local role trusts only the function roles meant for it', () => {
    const trusted = (name: string): unknown =>
      role(name).properties.AssumeRolePolicyDocument.Statement.map(({ Principal }: any) => Principal.AWS);
    const arn = (name: string): string => `arn:aws:iam::${ACCOUNT}:role/${name}`;
    expect(trusted('access-keys-key-administration')).toEqual([[arn('access-keys-rotate')]]);
    expect(trusted('access-keys-key-retirement')).toEqual([[arn('access-keys-reconcile'), arn('access-keys-operate')]]);
  });
});

test('Secrets Manager of another account cannot invoke rotate', () => {
  const permissions = ofType('AWS::Lambda::Permission').filter(
    ({ properties }) => properties.Principal === 'secretsmanager.amazonaws.com',
  );
  expect(permissions.map(({ properties }) => properties.SourceAccount)).toEqual([ACCOUNT]);
});

describe('what the templates say exactly', () => {
  const functions = Object.values(FUNCTIONS);

  test.each(functions)(
    '$name runs on Node.js 24 and arm64, for its own time, without reserved concurrency',
    ({ name, timeoutSeconds, memoryMiB }) => {
      const [found] = ofType('AWS::Lambda::Function').filter(({ properties }) => properties.FunctionName === name);
      expect(found!.properties).toMatchObject({
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        Timeout: timeoutSeconds,
        MemorySize: memoryMiB,
      });
      expect(found!.properties).not.toHaveProperty('ReservedConcurrentExecutions');
    },
  );

  test('the functions have these times, and no others', () => {
    expect(functions.map(({ name, timeoutSeconds }) => [name, timeoutSeconds])).toEqual([
      ['access-keys-rotate', 300],
      ['access-keys-reconcile', 600],
      ['access-keys-operate', 300],
      ['access-keys-mailer', 60],
    ]);
    expect(ofType('AWS::Lambda::Function')).toHaveLength(functions.length);
  });

  test('no function is invoked again by Lambda after an error', () => {
    const retries = new Map(
      ofType('AWS::Lambda::EventInvokeConfig').map(({ properties }) => [
        properties.FunctionName,
        properties.MaximumRetryAttempts,
      ]),
    );
    expect(retries).toEqual(new Map(functions.map(({ name }) => [name, 0])));
  });

  test('logs are kept for a year', () => {
    const logs = ofType('AWS::Logs::LogGroup');
    expect(logs.map(({ properties }) => properties.RetentionInDays)).toEqual(logs.map(() => 365));
    expect(logs.map(({ properties }) => properties.LogGroupName)).toEqual(
      expect.arrayContaining(functions.map(({ name }) => `/aws/lambda/${name}`)),
    );
  });

  test('reconcile runs every five minutes and on every rotation that did not succeed', () => {
    const rules = ofType('AWS::Events::Rule')
      .filter(({ stack }) => stack === 'AccessKeysRotator')
      .map(({ properties: { ScheduleExpression, EventPattern, State, Targets } }) => ({
        ScheduleExpression,
        EventPattern,
        State,
        targets: Targets.map(({ Arn }: any) => Arn),
      }));
    const common = {
      State: 'ENABLED',
      targets: [`arn:aws:lambda:us-east-1:${ACCOUNT}:function:access-keys-reconcile`],
    };
    expect(rules).toEqual([
      { ...common, ScheduleExpression: 'rate(5 minutes)', EventPattern: undefined },
      {
        ...common,
        ScheduleExpression: undefined,
        EventPattern: {
          source: ['aws.secretsmanager'],
          'detail-type': ['AWS Service Event via CloudTrail'],
          detail: { eventName: ['RotationFailed', 'RotationAbandoned', 'TestRotationFailed'] },
        },
      },
    ]);
  });

  test('the alarms watch this, and tell the alarm topic', () => {
    const alarms = ofType('AWS::CloudWatch::Alarm').map(({ properties }) => properties);
    const reconcile = {
      Namespace: 'AWS/Lambda',
      Dimensions: [{ Name: 'FunctionName', Value: 'access-keys-reconcile' }],
      Statistic: 'Sum',
      Period: 300,
    };
    const AlarmActions = ['arn:aws:sns:us-east-1:222222222222:access-keys-alarms'];
    expect(alarms).toHaveLength(4);
    expect(alarms).toEqual(
      expect.arrayContaining([
        {
          ...reconcile,
          AlarmName: 'access-keys-reconcile-fails',
          AlarmDescription: expect.any(String),
          MetricName: 'Errors',
          ComparisonOperator: 'GreaterThanThreshold',
          Threshold: 0,
          EvaluationPeriods: 3,
          TreatMissingData: 'notBreaching',
          AlarmActions,
        },
        {
          ...reconcile,
          AlarmName: 'access-keys-reconcile-silent',
          AlarmDescription: expect.any(String),
          MetricName: 'Invocations',
          ComparisonOperator: 'LessThanThreshold',
          Threshold: 1,
          EvaluationPeriods: 6,
          TreatMissingData: 'missing',
          InsufficientDataActions: AlarmActions,
          AlarmActions,
        },
        {
          AlarmName: 'access-keys-admin-mail-bounced',
          AlarmDescription: expect.any(String),
          Namespace: 'access-keys',
          MetricName: 'AdminMailBounced',
          Statistic: 'Sum',
          Period: 300,
          EvaluationPeriods: 1,
          Threshold: 0,
          ComparisonOperator: 'GreaterThanThreshold',
          TreatMissingData: 'notBreaching',
          AlarmActions,
        },
        {
          AlarmName: 'access-keys-undeliverable-notices',
          AlarmDescription: expect.any(String),
          Namespace: 'AWS/SQS',
          MetricName: 'ApproximateNumberOfMessagesVisible',
          Dimensions: [{ Name: 'QueueName', Value: 'access-keys-owner-notices-undeliverable' }],
          Statistic: 'Maximum',
          Period: 300,
          EvaluationPeriods: 1,
          Threshold: 0,
          ComparisonOperator: 'GreaterThanThreshold',
          TreatMissingData: 'notBreaching',
          AlarmActions,
        },
      ]),
    );
  });

  test('the org bucket keeps versions, encrypts, and is public to nobody', () => {
    expect(
      ofType('AWS::S3::Bucket')
        .filter(({ stack }) => stack === 'AccessKeysNotification')
        .map(({ properties }) => properties),
    ).toEqual([
      {
        BucketName: 'access-keys-222222222222-us-east-1',
        VersioningConfiguration: { Status: 'Enabled' },
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
        },
        OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
      },
    ]);
  });

  test('all topics are under one key of their own, which rotates', () => {
    const keys = ofType('AWS::KMS::Key').filter(({ stack }) => stack === 'AccessKeysNotification');
    expect(keys.map(({ properties }) => properties.EnableKeyRotation)).toEqual([true]);
    expect(ofType('AWS::SNS::Topic').map(({ properties }) => properties)).toEqual(
      ['access-keys-admin', 'access-keys-alarms', 'access-keys-mail-feedback'].map((TopicName) => ({
        TopicName,
        KmsMasterKeyId: keys[0]!.logicalId,
      })),
    );
  });

  test('whatever else is allowed, nobody outside the security account subscribes to a topic and nobody publishes in the clear', () => {
    const policies = ofType('AWS::SNS::TopicPolicy');
    expect(policies).toHaveLength(3);
    for (const { properties } of policies) {
      const [Resource] = properties.Topics;
      expect(statementsIn(properties.PolicyDocument).filter(({ Effect }) => Effect === 'Deny')).toMatchObject([
        {
          Principal: { AWS: '*' },
          Action: 'sns:Subscribe',
          Resource,
          Condition: { StringNotEquals: { 'aws:PrincipalAccount': '222222222222' } },
        },
        {
          Principal: { AWS: '*' },
          Action: 'sns:Publish',
          Resource,
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        },
      ]);
    }
  });

  test('each admin has a filtered subscription of the admin topic and an unfiltered one of the alarm topic', () => {
    const mails = ofType('AWS::SNS::Subscription')
      .filter(({ properties }) => properties.Protocol === 'email')
      .map(({ properties: { TopicArn, Endpoint, FilterPolicy } }) => [
        TopicArn.split(':').at(-1),
        Endpoint,
        FilterPolicy,
      ]);
    expect(mails).toEqual(
      ['security@example.com', 'ciso@example.com'].flatMap((admin) => [
        ['access-keys-admin', admin, { audience: ['admin'] }],
        ['access-keys-alarms', admin, undefined],
      ]),
    );
  });

  test('every message goes to the mailer, which checks it, each one again until SES has taken it, and in the end to a queue that is watched', () => {
    const subscriptions = ofType('AWS::SNS::Subscription').filter(({ properties }) => properties.Protocol === 'sqs');
    expect(
      subscriptions.map(({ properties }) => [properties.TopicArn.split(':').at(-1), properties.FilterPolicy]),
    ).toEqual([
      ['access-keys-mail-feedback', undefined],
      ['access-keys-admin', undefined],
    ]);
    const queue = ofType('AWS::SQS::Queue').find(
      ({ properties }) => properties.QueueName === 'access-keys-owner-notices',
    )!;
    expect(queue.properties).toMatchObject({
      VisibilityTimeout: 360,
      RedrivePolicy: {
        maxReceiveCount: 5,
        deadLetterTargetArn: 'arn:aws:sqs:us-east-1:222222222222:access-keys-owner-notices-undeliverable',
      },
    });
    expect(ofType('AWS::Lambda::EventSourceMapping').map(({ properties }) => properties.FunctionResponseTypes)).toEqual(
      [['ReportBatchItemFailures'], ['ReportBatchItemFailures']],
    );
    expect(ofType('AWS::SES::ConfigurationSet').map(({ properties }) => properties.DeliveryOptions)).toEqual([
      { TlsPolicy: 'REQUIRE' },
    ]);
  });

  test('what becomes of the mails comes back by a topic whose policy is there before SES tries it', () => {
    const [destination] = ofType('AWS::SES::ConfigurationSetEventDestination');
    expect(destination!.properties).toEqual({
      ConfigurationSetName: 'access-keys',
      EventDestination: {
        Name: 'mail-feedback',
        Enabled: true,
        MatchingEventTypes: ['BOUNCE', 'COMPLAINT', 'REJECT', 'DELIVERY_DELAY', 'DELIVERY'],
        SnsDestination: { TopicARN: 'arn:aws:sns:us-east-1:222222222222:access-keys-mail-feedback' },
      },
    });
  });
});

const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

function synth(): string {
  const outdir = mkdtempSync(join(tmpdir(), 'assembly-'));
  folders.push(outdir);
  return synthesize(loadRoster(ROSTERS.organization, { at: new Date('2026-11-24') }).roster!, { outdir });
}

/** Templates of the assembly and of its stages, with the StackSets' own. */
const templatesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.template.json') || /^asset\.\w+\.json$/.test(name))
    .sort();

test("a finding in the StackSets' template stops synthesis also under the CDK's command, which sees the other templates' reports only", () => {
  const finding = (templatePath: string) => ({
    ruleName: 'Rule',
    description: 'something is wide',
    violatingResources: [{ resourceLogicalId: 'Rotate', templatePath, locations: [] }],
  });
  const check = (app: App): void =>
    Validations.of(app).addPlugins({
      name: 'strict',
      validate: ({ templatePaths }) => ({ success: false, violations: templatePaths.map(finding) }),
    });
  const { roster } = loadRoster(ROSTERS.organization, { at: new Date('2026-11-24') });
  const used: string[] = [];
  process.env['CDK_CONTEXT_JSON'] = JSON.stringify({ '@aws-cdk/core:failSynthOnValidationErrors': false });
  try {
    expect(() => withMemberTemplate(roster!, memberCode(), check, (file) => used.push(file))).toThrow(
      'something is wide',
    );
  } finally {
    delete process.env['CDK_CONTEXT_JSON'];
  }
  expect(used).toEqual([]);
});

test('two syntheses have the same bytes', () => {
  const [first, second] = [synth(), synth()];
  expect(templatesIn(first)).toHaveLength(5);
  for (const name of templatesIn(first))
    expect(readFileSync(join(second, name))).toEqual(readFileSync(join(first, name)));
});
