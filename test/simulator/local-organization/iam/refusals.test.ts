import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  GetUserCommand,
  ListUsersCommand,
  ListUserTagsCommand,
  PutUserPolicyCommand,
  TagUserCommand,
  UntagUserCommand,
} from '@aws-sdk/client-iam';
import { AssumeRoleCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { ALICE_ACCOUNT, OTHER_ACCOUNT, smallOrganization } from '../organization-fixture';

const document = (...statements: object[]): string => JSON.stringify({ Version: '2012-10-17', Statement: statements });
const allow = (Action: string | string[], Resource = '*'): object => ({ Effect: 'Allow', Action, Resource });
const deny = (Action: string): object => ({ Effect: 'Deny', Action, Resource: '*' });
const trust = document({
  Effect: 'Allow',
  Principal: { AWS: `arn:aws:iam::${ALICE_ACCOUNT}:root` },
  Action: 'sts:AssumeRole',
});

function world() {
  const organization = smallOrganization();
  const { directory } = organization;
  directory.createUser(ALICE_ACCOUNT, { name: 'alice' });
  const admin = organization.iam(directory.administrator(ALICE_ACCOUNT, { longLived: true }));
  const sts = organization.sts(directory.administrator(ALICE_ACCOUNT, { longLived: true }));
  return { ...organization, admin, sts, stsOf: organization.sts };
}

describe('policies', () => {
  it.each([
    ['no JSON', 'allow everything'],
    ['not an object', '"Allow"'],
    ['without a statement', document()],
    ['with an action of no service', document(allow('GetUser'))],
    ['with a resource that is no ARN', document(allow('iam:GetUser', 'alice'))],
    [
      'with a condition operator that AWS does not have',
      document({ ...allow('iam:GetUser'), Condition: { StringMatches: { 'aws:username': 'a' } } }),
    ],
    ['with a principal', document({ ...allow('iam:GetUser'), Principal: '*' })],
  ])('that are %s are refused when they are put, and spoil no later request', async (_, text) => {
    const { admin, directory, sts } = world();
    const put = admin.send(new PutUserPolicyCommand({ UserName: 'alice', PolicyName: 'p', PolicyDocument: text }));
    await expect(put).rejects.toMatchObject({ name: 'MalformedPolicyDocumentException' });
    const role = directory.putRole(ALICE_ACCOUNT, { name: 'r', trustPolicy: trust, inlinePolicies: {} });
    const assume = sts.send(new AssumeRoleCommand({ RoleArn: role, RoleSessionName: 'session', Policy: text }));
    await expect(assume).rejects.toMatchObject({ name: 'MalformedPolicyDocumentException' });
    expect(() =>
      directory.putRole(ALICE_ACCOUNT, { name: 'r', trustPolicy: trust, inlinePolicies: { p: text } }),
    ).toThrow(/of role r is not valid/);
    await expect(admin.send(new GetUserCommand({ UserName: 'alice' }))).resolves.toBeDefined();
  });

  it('of a user are at most 2,048 characters together, white space not counted', async () => {
    const { admin } = world();
    const put = (PolicyName: string, length: number) =>
      admin.send(
        new PutUserPolicyCommand({
          UserName: 'alice',
          PolicyName,
          PolicyDocument: document(allow('s3:*', `arn:aws:s3:::${'b'.repeat(length)}`)),
        }),
      );
    await put('one', 900);
    await put('one', 900);
    await expect(put('two', 1_100)).rejects.toMatchObject({ name: 'LimitExceededException' });
  });
});

describe('tags', () => {
  it('have keys that are the same in any case, and the last one given stays', async () => {
    const { admin } = world();
    await admin.send(new TagUserCommand({ UserName: 'alice', Tags: [{ Key: 'Team', Value: 'a' }] }));
    await admin.send(new TagUserCommand({ UserName: 'alice', Tags: [{ Key: 'team', Value: 'b' }] }));
    expect((await admin.send(new ListUserTagsCommand({ UserName: 'alice' }))).Tags).toEqual([
      { Key: 'team', Value: 'b' },
    ]);
    await admin.send(new UntagUserCommand({ UserName: 'alice', TagKeys: ['TEAM'] }));
    expect((await admin.send(new ListUserTagsCommand({ UserName: 'alice' }))).Tags).toEqual([]);
  });

  it('are at most fifty, and none is added when they are too many', async () => {
    const { admin } = world();
    const tag = (prefix: string, count: number) =>
      admin.send(
        new TagUserCommand({
          UserName: 'alice',
          Tags: Array.from({ length: count }, (_, index) => ({ Key: `${prefix}${index}`, Value: '' })),
        }),
      );
    await tag('a', 30);
    await expect(tag('b', 21)).rejects.toMatchObject({ name: 'LimitExceededException' });
    expect((await admin.send(new ListUserTagsCommand({ UserName: 'alice' }))).Tags).toHaveLength(30);
    await tag('b', 20);
  });

  it('given twice in a request, or in a name that AWS keeps, are refused', async () => {
    const { admin } = world();
    const tagged = (...keys: string[]) =>
      admin.send(new CreateUserCommand({ UserName: 'bob', Tags: keys.map((Key) => ({ Key, Value: 'x' })) }));
    await expect(tagged('team', 'TEAM')).rejects.toMatchObject({ name: 'InvalidInputException' });
    await expect(tagged('aws:team')).rejects.toMatchObject({ name: 'InvalidInputException' });
    await expect(admin.send(new GetUserCommand({ UserName: 'bob' }))).rejects.toMatchObject({
      name: 'NoSuchEntityException',
    });
  });
});

describe('what is asked of nobody', () => {
  it('GetUser without a name is the caller, and refused when the caller is no user', async () => {
    const { admin, iam, directory } = world();
    expect((await admin.send(new GetUserCommand({}))).User?.UserName).toBe('administrator');
    const session = iam(directory.administrator(ALICE_ACCOUNT));
    await expect(session.send(new GetUserCommand({}))).rejects.toMatchObject({
      name: 'ValidationError',
      message: 'Must specify userName when calling with non-User credentials',
    });
  });

  it('AssumeRole of what is no role ARN is not valid, and of a role that does not exist denied', async () => {
    const { sts } = world();
    const assume = (RoleArn: string) => sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'session' }));
    await expect(assume('a-role-of-our-account')).rejects.toMatchObject({
      name: 'ValidationError',
      message: 'a-role-of-our-account is invalid',
    });
    await expect(assume('short')).rejects.toMatchObject({
      name: 'ValidationError',
      message: expect.stringContaining('length greater than or equal to 20') as string,
    });
    await expect(assume(`arn:aws:iam::${ALICE_ACCOUNT}:role/nobody`)).rejects.toMatchObject({ name: 'AccessDenied' });
  });

  it('session policies by ARN, and boundaries, are refused rather than ignored', async () => {
    const { admin, sts, directory } = world();
    const RoleArn = directory.putRole(ALICE_ACCOUNT, { name: 'r', trustPolicy: trust, inlinePolicies: {} });
    const PolicyArns = [{ arn: 'arn:aws:iam::aws:policy/ReadOnlyAccess' }];
    await expect(
      sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'session', PolicyArns })),
    ).rejects.toMatchObject({ name: 'NotImplemented' });
    const PermissionsBoundary = 'arn:aws:iam::aws:policy/ReadOnlyAccess';
    await expect(admin.send(new CreateUserCommand({ UserName: 'bob', PermissionsBoundary }))).rejects.toMatchObject({
      name: 'NotImplemented',
    });
  });

  it('a session policy is at most 2,048 characters', async () => {
    const { sts, directory } = world();
    const RoleArn = directory.putRole(ALICE_ACCOUNT, { name: 'r', trustPolicy: trust, inlinePolicies: {} });
    const Policy = document(allow('s3:*', `arn:aws:s3:::${'b'.repeat(2_000)}`));
    await expect(
      sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'session', Policy })),
    ).rejects.toMatchObject({ name: 'ValidationError' });
  });

  it.each([['rubbish'], ['MTAwMA=='], ['-1']])('a page of the marker %s is refused', async (Marker) => {
    const { admin } = world();
    await expect(admin.send(new ListUsersCommand({ Marker }))).rejects.toMatchObject({ name: 'ValidationError' });
  });
});

describe('a refusal says which kind of policy refuses', () => {
  const created = (reason: string): string =>
    `User: arn:aws:iam::${ALICE_ACCOUNT}:user/alice is not authorized to perform: iam:CreateAccessKey on resource: user alice ${reason}`;

  function asAlice(policy?: string) {
    const organization = world();
    const { directory, iam } = organization;
    directory.createUser(OTHER_ACCOUNT, { name: 'alice', policies: { own: document(allow('*')) } });
    const user = directory.user(ALICE_ACCOUNT, 'alice');
    if (policy !== undefined) user.policies.set('own', policy);
    const client = iam(directory.createAccessKey(ALICE_ACCOUNT, 'alice'));
    return { ...organization, create: () => client.send(new CreateAccessKeyCommand({ UserName: 'alice' })) };
  }

  it.each([
    [undefined, 'because no identity-based policy allows the iam:CreateAccessKey action'],
    [document(allow('*'), deny('iam:*')), 'with an explicit deny in an identity-based policy'],
  ])('identity-based (%#)', async (policy, reason) => {
    const { create } = asAlice(policy);
    await expect(create()).rejects.toMatchObject({ name: 'AccessDenied', message: created(reason) });
  });

  it.each([
    [document(deny('iam:CreateAccessKey')), false, 'with an explicit deny in a service control policy'],
    [document(allow('s3:*')), true, 'because no service control policy allows the iam:CreateAccessKey action'],
  ])('service control policies of the account (%#), until they are taken away', async (policy, instead, reason) => {
    const { create, directory } = asAlice(document(allow('*')));
    directory.putServiceControlPolicy(ALICE_ACCOUNT, 'no-keys', policy);
    if (instead) directory.removeServiceControlPolicy(ALICE_ACCOUNT, 'FullAWSAccess');
    await expect(create()).rejects.toMatchObject({ name: 'AccessDenied', message: created(reason) });
    directory.putServiceControlPolicy(ALICE_ACCOUNT, 'FullAWSAccess', document(allow('*')));
    directory.removeServiceControlPolicy(ALICE_ACCOUNT, 'no-keys');
    await expect(create()).resolves.toBeDefined();
  });

  it('service control policies bind neither other accounts nor the management account, nor GetCallerIdentity', async () => {
    const { directory, iam, stsOf } = asAlice();
    const management = '999999999999';
    directory.addAccount(management, { management: true });
    for (const id of [ALICE_ACCOUNT, management]) directory.putServiceControlPolicy(id, 'nothing', document(deny('*')));
    const listsUsers = (id: string) => iam(directory.administrator(id)).send(new ListUsersCommand({}));
    await expect(listsUsers(ALICE_ACCOUNT)).rejects.toMatchObject({ name: 'AccessDenied' });
    await expect(listsUsers(OTHER_ACCOUNT)).resolves.toBeDefined();
    await expect(listsUsers(management)).resolves.toBeDefined();
    await expect(
      stsOf(directory.administrator(ALICE_ACCOUNT)).send(new GetCallerIdentityCommand({})),
    ).resolves.toBeDefined();
  });

  it('trust and session policies', async () => {
    const { directory, stsOf, iam } = asAlice();
    const closed = directory.putRole(ALICE_ACCOUNT, {
      name: 'closed',
      trustPolicy: trust.replace(ALICE_ACCOUNT, OTHER_ACCOUNT),
      inlinePolicies: { all: document(allow('*')) },
    });
    const open = directory.putRole(ALICE_ACCOUNT, {
      name: 'open',
      trustPolicy: trust,
      inlinePolicies: { all: document(allow('*')) },
    });
    const client = stsOf(directory.administrator(ALICE_ACCOUNT));
    const assume = (RoleArn: string) =>
      client.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'session', Policy: document(allow('s3:*')) }));
    await expect(assume(closed)).rejects.toMatchObject({
      message: expect.stringMatching(/because no role trust policy allows the sts:AssumeRole action$/) as string,
    });
    const { AccessKeyId = '', SecretAccessKey = '', SessionToken } = (await assume(open)).Credentials!;
    const session = iam({ accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken });
    await expect(session.send(new ListUsersCommand({}))).rejects.toMatchObject({
      message: expect.stringMatching(/because no session policy allows the iam:ListUsers action$/) as string,
    });
  });
});
