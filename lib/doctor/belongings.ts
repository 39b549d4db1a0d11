import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  DeleteUserCommand,
  ListAccessKeysCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { DeleteFunctionCommand } from '@aws-sdk/client-lambda';
import { CreateBucketCommand, DeleteBucketCommand, type BucketLocationConstraint } from '@aws-sdk/client-s3';
import { CreateSecretCommand, DeleteSecretCommand } from '@aws-sdk/client-secrets-manager';
import { unlessMissing, type Account } from './account';
import { eventually } from './eventually';

const PREFIX = 'access-keys-probe-';

/** All that the probe makes has one of these names, so that what an interrupted run left is found without lists. */
export const USERS = { tagged: `${PREFIX}tagged`, untagged: `${PREFIX}untagged` } as const;
export const ROLES = {
  lastUsed: `${PREFIX}last-used`,
  reader: `${PREFIX}reader`,
  rotation: `${PREFIX}rotation`,
} as const;
export const SECRETS = { policy: `${PREFIX}policy`, rotated: `${PREFIX}rotated`, tested: `${PREFIX}tested` } as const;
export const FUNCTION = `${PREFIX}rotation`;
export const bucketOf = ({ id, region }: Pick<Account, 'id' | 'region'>) => ({
  Bucket: `${PREFIX}${id}-${region}`,
  ExpectedBucketOwner: id,
});
const POLICY = `${PREFIX}policy`;

export const listOfBelongings = (): readonly string[] => [
  ...Object.values(USERS).map((name) => `IAM user ${name}, without permissions, with an access key nobody receives`),
  ...Object.values(ROLES).map((name) => `IAM role ${name}`),
  ...Object.values(SECRETS).map((name) => `secret ${name}`),
  `Lambda function ${FUNCTION}`,
  `S3 bucket ${PREFIX}ACCOUNT-REGION, empty`,
];

/** @returns the id of the user's access key; its secret part is dropped */
export async function makeUser({ iam }: Account, UserName: string, tags: Readonly<Record<string, string>> = {}) {
  const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  await iam.send(new CreateUserCommand({ UserName, ...(Tags.length > 0 && { Tags }) }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  return AccessKey!.AccessKeyId!;
}

/** @returns the role's ARN */
export async function makeRole({ iam }: Account, RoleName: string, principal: object, statements: readonly object[]) {
  const trust = document([{ Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole' }]);
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust }));
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: POLICY, PolicyDocument: document(statements) }));
  return Role!.Arn!;
}

const document = (statements: readonly object[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements });

export async function makeBucket(account: Account) {
  const { Bucket } = bucketOf(account);
  const LocationConstraint = account.region as BucketLocationConstraint;
  await account.s3.send(
    new CreateBucketCommand({
      Bucket,
      ...(account.region !== 'us-east-1' && { CreateBucketConfiguration: { LocationConstraint } }),
    }),
  );
}

/** A name stays taken for some seconds after its secret was deleted without recovery. */
export const makeSecret = (account: Account, Name: string): Promise<unknown> =>
  eventually(account, ['InvalidRequestException'], () =>
    account.secrets.send(new CreateSecretCommand({ Name, SecretString: '{}' })),
  );

/**
 * Removes what a probe made; what does not exist is removed already.
 * @throws Error that names everything that could not be removed, after all else was
 */
export async function removeBelongings(account: Account): Promise<void> {
  const { lambda, secrets, s3 } = account;
  const removals: readonly (readonly [name: string, remove: () => Promise<unknown>])[] = [
    ...Object.values(SECRETS).map((SecretId) => {
      const command = new DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true });
      return [`secret ${SecretId}`, () => secrets.send(command)] as const;
    }),
    [`function ${FUNCTION}`, () => lambda.send(new DeleteFunctionCommand({ FunctionName: FUNCTION }))],
    [`bucket ${bucketOf(account).Bucket}`, () => s3.send(new DeleteBucketCommand(bucketOf(account)))],
    ...Object.values(ROLES).map((name) => [`role ${name}`, () => removeRole(account, name)] as const),
    ...Object.values(USERS).map((name) => [`user ${name}`, () => removeUser(account, name)] as const),
  ];
  const failures: string[] = [];
  for (const [name, remove] of removals)
    await remove()
      .catch(unlessMissing)
      .catch((error: Error) => failures.push(`${name} (${error.name}: ${error.message})`));
  if (failures.length > 0) throw new Error(`could not be removed, delete it yourself: ${failures.join('; ')}`);
}

async function removeRole({ iam }: Account, RoleName: string): Promise<void> {
  await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: POLICY })).catch(unlessMissing);
  await iam.send(new DeleteRoleCommand({ RoleName }));
}

/** A key that was made a moment ago may not be listed yet, and keeps its user from being deleted. */
const removeUser = (account: Account, UserName: string): Promise<void> =>
  eventually(account, ['DeleteConflict', 'DeleteConflictException'], () => removeUserWithKeys(account, UserName));

async function removeUserWithKeys({ iam }: Account, UserName: string): Promise<void> {
  const { AccessKeyMetadata = [] } = await iam.send(new ListAccessKeysCommand({ UserName }));
  for (const { AccessKeyId } of AccessKeyMetadata)
    await iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId: AccessKeyId! }));
  await iam.send(new DeleteUserCommand({ UserName }));
}
