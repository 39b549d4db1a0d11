import { runSimulation } from '@cloud-copilot/iam-simulate';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { synthesize } from '../../lib/assembly';
import { resolveTemplate, type Resolved, type Template } from '../../lib/local-organization/deployment/template';
import { loadRoster } from '../../lib/roster/load';
import cases from './iam-cases.json';

const ACCOUNT = '333333333333';
const folders: string[] = [];
let resources: Resolved[];
let every: Resolved[];

function synth(): string {
  const { roster } = loadRoster('config', { at: new Date('2026-11-24') });
  const outdir = mkdtempSync(join(tmpdir(), 'assembly-'));
  folders.push(outdir);
  return synthesize(roster!, { outdir });
}

const templatesIn = (folder: string): string[] => readdirSync(folder).filter((name) => name.endsWith('.template.json')).sort();

beforeAll(() => {
  const folder = synth();
  const read = (name: string, accountId: string): Resolved[] =>
    resolveTemplate(JSON.parse(readFileSync(join(folder, name), 'utf8')) as Template, { accountId, region: 'us-east-1', stackName: 'stack' }, (id) => id);
  resources = read(`AccessKeysRotator-${ACCOUNT}.template.json`, ACCOUNT);
  every = [...resources, ...read('AccessKeysNotification.template.json', '222222222222')];
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
  const wide = actions.filter((text) => text.includes('*'));
  expect(new Set(wide)).toEqual(new Set(['"Action":"s3:*"', '"Action":"sqs:*"', '"Action":"kms:*"']));
});

test('two syntheses have the same bytes', () => {
  const [first, second] = [synth(), synth()];
  expect(templatesIn(first)).toHaveLength(4);
  for (const name of templatesIn(first)) expect(readFileSync(join(second, name))).toEqual(readFileSync(join(first, name)));
});

test('the rotator template is the same for every account but for the bucket of its code', () => {
  const folder = synth();
  const [first, ...others] = templatesIn(folder)
    .filter((name) => name.startsWith('AccessKeysRotator-'))
    .map((name) => readFileSync(join(folder, name), 'utf8').replace(/cdk-hnb659fds-assets-\d{12}/g, 'CODE'));
  expect(others).toHaveLength(2);
  for (const other of others) expect(other).toBe(first);
});
