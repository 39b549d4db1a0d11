/** Whole requests, decided by every policy that the deployed templates and reconcile put there: identity, session, trust, resource and key policies. */
import { Authorization } from '../../lib/simulator/local-organization/iam/authorization';
import type { LocalOrganization } from '../../lib/simulator/local-organization/organization';
import type { Principal, ServiceId } from '../../lib/simulator/local-organization/service';
import { assemble } from '../../lib/simulator/rehearsal/environment/participants';
import { deploy, type DeploymentReport } from '../../lib/simulator/rehearsal/operations/run-pipeline';
import { loadRoster } from '../../lib/roster/load';
import { assembled } from '../assembled';
import { ROSTERS } from '../fixtures/rosters';
import cases from './request-cases.json';

interface Caller {
  readonly account: string;
  /** A role as it was deployed; with `administrator`, one of that name whose own policies allow everything. */
  readonly role?: string;
  readonly administrator?: boolean;
  readonly user?: string;
  readonly service?: string;
  /** The key administration's session for this user, as the rotate function opens it. */
  readonly sessionFor?: string;
  /** The role was passed to another function than its own. */
  readonly elsewhere?: boolean;
}

interface RequestCase {
  readonly sentence: string;
  readonly caller: Caller;
  readonly service: string;
  readonly operation: string;
  readonly input: Record<string, unknown>;
  readonly context?: Record<string, string>;
  readonly expected: string;
}

interface BucketRequest {
  readonly ExpectedBucketOwner?: string;
}

const EVERYTHING = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
});
const TRUST = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: '*', Action: 'sts:AssumeRole' }],
});
const MEMBER = '333333333333';
const HOUR_MS = 3_600_000;

let organization: LocalOrganization;
let roleNames: Map<string, string>;
let deployment: DeploymentReport | undefined;
let requestsOfDeployment = 0;
const bucketRequests: { readonly who: string; readonly expectedOwner: unknown }[] = [];

beforeAll(async () => {
  const start = new Date('2027-01-04');
  const { roster } = loadRoster(ROSTERS.organization, { at: start });
  const folder = assembled(roster!);
  ({ organization } = assemble([roster!], { seed: 1, start }));
  organization.onCall(({ service, operation, principal, input }) => {
    const who = `${principal.arn} ${operation}`;
    if (service === 's3') bucketRequests.push({ who, expectedOwner: (input as BucketRequest).ExpectedBucketOwner });
  });
  organization.directory.addAccount('888888888888', { place: 'another' });
  organization.directory.addAccount('999999999999', { place: 'none' });
  organization.clock.at(start, async () => void (deployment = await deploy(organization, roster!, folder)));
  await organization.clock.advanceTo(new Date(start.getTime() + 6 * HOUR_MS));
  requestsOfDeployment = bucketRequests.length;
  organization.s3.putObject('access-keys-222222222222-us-east-1', 'code/x.zip', '');
  roleNames = new Map(organization.directory.roles('222222222222').map(({ name }) => [stepOf(name), name]));
});

/** `Guard` of `AccessKeysPipeline-PipelineGuardRole1A2B3C4D`: names that CloudFormation makes up, by the step. */
const stepOf = (name: string): string =>
  /(?:Pipeline|-)(?:Build|Guard|Central|Canary|Publish|UpdatePipeline|Assets)*?(Pipeline|CodeBuildAction|SourceRosterCodePipelineAction|Synth\w*?|SelfMutation|FileRole|Guard|PublishCode|PublishCanarySlices|PublishSlices|Bake)(?:CdkBuildProject)?(?:Role)?[0-9A-F]{8}$/.exec(
    name,
  )?.[1] ?? name;

function principalOf({ account, role, administrator, user, service, sessionFor, elsewhere }: Caller): Principal {
  const { directory } = organization;
  if (service !== undefined) return { kind: 'service', arn: service, accountId: '', userId: service };
  if (user !== undefined) return ownerOf(account, user);
  if (administrator)
    directory.putRole(account, {
      name: role ?? 'administrator',
      trustPolicy: TRUST,
      inlinePolicies: { everything: EVERYTHING },
    });
  const name = roleNames.get(role!) ?? role ?? 'administrator';
  const sessionPolicy =
    sessionFor &&
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Action: 'iam:*',
          Resource: [`arn:aws:iam::${account}:user/${sessionFor}`, `arn:aws:iam::${account}:user/*/${sessionFor}`],
        },
      ],
    });
  return directory.openSession(`arn:aws:iam::${account}:role/${name}`, 'session', {
    seconds: 3600,
    sourceFunctionArn: `arn:aws:lambda:us-east-1:${account}:function:${elsewhere ? 'somebody-elses' : name}`,
    ...(sessionPolicy && { sessionPolicy }),
  }).principal;
}

function ownerOf(account: string, user: string): Principal {
  const key = organization.directory.keysOf(account, user).find(({ status }) => status === 'Active')!;
  const found = organization.directory.authenticate(key.accessKeyId, undefined);
  if (typeof found === 'string') throw new Error(`the key of ${user} is ${found}`);
  return found.principal;
}

/** Bytes for bodies; ARNs for the secret of an account and user, and for a role of the pipeline, whose names have random characters. */
function asGiven(name: string, value: string): unknown {
  if (name === 'Payload' || name === 'Body') return Buffer.from(value);
  if (name === 'RoleArn') return value.replace(/[^/]+$/, (role) => roleNames.get(role) ?? role);
  const [, account, secretName] = /^(\d{12}):(\/access-key\/.+)$/.exec(value) ?? [];
  return (
    account &&
    [...organization.secrets.values()].find(
      (secret) => secret.accountId === account && secret.secretName === secretName,
    )!.secretArn
  );
}

/** Anything but a refusal of permission counts as allowed: the request got past the policies. */
async function decide({ caller, service, operation, input, context }: RequestCase): Promise<string> {
  const given = Object.fromEntries(
    Object.entries(input).map(([name, value]) => [name, asGiven(name, String(value)) ?? value]),
  );
  try {
    await organization.gateway.call(principalOf(caller), service as ServiceId, operation, 'us-east-1', given, context);
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === undefined || /Validation|NotImplemented|MissingParameter/.test(code)) throw error;
    return /AccessDenied|AuthorizationError/.test((error as { code: string }).code) ? 'denied' : 'allowed';
  }
  return 'allowed';
}

test('the pipeline has brought functions and secrets to the accounts', () => {
  expect(deployment).toMatchObject({ passed: expect.arrayContaining(['Guard', 'Canary', 'Publish']) });
  expect(organization.directory.roles(MEMBER).map(({ name }) => name)).toEqual(
    expect.arrayContaining(['access-keys-rotate', 'access-keys-key-administration']),
  );
  expect(organization.secrets.values().filter(({ accountId }) => accountId === MEMBER).length).toBeGreaterThan(2);
});

test('functions, publish, the guard and the operator say whose bucket they mean, at every request', () => {
  const during = bucketRequests.slice(0, requestsOfDeployment);
  expect(during.filter(({ expectedOwner }) => expectedOwner !== '222222222222')).toEqual([]);
  const roles = ['access-keys-reconcile', 'access-keys-rotate', 'access-keys-mailer', 'access-keys-operator'];
  for (const role of [...roles, 'PublishSlices', 'PublishCode', 'Guard'])
    expect(during.filter(({ who }) => who.includes(role)).length).toBeGreaterThan(0);
});

test.each(cases as RequestCase[])('$expected: $sentence', async (request) => {
  expect(await decide(request)).toBe(request.expected);
});

test('no alarm goes off because it is new', () => {
  expect(
    organization.sns.emails.filter(({ subject }) => /access-keys-(?:reconcile|undeliverable)/.test(subject ?? '')),
  ).toEqual([]);
});

test.each([
  ['333333333333', 'access-keys-reconcile-fails', 'ALARM'],
  ['444444444444', 'access-keys-reconcile-silent', 'INSUFFICIENT_DATA'],
  ['222222222222', 'access-keys-undeliverable-notices', 'ALARM'],
  ['222222222222', 'access-keys-admin-mail-bounced', 'ALARM'],
])('the alarm of account %s, %s, reaches each admin as %s', async (account, name, state) => {
  const before = organization.sns.emails.length;
  await (state === 'ALARM' ? organization.raise(account, name) : organization.missData(account, name));
  expect(organization.sns.emails.slice(before).map(({ to, subject }) => [to, subject])).toEqual(
    ['security@example.com', 'ciso@example.com'].map((to) => [to, `${state}: "${name}"`]),
  );
});

test.each(
  ['access-keys-admin', 'access-keys-alarms'].flatMap((topic) =>
    ['Subscribe', 'SetTopicAttributes', 'SetSubscriptionAttributes', 'Unsubscribe', 'AddPermission'].map((action) => [
      topic,
      action,
    ]),
  ),
)('denied: a rotate with every permission of its own, in a member account: %s, %s', async (name, action) => {
  const topic = organization.sns.topic(`arn:aws:sns:us-east-1:222222222222:${name}`);
  const access = {
    action: `sns:${action}`,
    resource: topic.arn,
    resourceAccountId: topic.accountId,
    resourcePolicy: topic.policy!,
  };
  const authorization = new Authorization(organization.directory, organization.clock);
  const asked = (caller: Caller) =>
    authorization.allows({ principal: principalOf(caller), region: 'us-east-1' }, access);
  expect(await asked({ account: '555555555555', role: 'access-keys-rotate', administrator: true })).toBe(false);
  expect(await asked({ account: '222222222222', administrator: true })).toBe(true);
});

test('as many cases refuse as allow, and more', () => {
  const refused = (cases as RequestCase[]).filter(({ expected }) => expected === 'denied').length;
  expect(refused).toBeGreaterThan(cases.length / 2);
});
