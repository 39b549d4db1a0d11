/** CloudFormation's execution roles may do what the templates' resources take, by the policies that the README has people create. */
import { runSimulation } from '@cloud-copilot/iam-simulate';
import wide from '../../../docs/deployment-policy.json';
import guarded from '../../../docs/deployment-policy-guarded.json';
import boundary from '../../../docs/permissions-boundary.json';
import securityBoundary from '../../../docs/permissions-boundary-security.json';
import { Assembly } from '../../../lib/cloud-assembly/assembly';
import { resolveTemplate, type Resolved, type Target } from '../../../lib/cloud-assembly/template';
import { permissionsBoundary } from '../../../lib/stacks/pipeline/permissions-boundary';
import { loadRoster } from '../../../lib/roster/load';
import { assembled } from '../../assembled';
import { ROSTERS } from '../../fixtures/rosters';
import handlers from './handler-actions.json';
import exceptions from './handler-exceptions.json';

/**
 * Of each resource type in use: every permission that its handlers name in the registry's schema, which `.ci/cfn-lint`
 * holds against the schemas of the cfn-lint that it pins.
 */
const HANDLERS: Readonly<Record<string, readonly string[]>> = handlers;

const MANAGEMENT = '111111111111';
const BOUNDARY = `arn:aws:iam::${MANAGEMENT}:policy/access-keys-boundary`;
const SECURITY = '222222222222';
const SECURITY_BOUNDARY = `arn:aws:iam::${SECURITY}:policy/access-keys-security-boundary`;

interface Stack {
  readonly target: Target;
  readonly resources: readonly Resolved[];
}

interface Request {
  readonly action: string;
  readonly resource: string;
  readonly context?: Record<string, string>;
}

let stacks: Stack[];
beforeAll(() => {
  const folder = assembled(loadRoster(ROSTERS.everyDeployment, { at: new Date('2027-01-04') }).roster!);
  stacks = new Assembly(folder).stacks.map(({ target, template }) => ({
    target,
    resources: resolveTemplate(template, { ...target, parameters: { KeyAlias: 'alias/k' } }, () => 'key-id'),
  }));
});

interface Exception {
  readonly type: string;
  /** Pattern of the actions that are not granted. */
  readonly actions: string;
  /** The only one that takes them; no template sets it. */
  readonly property?: string;
  readonly reason?: string;
}

/** Inline policies, in a role or beside it. */
function policiesIn({ type, properties }: Resolved): any[] {
  if (type === 'AWS::IAM::Role') return (properties.Policies ?? []).map(({ PolicyDocument }: any) => PolicyDocument);
  return /^AWS::IAM::(Role)?Policy$/.test(type) ? [properties.PolicyDocument] : [];
}

const exceptionsOf = (type: string): Exception[] =>
  (exceptions as Exception[]).filter((exception) => exception.type === type);

const calledFor = (type: string): readonly string[] =>
  (HANDLERS[type] ?? []).filter(
    (action) => !exceptionsOf(type).some(({ actions }) => new RegExp(actions).test(action)),
  );

const requests = ({ target, resources }: Stack): Request[] =>
  resources.flatMap((resource) =>
    calledFor(resource.type).flatMap((action) =>
      arnsOf(action, resource, target).map((arn) => ({
        action,
        resource: arn,
        context: contextOf(action, arn, resources),
      })),
    ),
  );

/** What a request of this action is about. */
function arnsOf(action: string, { type, name, properties: p }: Resolved, { accountId, region }: Target): string[] {
  const arn = (service: string, rest: string): string => `arn:aws:${service}:${region}:${accountId}:${rest}`;
  const role = (roleName: string): string => `arn:aws:iam::${accountId}:role/${roleName}`;
  const [service = ''] = action.split(':');
  switch (service) {
    case 'iam':
      if (type === 'AWS::IAM::ManagedPolicy' && !action.endsWith('RolePolicy'))
        return [`arn:aws:iam::${accountId}:policy/${name}`];
      return type.startsWith('AWS::IAM::')
        ? (p.Roles ?? [p.RoleName ?? name]).map(role)
        : passedRoles(p).filter((passed) => passed.includes(`:${accountId}:`));
    case 's3':
      return [
        type === 'AWS::Lambda::Function'
          ? `arn:aws:s3:::${p.Code.S3Bucket}/${p.Code.S3Key}`
          : `arn:aws:s3:::${String(p.Bucket ?? name).toLowerCase()}`,
      ];
    case 'kms':
      return type === 'AWS::KMS::Alias'
        ? [arn('kms', p.AliasName), arn('kms', 'key/key-id')]
        : [arn('kms', 'key/key-id')];
    case 'lambda':
      return [
        type === 'AWS::Lambda::EventSourceMapping'
          ? arn('lambda', 'event-source-mapping:id')
          : arn(
              'lambda',
              `function:${String(p.FunctionName ?? name)
                .split(':')
                .at(-1)}`,
            ),
      ];
    case 'sns':
      return [p.TopicArn ?? p.Topics?.[0] ?? arn('sns', name)];
    case 'sqs':
      return [arn('sqs', p.QueueName ?? p.Queues[0].split('/').at(-1))];
    case 'codeconnections':
      return JSON.stringify(p).match(/arn:aws:codeconnections:[^"]+/g)!;
    case 'ses':
      return [
        arn(
          'ses',
          type === 'AWS::SES::EmailIdentity'
            ? `identity/${p.EmailIdentity}`
            : `configuration-set/${p.Name ?? p.ConfigurationSetName}`,
        ),
      ];
    default:
      return [
        type === 'AWS::CloudWatch::Dashboard'
          ? `arn:aws:cloudwatch::${accountId}:dashboard/${p.DashboardName}`
          : arn(service, `${KINDS[service]}${name}`),
      ];
  }
}

/** What runs as them; a role of another account cannot be passed, it is assumed. */
const passedRoles = ({ Role, ServiceRole, RoleArn, Stages = [] }: Record<string, any>): string[] =>
  [
    Role,
    ServiceRole,
    RoleArn,
    ...Stages.flatMap(({ Actions }: any) => Actions.map((action: any) => action.RoleArn)),
  ].filter((role) => role !== undefined);

const KINDS: Readonly<Record<string, string>> = {
  cloudwatch: 'alarm:',
  events: 'rule/',
  logs: 'log-group:',
  codebuild: 'project/',
  codepipeline: '',
  cloudformation: 'stackset/',
};

function contextOf(action: string, arn: string, resources: readonly Resolved[]): Record<string, string> {
  if (action === 'iam:PassRole')
    return {
      'aws:PrincipalAccount': arn.split(':')[4]!,
      'iam:PassedToService': arn.includes('role/cdk-') ? 'codepipeline.amazonaws.com' : 'lambda.amazonaws.com',
    };
  const role = resources.find(({ type, name }) => type === 'AWS::IAM::Role' && arn.endsWith(`:role/${name}`));
  return {
    'aws:PrincipalAccount': arn.split(':')[4] || MANAGEMENT,
    ...(role?.properties.PermissionsBoundary && { 'iam:PermissionsBoundary': role.properties.PermissionsBoundary }),
    ...(/tachRolePolicy/.test(action) && {
      'iam:PolicyARN': arn.replace(/role\/.*/, 'policy/AccessKeysPipeline-OverflowPolicy'),
    }),
  };
}

/** What the CDK gives every key: the account's own policies decide. */
const KEY_POLICY = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: '*' }, Action: 'kms:*', Resource: '*' }],
};

/** An action without resources is asked for `*`, and one that may be without for both; what a schema misnames is no action of IAM. */
async function denies(policy: object, { action, resource, context = {} }: Request): Promise<boolean> {
  const decided = await Promise.all(
    [resource, '*'].map((asked) =>
      runSimulation(
        {
          request: {
            principal: `arn:aws:sts::${context['aws:PrincipalAccount'] ?? MANAGEMENT}:assumed-role/cdk-cfn-exec/cloudformation`,
            action,
            resource: { resource: asked, accountId: context['aws:PrincipalAccount'] ?? MANAGEMENT },
            contextVariables: { 'aws:PrincipalAccount': MANAGEMENT, ...context },
          },
          identityPolicies: [{ name: 'deployment', policy }],
          resourcePolicy: asked.includes(':key/') ? KEY_POLICY : undefined,
          serviceControlPolicies: [],
          resourceControlPolicies: [],
        },
        {},
      ),
    ),
  );
  const answers = decided.flatMap((answer) => (answer.resultType === 'error' ? [] : [answer.overallResult]));
  if (decided.every((answer) => answer.resultType === 'error' && answer.errors?.message === 'invalid.action'))
    return false;
  if (answers.length === 0) throw new Error(`${action} on ${resource}: ${JSON.stringify(decided)}`);
  return answers.some((answer) => answer !== 'Allowed');
}

async function denied(policy: object, asked: readonly Request[]): Promise<string[]> {
  const distinct = [...new Map(asked.map((request) => [JSON.stringify(request), request])).values()];
  const found: string[] = [];
  for (const request of distinct)
    if (await denies(policy, request)) found.push(`${request.action} on ${request.resource}`);
  return found;
}

const inAccount = (accountId: string): Stack[] => stacks.filter(({ target }) => target.accountId === accountId);

test('no template sets a property whose actions are not granted, and every exception is of an action', () => {
  for (const { type, actions, property, reason } of exceptions as Exception[]) {
    expect(HANDLERS[type]!.some((action) => new RegExp(actions).test(action))).toBe(true);
    expect(property ?? reason).toBeDefined();
    const set = stacks
      .flatMap(({ resources }) => resources)
      .filter((resource) => resource.type === type && property !== undefined)
      .filter(({ properties }) => JSON.stringify(properties).includes(`"${property}":`));
    expect(set.map(({ name }) => name)).toEqual([]);
  }
});

test('it is known of every type what its handlers call', () => {
  expect(
    stacks.flatMap(({ resources }) => resources).filter(({ type }) => !HANDLERS[type] && type !== 'AWS::CDK::Metadata'),
  ).toEqual([]);
  for (const { target, resources } of stacks) expect(requests({ target, resources }).length).toBeGreaterThan(5);
});

test('the security account can deploy pipeline, central stack and StackSets, and a policy that the CDK splits off', async () => {
  const overflow = {
    logicalId: 'Overflow',
    name: 'AccessKeysPipeline-OverflowPolicy',
    type: 'AWS::IAM::ManagedPolicy',
    properties: { Roles: ['AccessKeysPipeline-PipelineRoleB27FAA37'] },
  };
  const found = inAccount(SECURITY);
  expect(found.length).toBe(4);
  const isPipeline = ({ target }: Stack): boolean => target.stackName === 'AccessKeysPipeline';
  const withOverflow = found.map((stack) =>
    isPipeline(stack) ? { ...stack, resources: [...stack.resources, overflow] } : stack,
  );
  expect(await denied(wide, withOverflow.flatMap(requests))).toEqual([]);
});

describe('the security account, where whoever deploys must not become its administrator,', () => {
  const roleOf = (name: string): string => `arn:aws:iam::${SECURITY}:role/${name}`;
  const asks = (action: string, resource: string, context: Record<string, string> = {}): Promise<boolean> =>
    denies(wide, { action, resource, context: { 'aws:PrincipalAccount': SECURITY, ...context } });
  const within = { 'iam:PermissionsBoundary': SECURITY_BOUNDARY };

  test('has no role outside the boundary', () => {
    const roles = inAccount(SECURITY).flatMap(({ resources }) =>
      resources.filter(({ type }) => type === 'AWS::IAM::Role'),
    );
    expect(roles.length).toBeGreaterThan(10);
    for (const { name, properties } of roles)
      expect([name, properties.PermissionsBoundary]).toEqual([name, SECURITY_BOUNDARY]);
  });

  test.each(['iam:CreateRole', 'iam:PutRolePolicy', 'iam:UpdateAssumeRolePolicy', 'iam:PutRolePermissionsBoundary'])(
    'refuses %s without the boundary and with another',
    async (action) => {
      for (const name of ['access-keys-mailer', 'AccessKeysPipeline-PipelineRole']) {
        expect(await asks(action, roleOf(name))).toBe(true);
        expect(
          await asks(action, roleOf(name), {
            'iam:PermissionsBoundary': 'arn:aws:iam::aws:policy/AdministratorAccess',
          }),
        ).toBe(true);
        expect(await asks(action, roleOf(name), within)).toBe(false);
      }
    },
  );

  test.each([
    ['iam:DeleteRolePermissionsBoundary', roleOf('access-keys-mailer'), {}],
    ['iam:CreatePolicyVersion', SECURITY_BOUNDARY, {}],
    ['iam:DeletePolicy', SECURITY_BOUNDARY, {}],
    ['iam:CreateRole', roleOf('administrator'), {}],
    [
      'iam:AttachRolePolicy',
      roleOf('AccessKeysPipeline-PipelineRole'),
      { 'iam:PolicyARN': 'arn:aws:iam::aws:policy/AdministratorAccess' },
    ],
    ['iam:CreateUser', `arn:aws:iam::${SECURITY}:user/somebody`, {}],
    ['iam:PutRolePolicy', roleOf('cdk-hnb659fds-cfn-exec-role-222222222222-eu-central-1'), {}],
    ['sts:AssumeRole', roleOf('administrator'), {}],
    [
      's3:GetObject',
      'arn:aws:s3:::cdk-hnb659fds-assets-222222222222-eu-central-1/a.zip',
      { 'aws:ResourceAccount': '999999999999' },
    ],
  ])('refuses %s on %s even with the boundary', async (action, resource, context) => {
    expect(await asks(action, resource, { ...within, ...context })).toBe(true);
  });

  test.each([
    ['lambda', false],
    ['codebuild', false],
    ['codepipeline', false],
    ['ec2', true],
    ['cloudformation', true],
  ])('passes roles to %s: denied is %s', async (service, expected) => {
    for (const name of ['access-keys-mailer', 'AccessKeysPipeline-PipelineRole']) {
      expect(await asks('iam:PassRole', roleOf(name), { 'iam:PassedToService': `${service}.amazonaws.com` })).toBe(
        expected,
      );
    }
  });

  test.each([
    ['iam:CreateUser', `arn:aws:iam::${SECURITY}:user/somebody`],
    ['iam:CreateAccessKey', `arn:aws:iam::${SECURITY}:user/somebody`],
    ['iam:PutRolePolicy', roleOf('access-keys-mailer')],
    ['iam:PassRole', roleOf('access-keys-mailer')],
    ['sts:AssumeRole', roleOf('OrganizationAccountAccessRole')],
    ['secretsmanager:GetSecretValue', `arn:aws:secretsmanager:eu-central-1:${SECURITY}:secret:other-abcdef`],
    ['s3:GetObject', 'arn:aws:s3:::somebody-elses/object'],
  ])('lets no role that it makes use %s on %s, whatever its own policies say', async (action, resource) => {
    expect(await denies(securityBoundary, { action, resource })).toBe(true);
  });

  test.each([
    [SECURITY, false],
    ['999999999999', true],
  ])('lets the roles read a bucket of the name that belongs to %s: denied is %s', async (owner, expected) => {
    const resource = `arn:aws:s3:::access-keys-${SECURITY}-eu-central-1/published.json`;
    const context = { 'aws:PrincipalAccount': SECURITY, 'aws:ResourceAccount': owner };
    expect(await denies(securityBoundary, { action: 's3:GetObject', resource, context })).toBe(expected);
  });

  test('the boundary names every action of the roles that it bounds', () => {
    const covers = securityBoundary.Statement.flatMap(({ Action }) => Action).map(
      (action) => new RegExp(`^${action.replaceAll('*', '.*')}$`),
    );
    const policies = inAccount(SECURITY).flatMap(({ resources }) => resources.flatMap(policiesIn));
    const actions = new Set<string>(
      policies.flatMap(({ Statement }) => Statement.flatMap(({ Action }: any) => Action)),
    );
    expect(actions.size).toBeGreaterThan(30);
    expect([...actions].filter((action) => !covers.some((pattern) => pattern.test(action)))).toEqual([]);
  });
});

describe('an account that is a stage of the pipeline', () => {
  const roleOf = (name: string): string => `arn:aws:iam::${MANAGEMENT}:role/${name}`;

  test('can be deployed to, its roles within the boundary', async () => {
    const [stack] = inAccount(MANAGEMENT);
    for (const { type, properties } of stack!.resources)
      if (type === 'AWS::IAM::Role') expect(properties.PermissionsBoundary).toBe(BOUNDARY);
    expect(await denied(guarded, requests(stack!))).toEqual([]);
  });

  test.each(['iam:CreateRole', 'iam:PutRolePolicy', 'iam:UpdateAssumeRolePolicy', 'iam:PutRolePermissionsBoundary'])(
    'refuses %s without the boundary and with another',
    async (action) => {
      const request = { action, resource: roleOf('access-keys-rotate') };
      expect(await denies(guarded, request)).toBe(true);
      expect(
        await denies(guarded, {
          ...request,
          context: { 'iam:PermissionsBoundary': 'arn:aws:iam::aws:policy/AdministratorAccess' },
        }),
      ).toBe(true);
      expect(await denies(guarded, { ...request, context: { 'iam:PermissionsBoundary': BOUNDARY } })).toBe(false);
    },
  );

  test.each([
    ['iam:DeleteRolePermissionsBoundary', roleOf('access-keys-rotate')],
    ['iam:CreatePolicyVersion', BOUNDARY],
    ['iam:CreateRole', roleOf('administrator')],
    ['iam:AttachRolePolicy', roleOf('access-keys-rotate')],
    ['iam:PutUserPolicy', `arn:aws:iam::${MANAGEMENT}:user/somebody`],
    ['iam:CreateAccessKey', `arn:aws:iam::${MANAGEMENT}:user/somebody`],
    ['iam:TagUser', `arn:aws:iam::${MANAGEMENT}:user/somebody`],
  ])('refuses %s on %s even with the boundary', async (action, resource) => {
    expect(await denies(guarded, { action, resource, context: { 'iam:PermissionsBoundary': BOUNDARY } })).toBe(true);
  });

  test.each([
    ['lambda', false],
    ['ec2', true],
    ['cloudformation', true],
  ])('passes roles to %s: denied is %s', async (service, expected) => {
    expect(
      await denies(guarded, {
        action: 'iam:PassRole',
        resource: roleOf('access-keys-rotate'),
        context: { 'iam:PassedToService': `${service}.amazonaws.com` },
      }),
    ).toBe(expected);
  });
});

test('the boundary names every action of the roles that it bounds', () => {
  const [{ resources } = { resources: [] }] = inAccount(MANAGEMENT);
  const documents = resources.flatMap(policiesIn);
  const actions: Set<string> = new Set(
    documents.flatMap(({ Statement }) => Statement.flatMap(({ Action }: any) => Action)),
  );
  const bounded = boundary.Statement.flatMap(({ Action }) => Action);
  expect(actions.size).toBeGreaterThan(20);
  expect([...actions].sort()).toEqual([...new Set(bounded)].sort());
});

describe('the boundary lets through keys of guarded users only, by the two key roles', () => {
  const asks = (
    guard: Parameters<typeof permissionsBoundary>[0],
    user: string,
    role: string,
    tags: Record<string, string> = {},
  ) =>
    denies(permissionsBoundary(guard), {
      action: 'iam:CreateAccessKey',
      resource: `arn:aws:iam::${MANAGEMENT}:user/${user}`,
      context: { 'aws:PrincipalArn': `arn:aws:iam::${MANAGEMENT}:role/${role}`, ...tags },
    });

  test.each([
    [{ kind: 'path', path: '/managed/' }, 'managed/ann', 'access-keys-key-administration', {}, false],
    [{ kind: 'path', path: '/managed/' }, 'ann', 'access-keys-key-administration', {}, true],
    [
      { kind: 'tag', key: 'rotation', value: 'on' },
      'ann',
      'access-keys-key-administration',
      { 'aws:ResourceTag/rotation': 'on' },
      false,
    ],
    [{ kind: 'tag', key: 'rotation', value: 'on' }, 'ann', 'access-keys-key-administration', {}, true],
    [{ kind: 'none' }, 'ann', 'access-keys-key-administration', {}, false],
    [{ kind: 'none' }, 'ann', 'access-keys-other', {}, true],
  ] as const)('%j: %s by %s with %j is denied: %s', async (guard, user, role, tags, expected) => {
    expect(await asks(guard, user, role, tags)).toBe(expected);
  });
});
