/**
 * Every cure of docs/errors.md that is done in AWS, done there under the policy that the secret then has, by whom the page
 * says. What a cure leads to is tested where the code is.
 */
import { S3Client } from '@aws-sdk/client-s3';
import { readFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadRoster } from '../../lib/roster/load';
import type { ServiceId } from '../../lib/simulator/local-organization/service';
import { assemble } from '../../lib/simulator/rehearsal/environment/participants';
import { deploy } from '../../lib/simulator/rehearsal/operations/run-pipeline';
import type { LocalOrganization } from '../../lib/simulator/local-organization/organization';
import { orgStoreOf } from '../../lib/org-bucket/store';
import { publish } from '../../lib/publish/publish';
import { synthesize } from '../../lib/stacks/app';

const ACCOUNT = '333333333333';
const HOUR_MS = 3_600_000;
const START = new Date('2027-01-04');
const GLASS = `arn:aws:iam::${ACCOUNT}:role/break-glass`;

/** Who does something in AWS: the service, its operation and what is asked. */
interface Cure {
  readonly as: 'administrator' | 'break-glass' | 'owner';
  readonly does: string;
  readonly input?: (user: string) => Record<string, unknown>;
}

const secret = (user: string): { SecretId: string } => ({ SecretId: `/access-key/${user}` });
const value = (stage: string) => (user: string) => ({ ...secret(user), VersionStage: stage });
const KEY = '{"user_name":"x","account_id":"333333333333"}';

const ROTATE: Cure = { as: 'administrator', does: 'secretsmanager RotateSecret', input: secret };
const DELETE: Cure = {
  as: 'administrator',
  does: 'secretsmanager DeleteSecret',
  input: (user) => ({ ...secret(user), RecoveryWindowInDays: 7 }),
};
const PUT: Cure = {
  as: 'administrator',
  does: 'secretsmanager PutSecretValue',
  input: (user) => ({ ...secret(user), SecretString: KEY }),
};
const LOOK: Cure = { as: 'break-glass', does: 'secretsmanager GetSecretValue', input: value('AWSCURRENT') };
const MOVE_BACK: Cure = { as: 'administrator', does: 'secretsmanager UpdateSecretVersionStage', input: movedBack };
const CANCEL: Cure = { as: 'administrator', does: 'secretsmanager CancelRotateSecret', input: secret };
const TAG_USER: Cure = {
  as: 'administrator',
  does: 'iam TagUser',
  input: (UserName) => ({ UserName, Tags: [{ Key: 'access-key-rotation', Value: 'enabled' }] }),
};
const DELETE_FOR_GOOD: Cure = {
  ...DELETE,
  input: (user) => ({ ...secret(user), ForceDeleteWithoutRecovery: true }),
};
const DELETE_KEY: Cure = {
  as: 'administrator',
  does: 'iam DeleteAccessKey',
  input: (UserName) => ({ UserName, AccessKeyId: organization.directory.keysOf(ACCOUNT, UserName)[0]!.accessKeyId }),
};
const SHOW_KEYS: Cure = { as: 'administrator', does: 'iam ListAccessKeys', input: (UserName) => ({ UserName }) };
const ACTIVATE: Cure = { as: 'administrator', does: 'iam UpdateAccessKey', input: activated };
const DEACTIVATE: Cure = {
  ...ACTIVATE,
  input: (user) => ({ ...activated(user), Status: 'Inactive' }),
};
const UNTAG: Cure = {
  as: 'administrator',
  does: 'secretsmanager UntagResource',
  input: (user) => ({ ...secret(user), TagKeys: ['access-keys:user-id', 'access-keys:generation'] }),
};

/** Codes whose cure is done in AWS. */
const IN_AWS: Readonly<Record<string, readonly Cure[]>> = {
  SECRET_NOT_IN_ROSTER: [CANCEL],
  SECRET_VALUE_INVALID: [LOOK, MOVE_BACK, PUT],
  SECRET_VALUE_FOREIGN: [LOOK, MOVE_BACK, PUT, DELETE_FOR_GOOD],
  SECRET_NOT_OURS: [DELETE_FOR_GOOD],
  TOKEN_NOT_PENDING: [ROTATE],
  USER_REFUSED: [TAG_USER],
  USER_REPLACED: [DELETE],
  CURRENT_KEY_MISSING: [SHOW_KEYS, MOVE_BACK],
  CURRENT_KEY_INACTIVE: [ACTIVATE],
  COMPROMISED_KEY_WORKS: [DEACTIVATE],
  PREVIOUS_KEY_DEACTIVATED: [ACTIVATE],
  ROOM_NONE: [SHOW_KEYS, DELETE_KEY],
  ROTATION_WAITS: [SHOW_KEYS, DELETE_KEY],
  RETIREMENT_WAITS: [SHOW_KEYS, DELETE_KEY],
  KEYS_LEFT: [SHOW_KEYS, DELETE_KEY],
  SECRET_LOST: [SHOW_KEYS, DELETE_KEY],
  SECRET_NOT_DELETED: [DELETE],
  USER_RELEASED: [DELETE],
  USER_MOVED: [DELETE],
};

let organization: LocalOrganization;
const users = [...Object.keys(IN_AWS), 'LEAVER', 'OTHERS'].map((code) => code.toLowerCase().replaceAll('_', '.'));
const userOf = (code: string): string => code.toLowerCase().replaceAll('_', '.');

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cures-'));
  const rosterOf = (names: readonly string[]) => {
    const account = { id: ACCOUNT, name: 'cures', breakGlassRoles: [GLASS], users: names.map((name) => ({ name })) };
    const notifications = { admins: ['a@example.com'], sender: 'b@example.com', ownerDomain: 'example.com' };
    const userGuard = { tag: { key: 'access-key-rotation', value: 'enabled' } };
    const text = { version: 1, region: 'us-east-1', userGuard, notifications, accounts: [account] };
    writeFileSync(join(folder, 'roster.yaml'), JSON.stringify(text));
    const { roster, problems } = loadRoster(join(folder, 'roster.yaml'), { at: START });
    if (!roster) throw new Error(JSON.stringify(problems));
    return roster;
  };
  const [all, without] = [
    rosterOf(users),
    rosterOf(users.filter((name) => !['leaver', userOf('USER_RELEASED')].includes(name))),
  ];
  ({ organization } = assemble([all], {
    seed: 1,
    start: START,
    scenario: { owners: users.map((user) => ({ user, keys: [] })) },
  }));
  synthesize(all, { outdir: join(folder, 'assembly') });
  const { clock } = organization;
  const s3 = new S3Client(organization.clientConfig(organization.directory.administrator(ACCOUNT)));
  const live = async (act: () => Promise<unknown>): Promise<void> => {
    clock.at(clock.now(), async () => void (await act()));
    await clock.advanceTo(new Date(clock.now().getTime() + 1.2 * HOUR_MS));
  };
  await live(() => deploy(organization, all, join(folder, 'assembly')));
  await live(() => publish('all', without, orgStoreOf(without, s3), clock.now()));
  rmSync(folder, { recursive: true });
}, 600_000);

function versionsOf(user: string): { id: string; stages: readonly string[] }[] {
  const stored = organization.secrets.values().filter(({ secretName }) => secretName === `/access-key/${user}`);
  return stored.map(({ versionId, stages }) => ({ id: versionId, stages }));
}

function movedBack(user: string): Record<string, unknown> {
  const holding = (stage: string) => versionsOf(user).find(({ stages }) => stages.includes(stage))!.id;
  const versions = { RemoveFromVersionId: holding('AWSCURRENT'), MoveToVersionId: holding('AWSPREVIOUS') };
  return { ...secret(user), VersionStage: 'AWSCURRENT', ...versions };
}

function activated(user: string): Record<string, unknown> {
  const [key] = organization.directory.keysOf(ACCOUNT, user);
  return { UserName: user, AccessKeyId: key!.accessKeyId, Status: 'Active' };
}

async function doIt({ as, does, input = () => ({}) }: Cure, user: string): Promise<string> {
  const [service, operation] = does.split(' ') as [ServiceId, string];
  try {
    await organization.gateway.call(principalOf(as, user), service, operation, 'us-east-1', input(user));
    return 'done';
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
}

function principalOf(as: Cure['as'], user: string) {
  const { directory } = organization;
  if (as === 'owner') return directory.principalOf(directory.keysOf(ACCOUNT, user)[0]!.accessKeyId)!;
  const name = as === 'break-glass' ? 'break-glass' : 'admin';
  const everything = { Effect: 'Allow', Action: '*', Resource: '*' };
  const inlinePolicies = { own: JSON.stringify({ Version: '2012-10-17', Statement: [everything] }) };
  const trustPolicy = JSON.stringify({
    Version: '2012-10-17',
    Statement: { Effect: 'Allow', Principal: { AWS: ACCOUNT }, Action: 'sts:AssumeRole' },
  });
  const known = directory.roles(ACCOUNT).find((role) => role.name === name)?.inlinePolicies.own;
  const arn = known
    ? `arn:aws:iam::${ACCOUNT}:role/${name}`
    : directory.putRole(ACCOUNT, { name, trustPolicy, inlinePolicies });
  return directory.openSession(arn, 'person', { seconds: 3600 }).principal;
}

test('every secret has its policy, and a rotation behind it', () => {
  const stored = organization.secrets.secrets(ACCOUNT).map((one) => organization.secrets.policies.textOf(one));
  expect(stored).toHaveLength(users.length);
  expect(stored.filter((policy) => !policy?.includes('NobodyElseReads'))).toEqual([]);
  for (const user of users) expect(versionsOf(user).flatMap(({ stages }) => stages)).toContain('AWSPREVIOUS');
});

const rows = Object.entries(IN_AWS).flatMap(([code, cures]) =>
  cures.map((cure) => [code, cure.as, cure.does, cure] as const),
);

test.each(rows)('%s: %s, %s', async (code, _as, _does, cure) => {
  expect(await doIt(cure, userOf(code))).toBe('done');
});

test.each([
  [
    'what the functions put wrong can be undone: the policy',
    'PutResourcePolicy',
    {
      ResourcePolicy:
        '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"secretsmanager:DeleteSecret","Resource":"*"}]}',
    },
  ],
  ['and removed', 'DeleteResourcePolicy', {}],
  ['a tag of the account’s own', 'TagResource', { Tags: [{ Key: 'team', Value: 'red' }] }],
  ['a deletion', 'DeleteSecret', { RecoveryWindowInDays: 7 }],
  ['which is taken back', 'RestoreSecret', {}],
])('people may: %s, %s', async (_, operation, input) => {
  const cure: Cure = {
    as: 'administrator',
    does: `secretsmanager ${operation}`,
    input: (user) => ({ ...secret(user), ...input }),
  };
  expect(await doIt(cure, 'others')).toBe('done');
});

test('of a released user the tags can be removed and the secret deleted; of another the tags cannot', async () => {
  expect(await doIt(UNTAG, userOf('ROOM_NONE'))).toMatch(/^AccessDenied/);
  expect(await doIt(UNTAG, 'leaver')).toBe('done');
  expect(await doIt({ as: 'owner', does: 'secretsmanager GetSecretValue', input: value('AWSCURRENT') }, 'leaver')).toBe(
    'done',
  );
  expect(await doIt(DELETE, 'leaver')).toBe('done');
});

/** Other cures are a change of the roster, a command of the operator, a look at something, or nothing at all. */
const ELSEWHERE = {
  roster: [
    'OWNER_UNREACHABLE',
    'SLICE_MISSING',
    'SLICE_INVALID',
    'SLICE_OUTDATED',
    'READER_DELETED',
    'EXEMPTION_ENDS',
    'OWNER_NOT_NOTIFIED',
    'POLICY_CHANGED',
    'SECRET_ADOPTED',
    'SCHEDULE_CHANGED',
  ],
  rosterInstead: ['ROTATION_CANCELLED', 'SECRET_RESTORED', 'USER_RETIRES', 'USER_RETIRED'],
  iamAlone: ['USER_MISSING', 'READER_MISSING', 'AWS_LIMIT', 'AWS_KMS'],
  operator: ['SECRET_BUSY', 'ROLLBACK_IMPOSSIBLE', 'KEY_REPLACED', 'USER_NOT_ROTATED'],
  look: [
    'EVENT_INVALID',
    'POLICY_REFUSED',
    'CIRCUIT_OPEN',
    'KEY_IDENTITY_WRONG',
    'KEY_STILL_USED',
    'RETIREMENT_FAILED',
  ],
  lookToo: [
    'ROTATION_FAILS',
    'ROTATION_UNFINISHED',
    'ROTATION_OVERDUE',
    'ROTATION_FUNCTION_CHANGED',
    'ROTATION_FAILED',
  ],
  lookInCloudTrail: [
    'LEDGER_INVALID',
    'COMPROMISED_KEY_ACTIVE',
    'UNKNOWN_KEY',
    'KEY_COMPROMISED',
    'AWS_DENIED',
    'AWS_THROTTLED',
    'AWS_NOT_FOUND',
  ],
  nothing: [
    'SECRET_UNKNOWN',
    'SECRET_ROTATION_DISABLED',
    'TOKEN_UNKNOWN',
    'PENDING_EMPTY',
    'PENDING_KEY_GONE',
    'PENDING_KEY_NOT_ACTIVE',
    'USER_NOT_REACHED',
    'ROOM_PENDING',
    'KEY_NOT_PROPAGATED',
    'AWS_UNANSWERED',
    'AWS_FAILED',
    'CURRENT_KEY_COMPROMISED',
    'CURRENT_VALUE_WRONG',
    'CURRENT_CHANGED',
    'ROTATION_ABANDONED',
    'ROTATION_COMMANDED',
    'ROLLBACK_COMMANDED',
    'ROLLED_BACK',
    'USER_RESTORED',
  ],
};

test('every code of the page is here, by where its cure is', () => {
  const page = readFileSync(join(__dirname, '../../docs/errors.md'), 'utf8');
  const codes = [...page.slice(page.indexOf('## Rotation and reconcile')).matchAll(/^\| `([A-Z_]+)` \|/gm)];
  const known = [...Object.keys(IN_AWS), ...Object.values(ELSEWHERE).flat()];
  expect(new Set(known)).toEqual(new Set(codes.map(([, code]) => code)));
  expect(new Set(known).size).toBe(known.length);
});
