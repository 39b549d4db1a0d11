/** Secrets under a customer managed key: the functions use it by their own policies, owners by the key's. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import keyPolicy from '../../docs/secrets-key-policy.json';
import { synthesize } from '../../lib/assembly';
import { Assembly } from '../../lib/local-organization/deployment/assembly';
import type { LocalOrganization } from '../../lib/local-organization/organization';
import { STACKS } from '../../lib/names';
import { assemble } from '../../lib/rehearsal/cast';
import { deploy } from '../../lib/rehearsal/deployment';
import { loadRoster } from '../../lib/roster/load';

const START = new Date('2027-01-04T00:00:00Z');
const ACCOUNT = '333333333333';
const REGION = 'us-east-1';
const folder = mkdtempSync(join(tmpdir(), 'customer-key-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function withKey(policy: object): Promise<LocalOrganization> {
  const path = join(folder, 'roster.yaml');
  writeFileSync(path, `version: 1\nregion: ${REGION}\nnotifications: { admins: [a@example.com], sender: k@example.com, ownerDomain: example.com }\naccounts:\n  - { id: "${ACCOUNT}", name: only, users: [ann] }\n`);
  const { roster } = loadRoster(path, { at: START });
  const assembly = mkdtempSync(join(folder, 'assembly-'));
  synthesize(roster!, { outdir: assembly });
  const { organization } = assemble([roster!], { seed: 1, start: START, scenario: { owners: [{ user: 'ann', keys: [] }] } });
  const KmsKeyArn = organization.kms.putKey({ accountId: ACCOUNT, region: REGION, policy: JSON.stringify(policy) });
  const rotator = new Assembly(assembly).stacks.find(({ target }) => target.stackName === STACKS.rotator)!;
  organization.clock.at(START, async () => {
    await deploy(organization, roster!, assembly);
    organization.deployStack({ ...rotator, target: { ...rotator.target, parameters: { KmsKeyArn } } });
  });
  await organization.clock.advanceTo(new Date(START.getTime() + 3_600_000));
  return organization;
}

async function ownerReads(organization: LocalOrganization): Promise<string> {
  const [key] = organization.directory.keysOf(ACCOUNT, 'ann');
  const found = organization.directory.authenticate(key!.accessKeyId, undefined);
  if (typeof found === 'string') return found;
  return organization.gateway.call(found.principal, 'secretsmanager', 'GetSecretValue', REGION, { SecretId: '/access-key/ann' }).then(
    () => 'allowed',
    (error: { code: string }) => error.code,
  );
}

test('the secret is under the key, its user is rotated, and the owner reads it', async () => {
  const organization = await withKey(keyPolicy);
  const [version] = [...organization.secrets.values()].filter(({ accountId }) => accountId === ACCOUNT);
  expect(version).toBeDefined();
  expect(organization.directory.keysOf(ACCOUNT, 'ann')).toHaveLength(1);
  expect(await ownerReads(organization)).toBe('allowed');
});

test("without the key policy's statement for readers the functions still rotate, and the owner is denied", async () => {
  const organization = await withKey({ ...keyPolicy, Statement: keyPolicy.Statement.filter(({ Sid }) => Sid !== 'WhoeverMayReadASecret') });
  expect(organization.directory.keysOf(ACCOUNT, 'ann')).toHaveLength(1);
  expect(await ownerReads(organization)).toMatch(/AccessDenied/);
});

test('a key that the functions may not use stops everything before a key is made', async () => {
  const organization = await withKey({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::999999999999:root' }, Action: 'kms:*', Resource: '*' }] });
  expect(organization.directory.keysOf(ACCOUNT, 'ann')).toEqual([]);
});
