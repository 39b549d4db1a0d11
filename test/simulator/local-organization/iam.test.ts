import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  DeleteUserCommand,
  GetAccessKeyLastUsedCommand,
  GetUserCommand,
  ListAccessKeysCommand,
  ListUserTagsCommand,
  TagUserCommand,
  UpdateAccessKeyCommand,
  UpdateUserCommand,
  paginateListUsers,
} from '@aws-sdk/client-iam';
import { AssumeRoleCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { USUAL_PROPAGATION } from '../../../lib/simulator/local-organization/iam/directory';
import { ALICE_ACCOUNT, OTHER_ACCOUNT, START, smallOrganization } from './organization-fixture';

const allow = (Action: string | string[], Resource: string, Condition?: object): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action, Resource, ...(Condition ? { Condition } : {}) }],
  });
const trust = (principal: string, actions: string[] = ['sts:AssumeRole']): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS: principal }, Action: actions }],
  });
const inSeconds = (seconds: number): Date => new Date(START.getTime() + seconds * 1000);

describe('access keys', () => {
  it('is refused a third key per user, an Inactive one counted', async () => {
    const { directory, iam } = smallOrganization();
    directory.createUser(ALICE_ACCOUNT, { name: 'alice' });
    directory.createAccessKey(ALICE_ACCOUNT, 'alice', { status: 'Inactive' });
    const admin = iam(directory.administrator(ALICE_ACCOUNT));
    await admin.send(new CreateAccessKeyCommand({ UserName: 'alice' }));
    await expect(admin.send(new CreateAccessKeyCommand({ UserName: 'alice' }))).rejects.toMatchObject({
      name: 'LimitExceededException',
    });
  });

  it('answers identity to an Active key, and InvalidClientTokenId to an Inactive or deleted one', async () => {
    const { directory, iam, sts } = smallOrganization();
    directory.createUser(ALICE_ACCOUNT, { name: 'alice', path: '/people/' });
    const credentials = directory.createAccessKey(ALICE_ACCOUNT, 'alice');
    const admin = iam(directory.administrator(ALICE_ACCOUNT));
    const ask = () => sts(credentials).send(new GetCallerIdentityCommand({}));
    await expect(ask()).resolves.toMatchObject({
      Account: ALICE_ACCOUNT,
      Arn: `arn:aws:iam::${ALICE_ACCOUNT}:user/people/alice`,
    });
    await admin.send(
      new UpdateAccessKeyCommand({ UserName: 'alice', AccessKeyId: credentials.accessKeyId, Status: 'Inactive' }),
    );
    await expect(ask()).rejects.toMatchObject({ name: 'InvalidClientTokenId' });
    await admin.send(
      new UpdateAccessKeyCommand({ UserName: 'alice', AccessKeyId: credentials.accessKeyId, Status: 'Active' }),
    );
    await expect(ask()).resolves.toBeDefined();
    await admin.send(new DeleteAccessKeyCommand({ UserName: 'alice', AccessKeyId: credentials.accessKeyId }));
    await expect(ask()).rejects.toMatchObject({ name: 'InvalidClientTokenId' });
  });

  it('answers SignatureDoesNotMatch to a wrong secret', async () => {
    const { directory, sts } = smallOrganization();
    directory.createUser(ALICE_ACCOUNT, { name: 'alice' });
    const { accessKeyId } = directory.createAccessKey(ALICE_ACCOUNT, 'alice');
    await expect(
      sts({ accessKeyId, secretAccessKey: 'x'.repeat(40) }).send(new GetCallerIdentityCommand({})),
    ).rejects.toMatchObject({ name: 'SignatureDoesNotMatch' });
  });

  it('lets a new key be unknown first, then now and then, then never', async () => {
    const { clock, directory, iam, sts } = smallOrganization({
      propagation: { firstWorks: 20_000, alwaysWorks: 200_000, listed: 20_000, lastUsed: 0 },
    });
    directory.createUser(ALICE_ACCOUNT, { name: 'alice' });
    const { AccessKey: key } = await iam(directory.administrator(ALICE_ACCOUNT)).send(
      new CreateAccessKeyCommand({ UserName: 'alice' }),
    );
    const works = () =>
      sts({ accessKeyId: key!.AccessKeyId!, secretAccessKey: key!.SecretAccessKey! })
        .send(new GetCallerIdentityCommand({}))
        .then(
          () => true,
          () => false,
        );
    expect(await works()).toBe(false);
    const seen: boolean[] = [];
    for (let second = 5; second <= 220; second += 5) {
      await clock.advanceTo(inSeconds(second));
      seen.push(await works());
    }
    expect(seen.slice(seen.indexOf(true))).toContain(false);
    expect(await works()).toBe(true);
  });

  it('lists a new key only after a moment', async () => {
    const { clock, directory, iam } = smallOrganization({ propagation: { ...USUAL_PROPAGATION, listed: 30_000 } });
    directory.createUser(ALICE_ACCOUNT, { name: 'alice' });
    const admin = iam(directory.administrator(ALICE_ACCOUNT));
    await admin.send(new CreateAccessKeyCommand({ UserName: 'alice' }));
    const count = async () =>
      (await admin.send(new ListAccessKeysCommand({ UserName: 'alice' }))).AccessKeyMetadata?.length;
    expect(await count()).toBe(0);
    await clock.advanceTo(inSeconds(31));
    expect(await count()).toBe(1);
  });

  it('tells the last use late, and never later than the truth', async () => {
    const { clock, directory, iam, sts } = smallOrganization({
      propagation: { ...USUAL_PROPAGATION, lastUsed: 600_000 },
    });
    directory.createUser(ALICE_ACCOUNT, { name: 'alice' });
    const credentials = directory.createAccessKey(ALICE_ACCOUNT, 'alice', {
      createdAt: new Date('2026-12-01T00:00:00Z'),
    });
    const lastUsed = async () =>
      (
        await iam(directory.administrator(ALICE_ACCOUNT)).send(
          new GetAccessKeyLastUsedCommand({ AccessKeyId: credentials.accessKeyId }),
        )
      ).AccessKeyLastUsed;
    await sts(credentials).send(new GetCallerIdentityCommand({}));
    expect(await lastUsed()).toMatchObject({ ServiceName: 'N/A' });
    await clock.advanceTo(inSeconds(600));
    expect(await lastUsed()).toEqual({ LastUsedDate: START, ServiceName: 'sts', Region: 'us-east-1' });
  });
});

describe('users', () => {
  it('are unique ignoring case, found by any spelling and answered under their own', async () => {
    const { directory, iam } = smallOrganization();
    const admin = iam(directory.administrator(ALICE_ACCOUNT));
    await admin.send(new CreateUserCommand({ UserName: 'Alice', Tags: [{ Key: 'team', Value: 'a b:c' }] }));
    await expect(admin.send(new CreateUserCommand({ UserName: 'alice' }))).rejects.toMatchObject({
      name: 'EntityAlreadyExistsException',
    });
    const { User } = await admin.send(new GetUserCommand({ UserName: 'ALICE' }));
    expect(User).toMatchObject({ UserName: 'Alice', Tags: [{ Key: 'team', Value: 'a b:c' }], CreateDate: START });
  });

  it('recreated under the same name have another id', async () => {
    const { directory, iam } = smallOrganization();
    const admin = iam(directory.administrator(ALICE_ACCOUNT));
    const first = await admin.send(new CreateUserCommand({ UserName: 'alice' }));
    await admin.send(new DeleteUserCommand({ UserName: 'alice' }));
    const second = await admin.send(new CreateUserCommand({ UserName: 'alice' }));
    expect(second.User!.UserId).not.toBe(first.User!.UserId);
  });

  it('keep their id and keys when they are renamed', async () => {
    const { directory, iam } = smallOrganization();
    const { id } = directory.createUser(ALICE_ACCOUNT, { name: 'alice' });
    directory.createAccessKey(ALICE_ACCOUNT, 'alice');
    const admin = iam(directory.administrator(ALICE_ACCOUNT));
    await admin.send(new UpdateUserCommand({ UserName: 'alice', NewUserName: 'alicia' }));
    await expect(admin.send(new GetUserCommand({ UserName: 'alice' }))).rejects.toMatchObject({
      name: 'NoSuchEntityException',
    });
    expect((await admin.send(new GetUserCommand({ UserName: 'alicia' }))).User?.UserId).toBe(id);
    expect(directory.keysOf(ALICE_ACCOUNT, 'alicia')).toHaveLength(1);
  });

  it('come in pages', async () => {
    const { directory, iam } = smallOrganization();
    for (let index = 0; index < 7; index++) directory.createUser(ALICE_ACCOUNT, { name: `user-${index}` });
    const names: string[] = [];
    for await (const { Users } of paginateListUsers(
      { client: iam(directory.administrator(ALICE_ACCOUNT)), pageSize: 3 },
      {},
    ))
      names.push(...Users!.map(({ UserName }) => UserName!));
    expect(names).toEqual(Array.from({ length: 7 }, (_, index) => `user-${index}`));
  });

  it('carry tags that can be read back', async () => {
    const { directory, iam } = smallOrganization();
    directory.createUser(ALICE_ACCOUNT, { name: 'alice' });
    const admin = iam(directory.administrator(ALICE_ACCOUNT));
    await admin.send(
      new TagUserCommand({
        UserName: 'alice',
        Tags: [
          { Key: 'access-key-rotation', Value: 'enabled' },
          { Key: 'team', Value: 'a' },
        ],
      }),
    );
    expect((await admin.send(new ListUserTagsCommand({ UserName: 'alice' }))).Tags).toHaveLength(2);
  });
});

describe('authorization', () => {
  function withRole(sessionPolicy?: string) {
    const organization = smallOrganization();
    const { directory } = organization;
    for (const name of ['alice', 'malice']) directory.createUser(ALICE_ACCOUNT, { name });
    const caller = directory.putRole(ALICE_ACCOUNT, {
      name: 'caller',
      trustPolicy: trust('*'),
      inlinePolicies: { assume: allow(['sts:AssumeRole', 'sts:SetSourceIdentity'], '*') },
    });
    const target = directory.putRole(ALICE_ACCOUNT, {
      name: 'keys',
      trustPolicy: trust(caller, ['sts:AssumeRole', 'sts:SetSourceIdentity']),
      inlinePolicies: { keys: allow(['iam:ListAccessKeys', 'iam:CreateAccessKey'], '*') },
    });
    const assume = (credentials = directory.issueSession(caller, 'function')) =>
      organization.sts(credentials).send(
        new AssumeRoleCommand({
          RoleArn: target,
          RoleSessionName: 'rotation',
          SourceIdentity: 'rotation',
          Policy: sessionPolicy,
        }),
      );
    return { ...organization, target, assume };
  }

  const session = async (assumed: Awaited<ReturnType<ReturnType<typeof withRole>['assume']>>) => {
    const { AccessKeyId = '', SecretAccessKey = '', SessionToken } = assumed.Credentials!;
    return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
  };

  it('lets a session do what role and session policy both allow', async () => {
    const { iam, assume } = withRole(allow('iam:*', `arn:aws:iam::${ALICE_ACCOUNT}:user/alice`));
    const client = iam(await session(await assume()));
    await expect(client.send(new ListAccessKeysCommand({ UserName: 'alice' }))).resolves.toMatchObject({
      AccessKeyMetadata: [],
    });
    await expect(client.send(new ListAccessKeysCommand({ UserName: 'malice' }))).rejects.toMatchObject({
      name: 'AccessDenied',
    });
    await expect(
      client.send(new DeleteAccessKeyCommand({ UserName: 'alice', AccessKeyId: 'AKIAIOSFODNN7EXAMPLE' })),
    ).rejects.toMatchObject({ name: 'AccessDenied' });
  });

  it('carries the source identity into the assumed session', async () => {
    const { iam, assume, records } = withRole();
    await iam(await session(await assume())).send(new ListAccessKeysCommand({ UserName: 'alice' }));
    expect(records.at(-1)?.principal).toMatchObject({ sourceIdentity: 'rotation', sessionName: 'rotation' });
  });

  it('refuses a role that the trust policy does not name, in the same account and in another', async () => {
    const { directory, assume } = withRole();
    for (const accountId of [ALICE_ACCOUNT, OTHER_ACCOUNT]) {
      const stranger = directory.putRole(accountId, {
        name: 'stranger',
        trustPolicy: trust('*'),
        inlinePolicies: { assume: allow('*', '*') },
      });
      await expect(assume(directory.issueSession(stranger, 'x'))).rejects.toMatchObject({ name: 'AccessDenied' });
    }
  });

  it('forgets decisions when a policy changes', async () => {
    const { directory, iam } = smallOrganization();
    directory.createUser(ALICE_ACCOUNT, { name: 'alice' });
    const define = (action: string) =>
      directory.putRole(ALICE_ACCOUNT, {
        name: 'auditor',
        trustPolicy: trust('*'),
        inlinePolicies: { it: allow(action, '*') },
      });
    const client = iam(directory.issueSession(define('iam:ListUsers'), 'x'));
    const ask = () => client.send(new GetUserCommand({ UserName: 'alice' }));
    await expect(ask()).rejects.toMatchObject({ name: 'AccessDenied' });
    define('iam:GetUser');
    await expect(ask()).resolves.toBeDefined();
  });

  it('lets tag conditions decide by the user that is touched', async () => {
    const { directory, iam } = smallOrganization();
    directory.createUser(ALICE_ACCOUNT, { name: 'managed', tags: { 'access-key-rotation': 'enabled' } });
    directory.createUser(ALICE_ACCOUNT, { name: 'other' });
    const role = directory.putRole(ALICE_ACCOUNT, {
      name: 'guarded',
      trustPolicy: trust('*'),
      inlinePolicies: {
        it: allow('iam:CreateAccessKey', '*', { StringEquals: { 'aws:ResourceTag/access-key-rotation': 'enabled' } }),
      },
    });
    const client = iam(directory.issueSession(role, 'x'));
    await expect(client.send(new CreateAccessKeyCommand({ UserName: 'managed' }))).resolves.toBeDefined();
    await expect(client.send(new CreateAccessKeyCommand({ UserName: 'other' }))).rejects.toMatchObject({
      name: 'AccessDenied',
    });
  });

  it('ends a session when its time is over', async () => {
    const { clock, iam, assume } = withRole();
    const client = iam(await session(await assume()));
    await clock.advanceTo(inSeconds(3601));
    await expect(client.send(new ListAccessKeysCommand({ UserName: 'alice' }))).rejects.toMatchObject({
      name: 'ExpiredToken',
    });
  });
});
