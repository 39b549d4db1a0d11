import { App } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { context } from '../../../cdk.json';
import { buildApp, type AppOptions } from '../../../lib/stacks/app';
import { BUNDLES } from '../../../lib/stacks/bundle';
import { Assembly } from '../../../lib/cloud-assembly/assembly';
import { readPipeline } from '../../../lib/simulator/local-organization/deployment/pipeline';
import { PipelineStack } from '../../../lib/stacks/pipeline/pipeline-stack';
import { pushPatterns } from '../../../lib/stacks/pipeline/triggers';
import { exceeded, exceededIn, quotaUsage } from '../../../lib/stacks/quotas';
import { loadRoster } from '../../../lib/roster/load';
import type { Roster, RosterAccount } from '../../../lib/roster/roster';
import { ROSTERS } from '../../fixtures/rosters';

const roster = loadRoster(ROSTERS.organization, { at: new Date('2027-01-04') }).roster!;
let errors: jest.SpyInstance;
beforeAll(() => (errors = jest.spyOn(console, 'error').mockImplementation()));
afterAll(() => errors.mockRestore());

const folder = mkdtempSync(join(tmpdir(), 'pipeline-'));
let count = 0;
afterAll(() => rmSync(folder, { recursive: true }));

interface Built {
  readonly stack: PipelineStack;
  readonly assembly: Assembly;
  readonly stages: NonNullable<ReturnType<typeof readPipeline>>;
}

function build(changed: Roster = roster, options: AppOptions = {}): Built {
  const outdir = join(folder, String(count++));
  const app = buildApp(changed, new App({ outdir, analyticsReporting: false, context }), options);
  app.synth();
  const assembly = new Assembly(outdir);
  return {
    stack: app.node.children.find((child) => child instanceof PipelineStack)!,
    assembly,
    stages: readPipeline(assembly, assembly.ownStacks[0]!)!,
  };
}

const withAccounts = (
  change: (account: RosterAccount) => RosterAccount,
  more: readonly RosterAccount[] = [],
): Roster => ({ ...roster, accounts: [...roster.accounts.map(change), ...more] });
const names = ({ stages }: Built): string[] => stages.map(({ name }) => name);
const commands = ({ stages }: Built): string[] =>
  stages.flatMap(({ actions }) =>
    actions.flatMap((action) =>
      action.kind === 'build'
        ? action.commands.filter((command) => command.startsWith('node bin/access-keys.js'))
        : [action.stack.target.stackName],
    ),
  );
const stackSets = ({ assembly }: Built) =>
  assembly.stacks
    .flatMap(({ template }) => Object.values(template.Resources))
    .filter(({ Type }) => Type === 'AWS::CloudFormation::StackSet')
    .map(({ Properties }) => Properties!);

describe('the pipeline of the sample roster', () => {
  const built = build();

  test('tells no account of users before its functions exist, and none but canaries before these have proved themselves', () => {
    expect(commands(built)).toEqual([
      'node bin/access-keys.js validate --roster config',
      'node bin/access-keys.js plan --from published --to config',
      'node bin/access-keys.js plan --from published --to config --record',
      'AccessKeysNotification',
      'node bin/access-keys.js publish code --roster config',
      'AccessKeysCanary',
      'node bin/access-keys.js publish canary --roster config',
      'node bin/access-keys.js bake --roster config',
      'AccessKeysFleet',
      'node bin/access-keys.js publish fleet --roster config',
    ]);
    expect(names(built)).toEqual([
      'Build',
      'UpdatePipeline',
      'Assets',
      'Guard',
      'Central',
      'Canary',
      'Fleet',
      'Publish',
    ]);
  });

  test('installs what the lock file pins, and judges the roster before it synthesises', () => {
    const phases = (name: string): { install: { commands: string[] }; build: { commands: string[] } } => {
      const [[, { Properties }]] = Object.entries(
        Template.fromStack(built.stack).findResources('AWS::CodeBuild::Project'),
      ).filter(([id]) => id.startsWith(`Pipeline${name}`)) as [
        [string, { Properties: { Source: { BuildSpec: string } } }],
      ];
      return JSON.parse(Properties.Source.BuildSpec).phases;
    };
    expect(phases('BuildSynth').install.commands).toEqual(['npm ci']);
    expect(phases('BuildSynth').build.commands.map((command) => command.split(' ').slice(0, 3).join(' '))).toEqual([
      'node bin/access-keys.js validate',
      'node bin/access-keys.js plan',
      'npx cdk synth',
    ]);
    for (const name of [
      'Guard',
      'CentralPublishCode',
      'CanaryPublishCanarySlices',
      'CanaryBake',
      'PublishPublishSlices',
    ])
      expect(phases(name).install.commands).toEqual(['npm ci --ignore-scripts']);
  });

  test('is queued, of type V2, and starts only by pushes to its branch that touch what matters', () => {
    Template.fromStack(built.stack).hasResourceProperties('AWS::CodePipeline::Pipeline', {
      PipelineType: 'V2',
      ExecutionMode: 'QUEUED',
      Triggers: [
        {
          GitConfiguration: {
            Push: [
              {
                Branches: { Includes: ['main'] },
                FilePaths: {
                  Includes: Match.arrayWith(pushPatterns(ROSTERS.organization).slice(1)),
                },
              },
            ],
          },
        },
      ],
      Stages: Match.arrayWith([
        {
          Name: 'Source',
          Actions: [
            Match.objectLike({
              Configuration: Match.objectLike({ DetectChanges: false, FullRepositoryId: 'acme/access-keys' }),
            }),
          ],
        },
      ]),
    });
  });

  test('compares with the published roster before it is updated itself, and may read no more for it', () => {
    const policies = Object.values(
      Template.fromStack(built.stack).findResources('AWS::IAM::Policy', {
        Properties: { Roles: [{ Ref: Match.stringLikeRegexp('^PipelineBuildSynth') }] },
      }),
    );
    const bucket = 'arn:aws:s3:::access-keys-222222222222-us-east-1';
    const reads = policies[0]!.Properties.PolicyDocument.Statement.filter(({ Resource }: { Resource: unknown }) =>
      JSON.stringify(Resource).includes(bucket),
    );
    const Condition = { StringEquals: { 'aws:ResourceAccount': { Ref: 'AWS::AccountId' } } };
    const objects = [`${bucket}/published.json`, `${bucket}/reports/*`];
    expect(reads).toEqual([
      { Effect: 'Allow', Action: 's3:GetObject', Resource: objects, Condition },
      { Effect: 'Allow', Action: 's3:ListBucket', Resource: bucket, Condition },
    ]);
  });

  test.each(['codeconnections', 'codestar-connections'])('its source action may use a connection of %s', (service) => {
    const connectionArn = roster.source!.connectionArn.replace(':codeconnections:', `:${service}:`);
    const { stack } = build({ ...roster, source: { ...roster.source!, connectionArn } });
    const [role] = Object.values(
      Template.fromStack(stack).findResources('AWS::IAM::Policy', {
        Properties: { Roles: [{ Ref: Match.stringLikeRegexp('^PipelineSourceRoster') }] },
      }),
    );
    const used = role!.Properties.PolicyDocument.Statement.filter(
      ({ Resource }: { Resource: unknown }) => Resource === connectionArn,
    ).flatMap(({ Action }: { Action: string[] }) => Action);
    expect(used).toContain(`${service}:UseConnection`);
  });

  test('updates itself with the CDK that the lock file pins', () => {
    Template.fromStack(built.stack).hasResourceProperties('AWS::CodeBuild::Project', {
      Source: Match.objectLike({ BuildSpec: Match.stringLikeRegexp('npm install -g aws-cdk@2\\.1148\\.\\d+') }),
    });
  });

  test('publishes all assets in one job, has no project in a VPC, and keeps the logs of all for a year', () => {
    const template = Template.fromStack(built.stack);
    expect(built.stages.find(({ name }) => name === 'Assets')!.actions).toHaveLength(1);
    const projects = Object.entries(template.findResources('AWS::CodeBuild::Project'));
    expect(projects.map(([id]) => id.replace(/[0-9A-F]{8}$/, '')).sort()).toEqual([
      'PipelineAssetsFileAsset',
      'PipelineBuildSynthCdkBuildProject',
      'PipelineCanaryBake',
      'PipelineCanaryPublishCanarySlices',
      'PipelineCentralPublishCode',
      'PipelineGuard',
      'PipelinePublishPublishSlices',
      'PipelineUpdatePipelineSelfMutation',
    ]);
    const logs = template.findResources('AWS::Logs::LogGroup');
    expect(Object.values(logs).map(({ Properties }) => Properties)).toEqual([{ RetentionInDays: 365 }]);
    for (const [, { Properties }] of projects) {
      expect(Properties).not.toHaveProperty('VpcConfig');
      expect(Properties.LogsConfig).toEqual({
        CloudWatchLogs: { GroupName: { Ref: Object.keys(logs)[0] }, Status: 'ENABLED' },
      });
    }
  });

  test('what a failed first deployment leaves behind does not stand in the way of the next', () => {
    const { template } = built.assembly.stacks.find(({ target }) => target.stackName === 'AccessKeysNotification')!;
    const kept = Object.values(template.Resources).filter(
      (resource) => 'DeletionPolicy' in resource && resource.DeletionPolicy !== 'Delete',
    );
    expect(kept).toMatchObject([
      { Type: 'AWS::S3::Bucket', DeletionPolicy: 'RetainExceptOnCreate' },
      { Type: 'AWS::KMS::Key', DeletionPolicy: 'RetainExceptOnCreate' },
      { Type: 'AWS::SES::EmailIdentity', DeletionPolicy: 'RetainExceptOnCreate' },
    ]);
  });

  test.each([
    ['test/fixtures/organization/', 'test/fixtures/organization/{roster.yaml,accounts/**}'],
    ['./test/fixtures/one-account.yaml', 'test/fixtures/one-account.yaml'],
    ['.', '{roster.yaml,accounts/**}'],
  ])('starts by pushes to the roster in %s as %s', (rosterPath, pattern) => {
    const app = buildApp(
      roster,
      new App({ outdir: join(folder, String(count++)), analyticsReporting: false, context }),
      { rosterPath },
    );
    const stack = app.node.children.find((child) => child instanceof PipelineStack)!;
    const [pipeline] = Object.values(Template.fromStack(stack).findResources('AWS::CodePipeline::Pipeline'));
    const paths = pipeline!.Properties.Triggers[0].GitConfiguration.Push[0].FilePaths.Includes;
    expect(paths[0]).toBe(pattern);
    expect(paths.length).toBeLessThanOrEqual(8);
  });

  test.each([
    [join(process.cwd(), ROSTERS.organization), ROSTERS.organization],
    [`./${ROSTERS.organization}/`, ROSTERS.organization],
    ['.', '.'],
    ["the team's rosters", `'the team'\\''s rosters'`],
    ['-x; rm', `'-x; rm'`],
  ])('its commands find the roster in %s as %s', (rosterPath, word) => {
    const elsewhere = build(roster, { rosterPath });
    expect(commands(elsewhere).filter((command) => command.includes('--roster'))).toEqual(
      ['validate', 'publish code', 'publish canary', 'bake', 'publish fleet'].map(
        (command) => `node bin/access-keys.js ${command} --roster ${word}`,
      ),
    );
    Annotations.fromStack(elsewhere.stack).hasNoWarning('*', Match.stringLikeRegexp('outside this checkout'));
  });

  test('a roster outside the checkout is warned of', () => {
    Annotations.fromStack(build(roster, { rosterPath: join(folder, 'roster.yaml') }).stack).hasWarning(
      '*',
      Match.stringLikeRegexp('is outside this checkout'),
    );
  });

  test('keeps artifacts encrypted with its own key', () => {
    Template.fromStack(built.stack).hasResourceProperties('AWS::S3::Bucket', {
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          Match.objectLike({ ServerSideEncryptionByDefault: Match.objectLike({ SSEAlgorithm: 'aws:kms' }) }),
        ],
      },
    });
  });

  test('has two disjoint StackSets that deploy many accounts at once and none by themselves', () => {
    const [canary, fleet] = stackSets(built);
    const targets = (...Accounts: string[]) => [
      {
        Regions: ['us-east-1'],
        DeploymentTargets: {
          AccountFilterType: 'INTERSECTION',
          OrganizationalUnitIds: ['r-ab12'],
          Accounts,
        },
      },
    ];
    expect(canary!.StackInstancesGroup).toEqual(targets('333333333333'));
    expect(fleet!.StackInstancesGroup).toEqual(targets('444444444444', '555555555555'));
    for (const stackSet of [canary!, fleet!]) {
      expect(stackSet).toMatchObject({
        CallAs: 'DELEGATED_ADMIN',
        PermissionModel: 'SERVICE_MANAGED',
        AutoDeployment: { Enabled: false },
        ManagedExecution: { Active: true },
        Capabilities: ['CAPABILITY_NAMED_IAM'],
        Parameters: [
          { ParameterKey: 'SecurityAccountId', ParameterValue: '222222222222' },
          { ParameterKey: 'KeyAlias', ParameterValue: '' },
        ],
      });
      expect(stackSet.OperationPreferences).toEqual({
        ConcurrencyMode: 'SOFT_FAILURE_TOLERANCE',
        FailureTolerancePercentage: 5,
        MaxConcurrentPercentage: 25,
        RegionConcurrencyType: 'PARALLEL',
      });
    }
    expect(canary!.TemplateURL).toEqual(fleet!.TemplateURL);
    expect(stackSets(build({ ...roster, accounts: roster.accounts.toReversed() }))).toEqual([canary, fleet]);
  });
});

test('without a canary its stages are left out, with a warning, and its StackSet lets go of all accounts before the fleet takes them', () => {
  const built = build(withAccounts((account) => ({ ...account, canary: false })));
  expect(names(built)).toEqual(['Build', 'UpdatePipeline', 'Assets', 'Guard', 'Central', 'Fleet', 'Publish']);
  const [canary, fleet] = ['AccessKeysCanary', 'AccessKeysFleet'].map((name) =>
    stackSets(built).find(({ StackSetName }) => StackSetName === name),
  );
  expect(canary).toMatchObject({ StackInstancesGroup: [] });
  expect(fleet!.StackInstancesGroup[0].DeploymentTargets.Accounts).toEqual([
    '333333333333',
    '444444444444',
    '555555555555',
  ]);
  expect(commands(built).slice(-3)).toEqual([
    'AccessKeysCanary',
    'AccessKeysFleet',
    'node bin/access-keys.js publish fleet --roster config',
  ]);
  Annotations.fromStack(built.stack).hasWarning('*', Match.stringLikeRegexp('no account of the roster is a canary'));
});

test('an account that says deployment: pipeline is a stage of its own, and its roles keep within the boundary', () => {
  const built = build(
    withAccounts(
      (account) => account,
      [{ ...roster.accounts[0]!, id: '111111111111', name: 'management', canary: false, deployment: 'pipeline' }],
    ),
  );
  expect(names(built)).toEqual([
    'Build',
    'UpdatePipeline',
    'Assets',
    'Guard',
    'Central',
    'Canary',
    'Fleet',
    'Account-111111111111',
    'Publish',
  ]);
  const { template } = built.assembly.stacks.find(({ target }) => target.accountId === '111111111111')!;
  const roles = Object.values(template.Resources).filter(({ Type }) => Type === 'AWS::IAM::Role');
  expect(roles.length).toBeGreaterThan(3);
  for (const { Properties } of roles)
    expect(JSON.stringify(Properties!.PermissionsBoundary)).toContain(':iam::111111111111:policy/access-keys-boundary');
});

test('the template for accounts that are deployed by hand is small enough to be passed without a bucket', () => {
  build();
  // https://docs.aws.amazon.com/cli/latest/reference/cloudformation/deploy/: from this size on it takes --s3-bucket
  expect(statSync(join(BUNDLES, 'AccessKeysRotator.template.json')).size).toBeLessThan(51_200);
});

test('an account that is deployed by hand is in no StackSet and no stage', () => {
  const built = build(
    withAccounts((account) => ({
      ...account,
      deployment: account.id === '444444444444' ? 'manual' : account.deployment,
    })),
  );
  expect(JSON.stringify(stackSets(built))).not.toContain('444444444444');
  expect(built.assembly.stacks.map(({ target }) => target.accountId)).not.toContain('444444444444');
});

describe('quotas', () => {
  const many = (accounts: number, deployment: RosterAccount['deployment']): Roster => ({
    ...roster,
    accounts: Array.from({ length: accounts }, (_, index) => ({
      ...roster.accounts[1]!,
      id: String(600_000_000_000 + index),
      deployment,
    })),
  });

  test('five thousand accounts use no more than 60 percent of any, and no more of the pipeline than three do', () => {
    const big = build({
      ...many(5_000, 'stackset'),
      accounts: [roster.accounts[0]!, ...many(5_000, 'stackset').accounts],
    });
    for (const { template } of big.assembly.stacks)
      for (const { used, limit } of quotaUsage(template)) expect(used / limit).toBeLessThan(0.6);
    expect(names(big)).toEqual(names(build()));
  });

  test('too many accounts for a pipeline are told before AWS would refuse them', () => {
    const stages = Array.from({ length: 51 }, () => ({ Actions: Array.from({ length: 11 }, () => ({})) }));
    expect(
      exceeded('Pipeline', {
        Resources: { Pipeline: { Type: 'AWS::CodePipeline::Pipeline', Properties: { Stages: stages } } },
      }),
    ).toEqual([
      expect.stringContaining('stack Pipeline would have 51 stages of the pipeline, and AWS accepts 50'),
      expect.stringContaining('stack Pipeline would have 561 actions of the pipeline, and AWS accepts 500'),
    ]);
  });

  const one = (Type: string, Properties: object) => ({ Resources: { One: { Type, Properties } } });

  test.each([
    [
      '6145 characters of a managed policy, and AWS accepts 6144',
      one('AWS::IAM::ManagedPolicy', { PolicyDocument: 'x'.repeat(6_143) }),
    ],
    [
      '2049 characters of a trust policy, and AWS accepts 2048',
      one('AWS::IAM::Role', { AssumeRolePolicyDocument: 'x'.repeat(2_047) }),
    ],
    [
      "4097 bytes of a function's environment, and AWS accepts 4096",
      one('AWS::Lambda::Function', { Environment: { Variables: { A: 'x'.repeat(4_089) } } }),
    ],
  ])('%s', (reason, template) => {
    expect(exceeded('Stack', template)).toEqual([expect.stringContaining(`stack Stack would have ${reason}`)]);
  });

  test('more admins than the mailer can be told of are refused', () => {
    const admins = Array.from(
      { length: 110 },
      (_, index) => `administrator-${String(index).padStart(5, '0')}@security.example.com`,
    );
    expect(exceededIn(build({ ...roster, notifications: { ...roster.notifications, admins } }).assembly)).toEqual([
      expect.stringMatching(
        /^stack AccessKeysNotification would have \d+ bytes of a function's environment, and AWS accepts 4096: fewer admins/,
      ),
    ]);
  });

  test("the StackSets' own template is measured too", () => {
    const tooMany = {
      Resources: Object.fromEntries(
        Array.from({ length: 501 }, (_, index) => [`Logs${index}`, { Type: 'AWS::Logs::LogGroup' }]),
      ),
    };
    expect(exceededIn({ stacks: [], stackSetTemplate: () => tooMany })).toEqual([
      expect.stringContaining('stack AccessKeysRotator would have 501 resources'),
    ]);
  });
});
