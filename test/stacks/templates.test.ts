import { runSimulation } from '@cloud-copilot/iam-simulate';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { synthesize } from '../../lib/assembly';
import { Assembly } from '../../lib/local-organization/deployment/assembly';
import { resolveTemplate, type Resolved, type Template } from '../../lib/local-organization/deployment/template';
import { loadRoster } from '../../lib/roster/load';
import { ROSTERS } from '../fixtures/rosters';
import cases from './iam-cases.json';

const ACCOUNT = '333333333333';
const folders: string[] = [];
let resources: Resolved[];
let every: Resolved[];

function synth(): string {
  const { roster } = loadRoster(ROSTERS.organization, { at: new Date('2026-11-24') });
  const outdir = mkdtempSync(join(tmpdir(), 'assembly-'));
  folders.push(outdir);
  return synthesize(roster!, { outdir });
}

/** Templates of the assembly and of its stages, with the StackSets' own. */
const templatesIn = (folder: string): string[] => readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.template.json') || /^asset\.\w+\.json$/.test(name)).sort();

beforeAll(() => {
  const assembly = new Assembly(synth());
  const resolve = (template: Template, accountId: string, parameters = {}): Resolved[] => resolveTemplate(template, { accountId, region: 'us-east-1', stackName: 'stack', parameters }, (id) => id);
  const central = assembly.stacks.flatMap(({ template, target }) => resolve(template, target.accountId));
  const [stackSet] = central.filter(({ type }) => type === 'AWS::CloudFormation::StackSet');
  const template = assembly.asset(stackSet!.properties.TemplateURL.split('/').at(-1))!;
  resources = resolve(JSON.parse(template) as Template, ACCOUNT, { SecurityAccountId: '222222222222' });
  every = [...resources, ...central];
});

afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

const role = (name: string): any => resources.find(({ type, properties }) => type === 'AWS::IAM::Role' && properties.RoleName === name)!.properties;

async function decide(roleName: string, action: string, resource: string, context: Record<string, string> = {}): Promise<string> {
  const answer = await runSimulation(
    {
      request: { principal: `arn:aws:sts::${ACCOUNT}:assumed-role/${roleName}/session`, action, resource: { resource, accountId: ACCOUNT }, contextVariables: context },
      identityPolicies: role(roleName).Policies.map(({ PolicyName, PolicyDocument }: any) => ({ name: PolicyName, policy: PolicyDocument })),
      serviceControlPolicies: [],
      resourceControlPolicies: [],
    },
    {},
  );
  if (answer.resultType === 'error') throw new Error(JSON.stringify(answer.errors));
  return answer.overallResult === 'Allowed' ? 'allowed' : 'denied';
}

describe('what the member roles may do', () => {
  test.each(cases)('$sentence', async ({ role: name, action, resource, context, expected }) => {
    expect(await decide(name, action, resource, context as Record<string, string> | undefined)).toBe(expected);
  });

  test('a local role trusts only the function roles meant for it', () => {
    const trusted = (name: string): unknown => role(name).AssumeRolePolicyDocument.Statement.map(({ Principal }: any) => Principal.AWS);
    const arn = (name: string): string => `arn:aws:iam::${ACCOUNT}:role/${name}`;
    expect(trusted('access-keys-key-administration')).toEqual([[arn('access-keys-rotate')]]);
    expect(trusted('access-keys-key-retirement')).toEqual([[arn('access-keys-reconcile'), arn('access-keys-operate')]]);
  });
});

test('Secrets Manager of another account cannot invoke rotate', () => {
  const permissions = resources.filter(({ type, properties }) => type === 'AWS::Lambda::Permission' && properties.Principal === 'secretsmanager.amazonaws.com');
  expect(permissions.map(({ properties }) => properties.SourceAccount)).toEqual([ACCOUNT]);
});

test('the only wildcard actions are the account statement of the topic key and the TLS denials of bucket and queues', () => {
  const actions = every.flatMap(({ properties }) => JSON.stringify(properties).match(/"Action":(\[[^\]]*\]|"[^"]*")/g) ?? []);
  expect(actions.length).toBeGreaterThan(10);
  const wide = actions.filter((text) => /"\*"|:\*"/.test(text));
  expect(new Set(wide)).toEqual(new Set(['"Action":"s3:*"', '"Action":"sqs:*"', '"Action":"kms:*"']));
});

test('two syntheses have the same bytes', () => {
  const [first, second] = [synth(), synth()];
  expect(templatesIn(first)).toHaveLength(5);
  for (const name of templatesIn(first)) expect(readFileSync(join(second, name))).toEqual(readFileSync(join(first, name)));
});

