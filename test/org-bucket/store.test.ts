/** What the org bucket's absence of an object means to those who may list it, and to those who may not. */
import { S3Client } from '@aws-sdk/client-s3';
import { orgBucketOf, s3OrgStore, type OrgStore } from '../../lib/org-bucket/store';
import { publishCode } from '../../lib/publish/publish-code';
import { memberCode } from '../../lib/stacks/member/member-code';
import { LocalOrganization } from '../../lib/simulator/local-organization/organization';

const SECURITY = '222222222222';
const REGION = 'us-east-1';
const { Bucket } = orgBucketOf(SECURITY, REGION);
const TRUST = JSON.stringify({
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Principal: { AWS: SECURITY }, Action: 'sts:AssumeRole' },
});

/** The bucket as a role sees it whose policy allows these actions on everything. */
function storeFor(actions: readonly string[], owner = SECURITY): { store: OrgStore; organization: LocalOrganization } {
  const organization = new LocalOrganization({
    start: new Date('2027-01-04'),
    seed: 1,
    organizationId: 'o-a1b2c3d4e5',
    region: REGION,
    accountIds: [SECURITY, '999999999999'],
  });
  const statement = { Effect: 'Allow', Action: actions, Resource: '*' };
  const inlinePolicies = { own: JSON.stringify({ Version: '2012-10-17', Statement: [statement] }) };
  const role = organization.directory.putRole(SECURITY, { name: 'publisher', trustPolicy: TRUST, inlinePolicies });
  const policy = JSON.stringify({ Version: '2012-10-17', Statement: [{ ...statement, Principal: '*' }] });
  organization.s3.putBucket({ accountId: owner, region: REGION, name: Bucket, policy });
  const client = new S3Client(organization.clientConfig(organization.directory.issueSession(role, 'test')));
  return { store: s3OrgStore(client, orgBucketOf(SECURITY, REGION)), organization };
}

const READS = ['s3:GetObject', 's3:PutObject'];

describe('a missing object', () => {
  test.each(['published.json', 'reports/333333333333.json', 'deliveries/x.json'])(
    'is an error to whoever may not list the bucket: %s',
    async (key) => {
      const { store } = storeFor(READS);
      await expect(store.read(key)).rejects.toMatchObject({ name: 'AccessDenied' });
      await expect(store.has(key)).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
    },
  );

  test.each(['code/abc.zip', 'roster/333333333333.json'])('is missing all the same: %s', async (key) => {
    const { store } = storeFor(READS);
    expect([await store.read(key), await store.has(key)]).toEqual([undefined, false]);
  });

  test('is missing to whoever may list the bucket', async () => {
    const { store } = storeFor([...READS, 's3:ListBucket']);
    expect(await store.read('published.json')).toBeUndefined();
    expect(await store.has('reports/333333333333.json')).toBe(false);
  });
});

test('code that is there and cannot be seen is not written again, and publishing goes on', async () => {
  const { store, organization } = storeFor(['s3:PutObject']);
  const keys = Object.values(memberCode().objects).map(({ key }) => key);
  organization.s3.putObject(Bucket, keys[0]!, 'the same');
  expect(await publishCode(memberCode(), store)).toEqual(keys.slice(1));
  expect(organization.s3.text(Bucket, keys[0]!)).toBe('the same');
  expect(await publishCode(memberCode(), store)).toEqual([]);
});

test('a slice that is there and cannot be seen is not overwritten', async () => {
  const { store, organization } = storeFor(['s3:PutObject']);
  organization.s3.putObject(Bucket, 'roster/333333333333.json', 'theirs');
  expect(await store.read('roster/333333333333.json')).toBeUndefined();
  await expect(store.write('roster/333333333333.json', 'ours', undefined)).rejects.toThrow('run the command again');
  expect(organization.s3.text(Bucket, 'roster/333333333333.json')).toBe('theirs');
});

test('nothing is written to, or believed of, a bucket of that name in another account, whatever it allows', async () => {
  const { store, organization } = storeFor([...READS, 's3:ListBucket', 's3:DeleteObject'], '999999999999');
  organization.s3.putObject(Bucket, 'published.json', '{}');
  const refused = { $metadata: { httpStatusCode: 403 } };
  await expect(store.read('published.json')).rejects.toMatchObject(refused);
  await expect(store.writtenAt('published.json')).rejects.toMatchObject(refused);
  await expect(store.keys('roster/')).rejects.toMatchObject(refused);
  await expect(store.remove('published.json')).rejects.toMatchObject(refused);
  await expect(store.write('roster/333333333333.json', '{}', undefined)).rejects.toMatchObject(refused);
  expect(organization.s3.keys(Bucket)).toEqual(['published.json']);
});
