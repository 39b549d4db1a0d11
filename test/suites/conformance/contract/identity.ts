import {
  CreateAccessKeyCommand,
  DeleteAccessKeyCommand,
  GetAccessKeyLastUsedCommand,
  GetUserCommand,
  ListAccessKeysCommand,
  UpdateAccessKeyCommand,
  type StatusType,
} from '@aws-sdk/client-iam';
import { AssumeRoleCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { ACCOUNT, outcome, verdict, type Aws, type Credentials } from '../aws';
import { reference, type Case } from './case';

const USER = 'Ann.Example';
const page = (operation: string): string => reference('iam', operation);
/** https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html says what a key that does not work is answered. */
const KEYS = 'https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html';

async function createKey({ admin }: Aws): Promise<Credentials> {
  const { AccessKey } = await admin.iam.send(new CreateAccessKeyCommand({ UserName: USER }));
  return { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
}

async function userWithKey(aws: Aws): Promise<Credentials> {
  await aws.user(USER, '/people/');
  return createKey(aws);
}

const list = async ({ admin }: Aws) =>
  (await admin.iam.send(new ListAccessKeysCommand({ UserName: USER }))).AccessKeyMetadata ?? [];
const setStatus = ({ admin }: Aws, AccessKeyId: string, Status: StatusType) =>
  admin.iam.send(new UpdateAccessKeyCommand({ UserName: USER, AccessKeyId, Status }));
const identify = async (aws: Aws, credentials: Credentials): Promise<unknown> => {
  const answer = await outcome(aws.as(credentials).sts.send(new GetCallerIdentityCommand({})));
  return typeof answer === 'string' ? answer : { account: answer.Account, arn: answer.Arn };
};
/** Query protocol: the service's code, whatever the SDK calls the class. */
const withoutSuffix = (name: unknown): unknown => (typeof name === 'string' ? name.replace(/Exception$/, '') : name);

export const IDENTITY: readonly Case[] = [
  {
    name: "a user's ARN carries the path",
    source: page('GetUser'),
    expected: { name: USER, arn: `arn:aws:iam::${ACCOUNT}:user/people/${USER}`, id: true },
    async observe(aws) {
      await aws.user(USER, '/people/');
      const { User } = await aws.admin.iam.send(new GetUserCommand({ UserName: USER }));
      return { name: User?.UserName, arn: User?.Arn, id: /^AIDA[A-Z0-9]{12,}$/.test(User?.UserId ?? '') };
    },
  },
  {
    name: 'a name is found ignoring case, and answered as it was created',
    source: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-names',
    expected: USER,
    async observe(aws) {
      await aws.user(USER);
      const answer = await outcome(aws.admin.iam.send(new GetUserCommand({ UserName: USER.toLowerCase() })));
      return typeof answer === 'string' ? answer : answer.User?.UserName;
    },
  },
  {
    name: 'a user that is not there',
    source: page('GetUser'),
    expected: ['NoSuchEntityException', 'NoSuchEntityException', 'NoSuchEntityException'],
    observe: async (aws) => [
      await verdict(aws.admin.iam.send(new GetUserCommand({ UserName: USER }))),
      await verdict(list(aws)),
      await verdict(createKey(aws)),
    ],
  },
  {
    name: 'a new key is Active and listed, its date in whole seconds',
    source: page('CreateAccessKey'),
    expected: { id: true, secret: 40, listed: ['Active'], wholeSeconds: true },
    async observe(aws) {
      const key = await userWithKey(aws);
      const keys = await list(aws);
      return {
        id: /^AKIA[A-Z2-7]{16}$/.test(key.accessKeyId),
        secret: key.secretAccessKey.length,
        listed: keys.map(({ Status }) => Status),
        wholeSeconds: keys[0]!.CreateDate!.getMilliseconds() === 0,
      };
    },
  },
  {
    name: 'a third key is refused, also when one of two is Inactive',
    source: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html',
    expected: ['LimitExceededException', 'LimitExceededException', 2],
    async observe(aws) {
      const { accessKeyId } = await userWithKey(aws);
      await createKey(aws);
      const whileActive = await verdict(createKey(aws));
      await setStatus(aws, accessKeyId, 'Inactive');
      return [whileActive, await verdict(createKey(aws)), (await list(aws)).length];
    },
  },
  {
    name: 'a key is deactivated, activated and deleted; what is gone is NoSuchEntity',
    source: page('DeleteAccessKey'),
    expected: ['Inactive', 'Active', 0, 'NoSuchEntityException', 'NoSuchEntityException'],
    async observe(aws) {
      const { accessKeyId } = await userWithKey(aws);
      const seen: unknown[] = [];
      for (const status of ['Inactive', 'Active'] as const) {
        await setStatus(aws, accessKeyId, status);
        seen.push((await list(aws))[0]?.Status);
      }
      const remove = () => aws.admin.iam.send(new DeleteAccessKeyCommand({ UserName: USER, AccessKeyId: accessKeyId }));
      await remove();
      return [
        ...seen,
        (await list(aws)).length,
        await verdict(remove()),
        await verdict(setStatus(aws, accessKeyId, 'Inactive')),
      ];
    },
  },
  {
    name: 'a key that was never used has no date of last use',
    source: page('GetAccessKeyLastUsed'),
    expected: { date: undefined, service: 'N/A', region: 'N/A' },
    async observe(aws) {
      const { accessKeyId } = await userWithKey(aws);
      const { AccessKeyLastUsed } = await aws.admin.iam.send(
        new GetAccessKeyLastUsedCommand({ AccessKeyId: accessKeyId }),
      );
      return {
        date: AccessKeyLastUsed?.LastUsedDate,
        service: AccessKeyLastUsed?.ServiceName,
        region: AccessKeyLastUsed?.Region,
      };
    },
  },
  {
    name: 'a use is told with its service and region',
    source: page('GetAccessKeyLastUsed'),
    expected: { date: true, service: 'sts', region: 'us-east-1' },
    async observe(aws) {
      const key = await userWithKey(aws);
      await identify(aws, key);
      await aws.settle();
      const { AccessKeyLastUsed } = await aws.admin.iam.send(
        new GetAccessKeyLastUsedCommand({ AccessKeyId: key.accessKeyId }),
      );
      return {
        date: AccessKeyLastUsed?.LastUsedDate !== undefined,
        service: AccessKeyLastUsed?.ServiceName,
        region: AccessKeyLastUsed?.Region,
      };
    },
  },
  {
    name: "a user's key says who it is without any permission",
    source: reference('sts', 'GetCallerIdentity'),
    expected: { account: ACCOUNT, arn: `arn:aws:iam::${ACCOUNT}:user/people/${USER}` },
    observe: async (aws) => identify(aws, await userWithKey(aws)),
  },
  {
    name: 'a key that was deactivated is refused, then one that was deleted',
    source: KEYS,
    expected: ['InvalidClientTokenId', 'InvalidClientTokenId'],
    async observe(aws) {
      const key = await userWithKey(aws);
      await setStatus(aws, key.accessKeyId, 'Inactive');
      const inactive = await identify(aws, key);
      await aws.admin.iam.send(new DeleteAccessKeyCommand({ UserName: USER, AccessKeyId: key.accessKeyId }));
      return [inactive, await identify(aws, key)].map(withoutSuffix);
    },
  },
  {
    name: 'a wrong secret is told from an unknown key',
    source: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html',
    expected: 'SignatureDoesNotMatch',
    observe: async (aws) =>
      withoutSuffix(await identify(aws, { ...(await userWithKey(aws)), secretAccessKey: 'x'.repeat(40) })),
  },
  {
    name: 'a role is assumed for as long as asked, with a session policy and a source identity',
    source: reference('sts', 'AssumeRole'),
    expected: {
      arn: `arn:aws:sts::${ACCOUNT}:assumed-role/key-administration/rotate-1`,
      identity: `arn:aws:sts::${ACCOUNT}:assumed-role/key-administration/rotate-1`,
      token: true,
      sourceIdentity: 'rotate-1',
    },
    async observe(aws) {
      const RoleArn = await aws.role('key-administration');
      const policy = {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: 'iam:ListAccessKeys', Resource: '*' }],
      };
      const {
        Credentials: issued,
        AssumedRoleUser,
        SourceIdentity,
      } = await aws.admin.sts.send(
        new AssumeRoleCommand({
          RoleArn,
          RoleSessionName: 'rotate-1',
          SourceIdentity: 'rotate-1',
          DurationSeconds: 900,
          Policy: JSON.stringify(policy),
        }),
      );
      const who = (await identify(aws, {
        accessKeyId: issued!.AccessKeyId!,
        secretAccessKey: issued!.SecretAccessKey!,
        sessionToken: issued!.SessionToken!,
      })) as { arn?: string };
      return {
        arn: AssumedRoleUser?.Arn,
        identity: who.arn,
        token: (issued?.SessionToken ?? '') !== '',
        sourceIdentity: SourceIdentity,
      };
    },
  },
  {
    name: 'a session policy narrows the role',
    source: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session',
    expected: ['succeeds', 'AccessDenied'],
    async observe(aws) {
      await userWithKey(aws);
      const RoleArn = await aws.role('key-administration');
      const policy = {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: 'iam:ListAccessKeys', Resource: '*' }],
      };
      const { Credentials: issued } = await aws.admin.sts.send(
        new AssumeRoleCommand({ RoleArn, RoleSessionName: 'rotate-1', Policy: JSON.stringify(policy) }),
      );
      const { iam } = aws.as({
        accessKeyId: issued!.AccessKeyId!,
        secretAccessKey: issued!.SecretAccessKey!,
        sessionToken: issued!.SessionToken!,
      });
      return [
        await verdict(iam.send(new ListAccessKeysCommand({ UserName: USER }))),
        withoutSuffix(await verdict(iam.send(new CreateAccessKeyCommand({ UserName: USER })))),
      ];
    },
  },
];
