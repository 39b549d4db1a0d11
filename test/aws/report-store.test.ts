import { S3Client } from '@aws-sdk/client-s3';
import { orgReports } from '../../lambda/aws/org-bucket/report-store';
import { LocalOrganization } from '../../lib/simulator/local-organization/organization';

const ACCOUNT = '333333333333';
const REGION = 'us-east-1';
const KEY = `reports/${ACCOUNT}.json`;
const policy = (...Statement: object[]): string => JSON.stringify({ Version: '2012-10-17', Statement });

/** The report as a role reads it that may see whether it exists, and may read it or not. */
function read(mayRead: boolean, stored?: string): Promise<string | undefined> {
  const organization = new LocalOrganization({
    start: new Date('2027-01-04'),
    seed: 1,
    organizationId: 'o-a1b2c3d4e5',
    region: REGION,
    accountIds: [ACCOUNT],
  });
  // As S3 may answer: 403 of what is missing, to whoever may list some prefixes only.
  Object.assign(organization.s3, { prefixesRevealMissing: false });
  organization.s3.putBucket({ accountId: ACCOUNT, region: REGION, name: 'org' });
  if (stored !== undefined) organization.s3.putObject('org', KEY, stored);
  const lists = {
    Effect: 'Allow',
    Action: 's3:ListBucket',
    Resource: '*',
    Condition: { StringLike: { 's3:prefix': KEY } },
  };
  const reads = { Effect: mayRead ? 'Allow' : 'Deny', Action: 's3:GetObject', Resource: '*' };
  const trustPolicy = policy({ Effect: 'Allow', Principal: { AWS: ACCOUNT }, Action: 'sts:AssumeRole' });
  const inlinePolicies = { own: policy(lists, reads) };
  const role = organization.directory.putRole(ACCOUNT, { name: 'reconcile', trustPolicy, inlinePolicies });
  const client = new S3Client(organization.clientConfig(organization.directory.issueSession(role, 'test')));
  return orgReports(client, { Bucket: 'org', ExpectedBucketOwner: ACCOUNT }, ACCOUNT).read();
}

test('a report that S3 refuses is missing only when the list does not have it', async () => {
  expect(await read(true)).toBeUndefined();
  expect(await read(true, '{}')).toBe('{}');
  await expect(read(false, '{}')).rejects.toMatchObject({ name: 'AccessDenied' });
});
