/** Secrets under a customer managed key of each account: the functions use it by their own policies, owners by the key's. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import keyTemplate from '../../docs/secrets-key.template.json';
import type { Template } from '../../lib/cloud-assembly/template';
import type { LocalOrganization } from '../../lib/simulator/local-organization/organization';
import { assemble, secretsKeyStack } from '../../lib/simulator/rehearsal/environment/participants';
import { deploy } from '../../lib/simulator/rehearsal/operations/run-pipeline';
import { loadRoster } from '../../lib/roster/load';
import { assembled } from '../assembled';

const START = new Date('2027-01-04T00:00:00Z');
const REGION = 'us-east-1';
const ALIAS = keyTemplate.Parameters.Alias.Default;
const NOTIFICATIONS = 'notifications: { admins: [a@example.com], sender: k@example.com, ownerDomain: example.com }';
const ONE_ACCOUNT = `version: 1\nregion: ${REGION}\nsecretsKey: ${ALIAS}\n${NOTIFICATIONS}\naccounts:\n  - { id: "333333333333", name: only, users: [ann] }\n`;
const ORGANIZATION = `version: 1
organization: { id: o-a1b2c3d4e5, managementAccount: "111111111111", organizationalUnits: [ou-ab12-11111111], securityAccount: "222222222222", region: ${REGION} }
secretsKey: ${ALIAS}
${NOTIFICATIONS}
source: { connectionArn: "arn:aws:codeconnections:${REGION}:222222222222:connection/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9", repository: acme/access-keys, branch: main }
accounts:
  - { id: "333333333333", name: canary, canary: true, users: [ann] }
  - { id: "444444444444", name: by StackSet, users: [ann] }
  - { id: "111111111111", name: by stage, deployment: pipeline, users: [ann] }
`;
const folder = mkdtempSync(join(tmpdir(), 'customer-key-'));
afterAll(() => rmSync(folder, { recursive: true }));

type KeyStatement = { readonly Sid: string };
const { Statement } = keyTemplate.Resources.Key.Properties.KeyPolicy;
const withStatements = (statements: readonly KeyStatement[]): Template => {
  const template = structuredClone(keyTemplate);
  Object.assign(template.Resources.Key.Properties.KeyPolicy, { Statement: statements });
  return template as unknown as Template;
};

/** Everything, and six hours, with the key's stack in every account as a rehearsal has it, or with this template in its place. */
async function withKey(text: string, key?: Template): Promise<LocalOrganization> {
  const path = join(folder, 'roster.yaml');
  writeFileSync(path, text);
  const { roster } = loadRoster(path, { at: START });
  const assembly = assembled(roster!);
  const { organization } = assemble([roster!], {
    seed: 1,
    start: START,
    scenario: { owners: [{ user: 'ann', keys: [] }] },
  });
  organization.clock.at(START, async () => {
    if (key)
      for (const { id } of roster!.accounts)
        organization.deployStack({
          template: key,
          target: { accountId: id, region: REGION, stackName: secretsKeyStack(ALIAS, id, REGION).target.stackName },
        });
    await deploy(organization, roster!, assembly);
  });
  await organization.clock.advanceTo(new Date(START.getTime() + 6 * 3_600_000));
  return organization;
}

async function ownerReads(organization: LocalOrganization, accountId: string): Promise<string> {
  const [key] = organization.directory.keysOf(accountId, 'ann');
  const found = organization.directory.authenticate(key!.accessKeyId, undefined);
  if (typeof found === 'string') return found;
  return organization.gateway
    .call(found.principal, 'secretsmanager', 'GetSecretValue', REGION, { SecretId: '/access-key/ann' })
    .then(
      () => 'allowed',
      (error: { code: string }) => error.code,
    );
}

const keyOf = async (organization: LocalOrganization, accountId: string): Promise<string | undefined> => {
  const role = organization.directory.openSession(`arn:aws:iam::${accountId}:role/access-keys-rotate`, 'test', {
    seconds: 3_600,
    sourceFunctionArn: `arn:aws:lambda:${REGION}:${accountId}:function:access-keys-rotate`,
  }).principal;
  return (
    (await organization.gateway.call(role, 'secretsmanager', 'DescribeSecret', REGION, {
      SecretId: '/access-key/ann',
    })) as { KmsKeyId?: string }
  ).KmsKeyId;
};

test.each([
  ['one account', ONE_ACCOUNT, ['333333333333']],
  ['an organization', ORGANIZATION, ['333333333333', '444444444444', '111111111111']],
])(
  "in %s every secret is under its account's key, its user is rotated, and the owner reads it",
  async (_name, text, accounts) => {
    const organization = await withKey(text);
    for (const account of accounts) {
      expect(await keyOf(organization, account)).toBe(ALIAS);
      expect(organization.directory.keysOf(account, 'ann')).toHaveLength(1);
      expect(await ownerReads(organization, account)).toBe('allowed');
    }
  },
);

test("without the key policy's statement for readers the functions still rotate, and the owner is denied", async () => {
  const organization = await withKey(
    ONE_ACCOUNT,
    withStatements(Statement.filter(({ Sid }) => Sid !== 'WhoeverMayReadASecret')),
  );
  expect(organization.directory.keysOf('333333333333', 'ann')).toHaveLength(1);
  expect(await ownerReads(organization, '333333333333')).toMatch(/AccessDenied/);
});

test('a key that the functions may not use stops everything before a key is made', async () => {
  const organization = await withKey(
    ONE_ACCOUNT,
    withStatements(Statement.slice(0, 1).map((statement) => ({ ...statement, Action: 'kms:DescribeKey' }))),
  );
  expect(organization.directory.keysOf('333333333333', 'ann')).toEqual([]);
});

test('a key without the alias is none that the functions may use', async () => {
  const key = { ...withStatements(Statement), Parameters: { Alias: { Default: 'alias/another' } } };
  const organization = await withKey(ONE_ACCOUNT, key);
  expect(organization.directory.keysOf('333333333333', 'ann')).toEqual([]);
});
