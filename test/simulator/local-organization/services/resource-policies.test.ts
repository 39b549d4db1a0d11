/** Resource policies as AWS takes, refuses and gives them back, and buckets that another account owns. */
import { HeadObjectCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  GetResourcePolicyCommand,
  GetSecretValueCommand,
  PutResourcePolicyCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { NO_DELAY } from '../../../../lib/simulator/local-organization/iam/directory';
import { isPublic } from '../../../../lib/simulator/local-organization/iam/resource-policy';
import { LocalOrganization } from '../../../../lib/simulator/local-organization/organization';

const ACCOUNT = '333333333333';
const STRANGER = '999999999999';
const NAME = '/access-key/ann';
const [ANN, DEPLOYER] = [`arn:aws:iam::${ACCOUNT}:user/ann`, `arn:aws:iam::${ACCOUNT}:role/deployer`];
const TRUST = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: '333333333333' }, Action: 'sts:AssumeRole' }],
});

function organizationWithAnn(): LocalOrganization {
  const organization = new LocalOrganization({
    start: new Date('2027-01-04'),
    seed: 1,
    organizationId: 'o-a1b2c3d4e5',
    region: 'us-east-1',
    accountIds: [ACCOUNT, STRANGER],
    propagation: NO_DELAY,
  });
  organization.directory.createUser(ACCOUNT, { name: 'ann' });
  organization.directory.putRole(ACCOUNT, { name: 'deployer', trustPolicy: TRUST, inlinePolicies: {} });
  return organization;
}

const policyOf = (...statements: object[]): string => JSON.stringify({ Version: '2012-10-17', Statement: statements });

const allow = (AWS: string | readonly string[]): object => ({
  Effect: 'Allow',
  Principal: { AWS },
  Action: ['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'],
  Resource: '*',
});

async function secretOfAnn() {
  const organization = organizationWithAnn();
  const { directory } = organization;
  const admin = new SecretsManagerClient(organization.clientConfig(directory.administrator(ACCOUNT)));
  await admin.send(new CreateSecretCommand({ Name: NAME, SecretString: '{}' }));
  const put = (ResourcePolicy: string) =>
    admin.send(new PutResourcePolicyCommand({ SecretId: NAME, ResourcePolicy, BlockPublicPolicy: true })).then(
      () => 'taken',
      (error: Error) => `${error.name}: ${error.message}`,
    );
  const read = async () => (await admin.send(new GetResourcePolicyCommand({ SecretId: NAME }))).ResourcePolicy ?? '';
  const ann = () => {
    const [key] = directory.keysOf(ACCOUNT, 'ann');
    const credentials = key ?? directory.createAccessKey(ACCOUNT, 'ann');
    return new SecretsManagerClient(organization.clientConfig(credentials));
  };
  return { organization, directory, put, read, ann };
}

describe("a secret's policy", () => {
  it('that names a principal which does not exist is refused, and nothing says which it is', async () => {
    const { put, read } = await secretOfAnn();
    const refusal = 'MalformedPolicyDocumentException: This resource policy contains an unsupported principal.';
    for (const missing of [`${ANN}a`, `arn:aws:iam::${ACCOUNT}:user/people/ann`, 'AIDAAAAAAAAAAAAAAAAAA'])
      expect(await put(policyOf(allow([ANN, missing, DEPLOYER])))).toBe(refusal);
    expect(await read()).toBe('');
    expect(await put(policyOf(allow([ANN, DEPLOYER, `arn:aws:iam::${ACCOUNT}:root`])))).toBe('taken');
  });

  it('may be stored although it was refused', async () => {
    const { organization, put, read } = await secretOfAnn();
    organization.secrets.policies.storesRefused = true;
    expect(await put(policyOf(allow([`${ANN}a`, ANN])))).toMatch(/^Malformed/);
    expect(await read()).toContain(`${ANN}a`);
  });

  it('has the unique id in the place of a principal that was deleted, and cannot be put as it is read', async () => {
    const { directory, put, read, ann } = await secretOfAnn();
    await put(policyOf(allow([ANN, DEPLOYER])));
    const { id } = directory.user(ACCOUNT, 'ann');
    directory.deleteUser(directory.user(ACCOUNT, 'ann'));
    directory.createUser(ACCOUNT, { name: 'ann' });
    expect(await read()).not.toContain(ANN);
    expect(await read()).toContain(id);
    expect(await put(await read())).toMatch(/^Malformed/);
    await expect(ann().send(new GetSecretValueCommand({ SecretId: NAME }))).rejects.toThrow('not authorized');
    expect(await put(policyOf(allow(ANN)))).toBe('taken');
    await expect(ann().send(new GetSecretValueCommand({ SecretId: NAME }))).resolves.toBeDefined();
    await expect(ann().send(new DescribeSecretCommand({ SecretId: NAME }))).resolves.toBeDefined();
  });

  it('comes back with its principals in another order, and a single one alone', async () => {
    const { directory, put, read } = await secretOfAnn();
    const roles = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) =>
      directory.putRole(ACCOUNT, { name, trustPolicy: TRUST, inlinePolicies: {} }),
    );
    const put1 = policyOf(allow(roles));
    const put2 = policyOf(allow([...roles].reverse()));
    await put(put1);
    const back = await read();
    expect([put1, put2]).not.toContain(back);
    await put(put2);
    expect(await read()).toBe(back);
    await put(policyOf(allow([ANN])));
    expect(await read()).toBe(policyOf(allow(ANN)));
  });

  it.each([
    ['no condition', undefined, true],
    ['a role by aws:PrincipalArn', { ArnEquals: { 'aws:PrincipalArn': DEPLOYER } }, true],
    ['an account by aws:PrincipalAccount', { StringEquals: { 'aws:PrincipalAccount': ACCOUNT } }, true],
    ['an organization', { StringEquals: { 'aws:PrincipalOrgID': 'o-a1b2c3d4e5' } }, true],
    ['any endpoint', { StringLike: { 'aws:SourceVpce': 'vpce-*' } }, true],
    ['an endpoint, if there is one', { StringEqualsIfExists: { 'aws:SourceVpce': 'vpce-1' } }, true],
    ['an endpoint', { StringEquals: { 'aws:SourceVpce': 'vpce-1' } }, false],
    ['a source account', { StringEquals: { 'aws:sourceAccount': [ACCOUNT] } }, false],
  ])('for everybody under %s is public: %s', async (_, Condition, expected) => {
    const { put } = await secretOfAnn();
    for (const Principal of ['*', { AWS: '*' }, { AWS: [ANN, '*'] }]) {
      const statement = {
        Effect: 'Allow',
        Principal,
        Action: 'secretsmanager:GetSecretValue',
        Resource: '*',
        Condition,
      };
      expect(await put(policyOf(statement))).toMatch(expected ? /^PublicPolicyException/ : /^taken/);
    }
  });
});

describe("a bucket's policy", () => {
  const statement = (Condition: object): string =>
    policyOf({ Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::org/*', Condition });

  it.each([
    [{ StringEquals: { 'aws:PrincipalAccount': ACCOUNT }, ArnLike: { 'aws:PrincipalArn': DEPLOYER } }, true],
    [{ StringLike: { 'aws:PrincipalOrgID': 'o-*' } }, true],
    [{ StringEquals: { 'aws:SourceAccount': '${aws:PrincipalAccount}' } }, true],
    [{ StringEquals: { 'aws:PrincipalOrgID': 'o-a1b2c3d4e5' }, ArnLike: { 'aws:PrincipalArn': DEPLOYER } }, false],
    [{ IpAddress: { 'aws:SourceIp': '10.0.0.0/24' } }, false],
  ])('for everybody under %j is public: %s', (condition, expected) => {
    expect(isPublic(statement(condition), 's3')).toBe(expected);
    const { s3 } = organizationWithAnn();
    const settings = { accountId: ACCOUNT, region: 'us-east-1', name: 'org', policy: statement(condition) };
    const put = () => s3.putBucket({ ...settings, blocksPublicPolicy: true });
    if (expected) expect(put).toThrow('public');
    else expect(put).not.toThrow();
  });

  it('that only denies is never public', () => {
    expect(isPublic(policyOf({ Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: '*' }), 's3')).toBe(false);
  });
});

describe('a bucket', () => {
  it('of another account than expected answers 403, whoever asks', async () => {
    const organization = organizationWithAnn();
    const policy = policyOf({ Effect: 'Allow', Principal: '*', Action: 's3:*', Resource: ['arn:aws:s3:::org/*'] });
    organization.s3.putBucket({ accountId: STRANGER, region: 'us-east-1', name: 'org', policy });
    organization.s3.putObject('org', 'a', '{}');
    const s3 = new S3Client(organization.clientConfig(organization.directory.administrator(ACCOUNT)));
    const object = { Bucket: 'org', Key: 'a' };
    await expect(s3.send(new GetObjectCommand(object))).resolves.toBeDefined();
    await expect(s3.send(new GetObjectCommand({ ...object, ExpectedBucketOwner: STRANGER }))).resolves.toBeDefined();
    const pinned = { ...object, ExpectedBucketOwner: ACCOUNT };
    const refused = { name: 'AccessDenied' };
    await expect(s3.send(new GetObjectCommand(pinned))).rejects.toMatchObject(refused);
    await expect(s3.send(new PutObjectCommand({ ...pinned, Body: 'mine' }))).rejects.toMatchObject(refused);
    expect(organization.s3.text('org', 'a')).toBe('{}');
    await expect(s3.send(new GetObjectCommand({ ...pinned, Bucket: 'none' }))).rejects.toMatchObject({
      name: 'NoSuchBucket',
    });
  });

  it.each([
    ['nothing', undefined, [403, 403]],
    ['the key as a prefix', { StringLike: { 's3:prefix': 'code/*' } }, [404, 403]],
    ['everything', {}, [404, 404]],
  ])('says that an object is missing to whoever may list %s: %j', async (_, Condition, expected) => {
    const statuses = [true, false].map(async (prefixesRevealMissing) => {
      const organization = organizationWithAnn();
      Object.assign(organization.s3, { prefixesRevealMissing });
      organization.s3.putBucket({ accountId: ACCOUNT, region: 'us-east-1', name: 'org' });
      const read = { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' };
      const list = { Effect: 'Allow', Action: 's3:ListBucket', Resource: '*', Condition };
      const inlinePolicies = { own: policyOf(read, ...(Condition ? [list] : [])) };
      const role = organization.directory.putRole(ACCOUNT, { name: 'reader', trustPolicy: TRUST, inlinePolicies });
      const s3 = new S3Client(organization.clientConfig(organization.directory.issueSession(role, 'test')));
      return s3.send(new HeadObjectCommand({ Bucket: 'org', Key: 'code/x.zip' })).catch((error: unknown) => {
        return (error as { $metadata: { httpStatusCode: number } }).$metadata.httpStatusCode;
      });
    });
    expect(await Promise.all(statuses)).toEqual(expected);
  });
});
