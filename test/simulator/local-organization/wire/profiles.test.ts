import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { STSClient } from '@aws-sdk/client-sts';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalOrganization } from '../../../../lib/simulator/local-organization/organization';

const ACCOUNT = '333333333333';
const folder = mkdtempSync(join(tmpdir(), 'profiles-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('an AWS profile of this machine changes nothing for the clients of a rehearsal', async () => {
  process.env.AWS_CONFIG_FILE = join(folder, 'aws-config');
  writeFileSync(process.env.AWS_CONFIG_FILE, '[default]\nuse_fips_endpoint = true\nmax_attempts = 9\n');
  const organization = new LocalOrganization({
    start: new Date('2027-01-04T09:00:00Z'),
    seed: 1,
    organizationId: 'o-a1b2c3d4e5',
    region: 'us-east-1',
    accountIds: [ACCOUNT],
  });
  const sts = new STSClient(organization.clientConfig(organization.directory.administrator(ACCOUNT)));
  expect(await sts.config.useFipsEndpoint()).toBe(false);
});
