/** docs/scp.json, attached above the member accounts: what developers with common rights can no longer do, and what the product still can. */
import { runSimulation } from '@cloud-copilot/iam-simulate';
import scp from '../../docs/scp.json';
import { PREFIX } from '../../lambda/domain/ledger/tags';
import { STACKS } from '../../lib/names';
import { ROSTERS } from '../fixtures/rosters';
import grid from './iam-cases.json';
import { synthesised } from './synthesised';

const ACCOUNT = '333333333333';
const ROTATE = `arn:aws:lambda:us-east-1:${ACCOUNT}:function:access-keys-rotate`;
const role = (name: string): string => `arn:aws:iam::${ACCOUNT}:role/${name}`;
const SECRET = `arn:aws:secretsmanager:us-east-1:${ACCOUNT}:secret:/access-key/alice-AbCdEf`;
/** What developers often have, and what takes a guardrail to bound. */
const EVERYTHING = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };

interface Request {
  readonly roleName: string;
  readonly action: string;
  readonly resource: string;
  readonly context?: Readonly<Record<string, string | string[]>>;
  readonly policies?: readonly { readonly name: string; readonly policy: object }[];
}

async function allowed({ roleName, action, resource, context, policies }: Request, guarded: boolean): Promise<boolean> {
  const answer = await runSimulation(
    {
      request: {
        principal: `arn:aws:sts::${ACCOUNT}:assumed-role/${roleName}/session`,
        action,
        resource: { resource, accountId: ACCOUNT },
        contextVariables: { 'aws:PrincipalArn': role(roleName), ...context } as Record<string, string | string[]>,
      },
      identityPolicies: [...(policies ?? [{ name: 'everything', policy: EVERYTHING }])],
      serviceControlPolicies: guarded
        ? [
            {
              orgIdentifier: 'ou-ab12-11111111',
              policies: [
                { name: 'everything', policy: EVERYTHING },
                { name: 'access-keys', policy: scp },
              ],
            },
          ]
        : [],
      resourceControlPolicies: [],
    },
    {},
  );
  if (answer.resultType === 'error') throw new Error(JSON.stringify(answer.errors));
  return answer.overallResult === 'Allowed';
}

const developer = (action: string, resource: string, context?: Request['context']): Request => ({
  roleName: 'developer',
  action,
  resource,
  ...(context && { context }),
});

const TAGGED = { 'aws:TagKeys': ['team', `${PREFIX}generation`] };
const DENIED: readonly Request[] = [
  ...[
    'UpdateFunctionCode',
    'UpdateFunctionConfiguration',
    'InvokeFunction',
    'AddPermission',
    'DeleteFunction',
    'CreateFunctionUrlConfig',
    'PutFunctionConcurrency',
  ].map((action) => developer(`lambda:${action}`, ROTATE)),
  ...['access-keys-rotate', 'access-keys-key-administration', 'access-keys-deployer', 'stacksets-exec-0a1b2c'].flatMap(
    (name) =>
      [
        'PassRole',
        'CreateRole',
        'UpdateAssumeRolePolicy',
        'PutRolePolicy',
        'AttachRolePolicy',
        'DeleteRolePermissionsBoundary',
      ].map((action) => developer(`iam:${action}`, role(name))),
  ),
  ...[STACKS.rotator, `StackSet-${STACKS.canary}-0a1b`, `StackSet-${STACKS.fleet}-0a1b`].flatMap((stack) => [
    ...['PutRule', 'DisableRule', 'DeleteRule', 'PutTargets', 'RemoveTargets'].map((action) =>
      developer(`events:${action}`, `arn:aws:events:us-east-1:${ACCOUNT}:rule/${stack}-ReconcileSchedule-1A2B3C`),
    ),
    ...['UpdateStack', 'DeleteStack', 'CreateChangeSet', 'ExecuteChangeSet'].map((action) =>
      developer(`cloudformation:${action}`, `arn:aws:cloudformation:us-east-1:${ACCOUNT}:stack/${stack}/0a1b2c`),
    ),
  ]),
  ...['PutMetricAlarm', 'DeleteAlarms', 'DisableAlarmActions', 'SetAlarmState'].map((action) =>
    developer(`cloudwatch:${action}`, `arn:aws:cloudwatch:us-east-1:${ACCOUNT}:alarm:access-keys-reconcile-fails`),
  ),
  ...[
    'CreateSecret',
    'PutSecretValue',
    'UpdateSecret',
    'UpdateSecretVersionStage',
    'DeleteSecret',
    'RestoreSecret',
    'RotateSecret',
    'CancelRotateSecret',
    'PutResourcePolicy',
    'DeleteResourcePolicy',
    'TagResource',
    'UntagResource',
    'ReplicateSecretToRegions',
  ].map((action) => developer(`secretsmanager:${action}`, SECRET)),
  developer('secretsmanager:CreateSecret', `arn:aws:secretsmanager:us-east-1:${ACCOUNT}:secret:mine-AbCdEf`, TAGGED),
  developer('secretsmanager:TagResource', `arn:aws:secretsmanager:us-east-1:${ACCOUNT}:secret:mine-AbCdEf`, TAGGED),
];

test.each(DENIED)('a developer is denied $action on $resource, and would be allowed without', async (request) => {
  expect(await allowed(request, true)).toBe(false);
  expect(await allowed(request, false)).toBe(true);
});

test.each([
  developer('lambda:UpdateFunctionCode', `arn:aws:lambda:us-east-1:${ACCOUNT}:function:my-own`),
  developer('lambda:GetFunction', ROTATE),
  developer('iam:PassRole', role('my-own')),
  developer('iam:CreateRole', role('my-own')),
  developer('events:PutRule', `arn:aws:events:us-east-1:${ACCOUNT}:rule/my-own`),
  developer('cloudformation:UpdateStack', `arn:aws:cloudformation:us-east-1:${ACCOUNT}:stack/my-own/0a1b2c`),
  developer('cloudwatch:PutMetricAlarm', `arn:aws:cloudwatch:us-east-1:${ACCOUNT}:alarm:my-own`),
  developer('secretsmanager:GetSecretValue', SECRET),
  developer('secretsmanager:DescribeSecret', SECRET),
  developer('secretsmanager:CreateSecret', `arn:aws:secretsmanager:us-east-1:${ACCOUNT}:secret:mine-AbCdEf`, {
    'aws:TagKeys': ['team'],
  }),
])('a developer keeps $action on $resource', async (request) => {
  expect(await allowed(request, true)).toBe(true);
});

const roles = new Map(
  synthesised(ROSTERS.organization, ACCOUNT)
    .filter(({ type, accountId }) => type === 'AWS::IAM::Role' && accountId === ACCOUNT)
    .map(({ properties }) => [
      properties.RoleName as string,
      properties.Policies as { PolicyName: string; PolicyDocument: object }[],
    ]),
);
const own = grid.flatMap(({ expected, roles: names, actions, resource, context }) =>
  expected === 'allowed'
    ? names
        .filter((name) => roles.has(name))
        .flatMap((roleName) =>
          actions
            .filter((action) => !action.startsWith('kms:'))
            .map((action): Request => ({
              roleName,
              action,
              resource,
              context: {
                'lambda:SourceFunctionArn': `arn:aws:lambda:us-east-1:${ACCOUNT}:function:${roleName}`,
                'aws:ResourceAccount': action.startsWith('s3:') ? '222222222222' : ACCOUNT,
                ...(context as unknown as Record<string, string>),
              },
              policies: roles
                .get(roleName)!
                .map(({ PolicyName, PolicyDocument }) => ({ name: PolicyName, policy: PolicyDocument })),
            })),
        )
    : [],
);

test.each(own)('$roleName keeps $action', async (request) => {
  expect(await allowed(request, true)).toBe(true);
});

test('reconcile makes secrets with the ledger, and attaches the rotate function', async () => {
  expect(
    await allowed(
      { roleName: 'access-keys-reconcile', action: 'secretsmanager:CreateSecret', resource: SECRET, context: TAGGED },
      true,
    ),
  ).toBe(true);
  expect(
    await allowed({ roleName: 'access-keys-reconcile', action: 'lambda:InvokeFunction', resource: ROTATE }, true),
  ).toBe(true);
});

test.each(['stacksets-exec-0a1b2c', 'access-keys-deployer'])('%s deploys', async (roleName) => {
  for (const [action, resource] of [
    ['lambda:UpdateFunctionCode', ROTATE],
    ['iam:PassRole', role('access-keys-rotate')],
    ['iam:PutRolePolicy', role('access-keys-rotate')],
    ['events:PutRule', `arn:aws:events:us-east-1:${ACCOUNT}:rule/StackSet-AccessKeysFleet-0a1b-ReconcileSchedule-1A2B`],
    ['cloudwatch:PutMetricAlarm', `arn:aws:cloudwatch:us-east-1:${ACCOUNT}:alarm:access-keys-reconcile-fails`],
  ] as const)
    expect([action, await allowed({ roleName, action, resource }, true)]).toEqual([action, true]);
});

test('it fits: AWS takes 5,120 characters without white space', () => {
  expect(JSON.stringify(scp).length).toBeLessThanOrEqual(5_120);
});
