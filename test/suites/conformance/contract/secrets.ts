import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetResourcePolicyCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  PutResourcePolicyCommand,
  PutSecretValueCommand,
  RestoreSecretCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { ACCOUNT, verdict, type Aws } from '../aws';
import { reference, type Case } from './case';

export const NAME = '/access-key/ann-with-hyphens';
export const FIRST = 'first-version-000000000000000000';
export const SECOND = 'second-version-00000000000000000';
const page = (operation: string): string => reference('secretsmanager', operation);

/** @returns the ARN */
export async function createSecret({ admin }: Aws): Promise<string> {
  return (
    await admin.secrets.send(
      new CreateSecretCommand({
        Name: NAME,
        SecretString: 'first',
        ClientRequestToken: FIRST,
        Tags: [{ Key: 'access-keys:generation', Value: '1' }],
      }),
    )
  ).ARN!;
}

const put = ({ admin }: Aws, version: string, value: string, stages: string[]) =>
  admin.secrets.send(
    new PutSecretValueCommand({
      SecretId: NAME,
      ClientRequestToken: version,
      SecretString: value,
      VersionStages: stages,
    }),
  );
const move = ({ admin }: Aws, stage: string, to?: string, from?: string) =>
  admin.secrets.send(
    new UpdateSecretVersionStageCommand({
      SecretId: NAME,
      VersionStage: stage,
      MoveToVersionId: to,
      RemoveFromVersionId: from,
    }),
  );
const value = async ({ admin }: Aws, query: { VersionStage?: string; VersionId?: string }) =>
  (await admin.secrets.send(new GetSecretValueCommand({ SecretId: NAME, ...query }))).SecretString;
export const describe = ({ admin }: Aws) => admin.secrets.send(new DescribeSecretCommand({ SecretId: NAME }));
export const stages = async (aws: Aws): Promise<Record<string, string[]>> =>
  Object.fromEntries(
    Object.entries((await describe(aws)).VersionIdsToStages ?? {}).map(([version, labels]) => [version, labels.sort()]),
  );

async function withPending(aws: Aws): Promise<void> {
  await createSecret(aws);
  await put(aws, SECOND, 'second', ['AWSPENDING']);
}

async function promoted(aws: Aws): Promise<void> {
  await withPending(aws);
  await move(aws, 'AWSCURRENT', SECOND, FIRST);
}

export const SECRETS: readonly Case[] = [
  {
    name: 'an ARN ends in a hyphen and six characters, and the token names the version',
    source: page('CreateSecret'),
    expected: {
      arn: true,
      versions: { [FIRST]: ['AWSCURRENT'] },
      tags: [{ Key: 'access-keys:generation', Value: '1' }],
    },
    async observe(aws) {
      const arn = await createSecret(aws);
      const { Tags } = await describe(aws);
      return {
        arn: new RegExp(`^arn:aws:secretsmanager:us-east-1:${ACCOUNT}:secret:${NAME}-[A-Za-z0-9]{6}$`).test(arn),
        versions: await stages(aws),
        tags: Tags,
      };
    },
  },
  {
    name: 'a secret is found by its ARN and by its ARN without the random characters',
    source: 'https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html#ARN_secretnamehyphen',
    expected: ['first', 'first'],
    async observe(aws) {
      const arn = await createSecret(aws);
      const read = async (SecretId: string) =>
        (await aws.admin.secrets.send(new GetSecretValueCommand({ SecretId }))).SecretString;
      return [await read(arn), await read(arn.slice(0, -7))];
    },
  },
  {
    name: 'a name is used once',
    source: page('CreateSecret'),
    expected: 'ResourceExistsException',
    async observe(aws) {
      await createSecret(aws);
      return verdict(
        aws.admin.secrets.send(
          new CreateSecretCommand({ Name: NAME, SecretString: 'another', ClientRequestToken: SECOND }),
        ),
      );
    },
  },
  {
    name: 'a secret, a label and a version that are not there',
    source: page('GetSecretValue'),
    expected: [
      'ResourceNotFoundException',
      'ResourceNotFoundException',
      'ResourceNotFoundException',
      'ResourceNotFoundException',
    ],
    async observe(aws) {
      const before = [await verdict(describe(aws)), await verdict(value(aws, {}))];
      await createSecret(aws);
      return [
        ...before,
        await verdict(value(aws, { VersionStage: 'AWSPENDING' })),
        await verdict(value(aws, { VersionStage: 'AWSCURRENT', VersionId: SECOND })),
      ];
    },
  },
  {
    name: 'a label that is on another version than the one asked for',
    source: page('GetSecretValue'),
    expected: 'InvalidRequestException',
    async observe(aws) {
      await withPending(aws);
      return verdict(value(aws, { VersionStage: 'AWSCURRENT', VersionId: SECOND }));
    },
  },
  {
    name: 'the same token: the same content succeeds, other content is refused and changes nothing',
    source: page('PutSecretValue'),
    expected: ['succeeds', 'ResourceExistsException', 'second'],
    async observe(aws) {
      await withPending(aws);
      return [
        await verdict(put(aws, SECOND, 'second', ['AWSPENDING'])),
        await verdict(put(aws, SECOND, 'other', ['AWSPENDING'])),
        await value(aws, { VersionStage: 'AWSPENDING' }),
      ];
    },
  },
  {
    name: 'a pending value leaves the current one alone',
    source: page('PutSecretValue'),
    expected: { versions: { [FIRST]: ['AWSCURRENT'], [SECOND]: ['AWSPENDING'] }, current: 'first', pending: 'second' },
    async observe(aws) {
      await withPending(aws);
      return {
        versions: await stages(aws),
        current: await value(aws, { VersionStage: 'AWSCURRENT' }),
        pending: await value(aws, { VersionStage: 'AWSPENDING', VersionId: SECOND }),
      };
    },
  },
  {
    name: 'AWSPREVIOUS follows AWSCURRENT; AWSPENDING stays until it is taken away',
    source: page('UpdateSecretVersionStage'),
    expected: [
      { [FIRST]: ['AWSPREVIOUS'], [SECOND]: ['AWSCURRENT', 'AWSPENDING'] },
      { [FIRST]: ['AWSPREVIOUS'], [SECOND]: ['AWSCURRENT'] },
    ],
    async observe(aws) {
      await promoted(aws);
      const before = await stages(aws);
      await move(aws, 'AWSPENDING', undefined, SECOND);
      return [before, await stages(aws)];
    },
  },
  {
    name: 'a value without a label asked for is the current one, after a label was moved',
    source: page('GetSecretValue'),
    expected: ['second', 'second'],
    async observe(aws) {
      await promoted(aws);
      return [await value(aws, { VersionStage: 'AWSCURRENT' }), await value(aws, {})];
    },
  },
  {
    name: 'a label moves only from the version that holds it',
    source: page('UpdateSecretVersionStage'),
    expected: [
      'InvalidParameterException',
      'InvalidParameterException',
      { [FIRST]: ['AWSCURRENT'], [SECOND]: ['AWSPENDING'] },
    ],
    async observe(aws) {
      await withPending(aws);
      return [
        await verdict(move(aws, 'AWSCURRENT', SECOND)),
        await verdict(move(aws, 'AWSCURRENT', SECOND, SECOND)),
        await stages(aws),
      ];
    },
  },
  {
    name: 'a label of our own is put, moved and keeps its version listed',
    source: page('UpdateSecretVersionStage'),
    expected: [
      { [FIRST]: ['AWSCURRENT', 'KEY_RETIRING'], [SECOND]: ['AWSPENDING'] },
      { [FIRST]: ['AWSCURRENT'], [SECOND]: ['AWSPENDING', 'KEY_RETIRING'] },
    ],
    async observe(aws) {
      await withPending(aws);
      await move(aws, 'KEY_RETIRING', FIRST);
      const before = await stages(aws);
      await move(aws, 'KEY_RETIRING', SECOND, FIRST);
      return [before, await stages(aws)];
    },
  },
  {
    name: 'a version that lost its last label is listed no more',
    source: page('DescribeSecret'),
    expected: { [FIRST]: ['AWSCURRENT'] },
    async observe(aws) {
      await withPending(aws);
      await move(aws, 'AWSPENDING', undefined, SECOND);
      return stages(aws);
    },
  },
  {
    name: 'tags are added, replaced and removed',
    source: page('TagResource'),
    expected: { 'access-keys:generation': '2' },
    async observe(aws) {
      await createSecret(aws);
      const { secrets } = aws.admin;
      await secrets.send(
        new TagResourceCommand({
          SecretId: NAME,
          Tags: [
            { Key: 'access-keys:generation', Value: '2' },
            { Key: 'access-keys:lease', Value: 'x' },
          ],
        }),
      );
      await secrets.send(new UntagResourceCommand({ SecretId: NAME, TagKeys: ['access-keys:lease', 'never-there'] }));
      return Object.fromEntries(((await describe(aws)).Tags ?? []).map(({ Key = '', Value }) => [Key, Value]));
    },
  },
  {
    name: 'a list is filtered by the beginning of the name, and leaves out what is being deleted',
    source: page('ListSecrets'),
    expected: [[NAME], []],
    async observe(aws) {
      await createSecret(aws);
      const { secrets } = aws.admin;
      await secrets.send(new CreateSecretCommand({ Name: 'other/access-key/x', SecretString: 'x' }));
      const list = async () =>
        (
          await secrets.send(new ListSecretsCommand({ Filters: [{ Key: 'name', Values: ['/access-key/'] }] }))
        ).SecretList?.map(({ Name }) => Name);
      await aws.settle();
      const before = await list();
      await secrets.send(new DeleteSecretCommand({ SecretId: NAME, RecoveryWindowInDays: 30 }));
      await aws.settle();
      return [before, await list()];
    },
  },
  {
    name: 'a resource policy is absent, then the one that was put',
    source: page('GetResourcePolicy'),
    expected: [undefined, true],
    async observe(aws) {
      await createSecret(aws);
      const { secrets } = aws.admin;
      const read = async () => (await secrets.send(new GetResourcePolicyCommand({ SecretId: NAME }))).ResourcePolicy;
      const before = await read();
      const policy = {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
            Action: 'secretsmanager:GetSecretValue',
            Resource: '*',
          },
        ],
      };
      await secrets.send(
        new PutResourcePolicyCommand({
          SecretId: NAME,
          ResourcePolicy: JSON.stringify(policy),
          BlockPublicPolicy: true,
        }),
      );
      return [before, JSON.stringify(JSON.parse((await read()) ?? '{}')) === JSON.stringify(policy)];
    },
  },
  {
    name: 'a secret that is being deleted gives no value, keeps its name and can be restored',
    source: page('DeleteSecret'),
    expected: {
      value: 'InvalidRequestException',
      create: 'InvalidRequestException',
      put: 'InvalidRequestException',
      deleted: true,
      restored: 'first',
      deletedAfterwards: false,
    },
    async observe(aws) {
      await createSecret(aws);
      const { secrets } = aws.admin;
      await secrets.send(new DeleteSecretCommand({ SecretId: NAME, RecoveryWindowInDays: 30 }));
      const during = {
        value: await verdict(value(aws, {})),
        create: await verdict(secrets.send(new CreateSecretCommand({ Name: NAME, SecretString: 'x' }))),
        put: await verdict(put(aws, SECOND, 'second', ['AWSPENDING'])),
        deleted: (await describe(aws)).DeletedDate !== undefined,
      };
      await secrets.send(new RestoreSecretCommand({ SecretId: NAME }));
      return {
        ...during,
        restored: await value(aws, { VersionStage: 'AWSCURRENT' }),
        deletedAfterwards: (await describe(aws)).DeletedDate !== undefined,
      };
    },
  },
];
