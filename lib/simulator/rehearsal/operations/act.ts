/** People's acts, each a signed request by whom the scenario names, refused where AWS would refuse it. */
import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  DeleteUserCommand,
  DeleteUserPolicyCommand,
  IAMClient,
  ListUserPoliciesCommand,
  PutUserPolicyCommand,
  TagUserCommand,
  UntagUserCommand,
  UpdateAccessKeyCommand,
  UpdateUserCommand,
} from '@aws-sdk/client-iam';
import { DescribeKeyCommand, DisableKeyCommand, EnableKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import {
  CreateSecretCommand,
  DeleteResourcePolicyCommand,
  DeleteSecretCommand,
  PutResourcePolicyCommand,
  PutSecretValueCommand,
  RestoreSecretCommand,
  SecretsManagerClient,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-secrets-manager';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import type { Credentials } from '../../local-organization/iam/directory';
import type { LocalOrganization } from '../../local-organization/organization';
import type { KeyPair } from '../environment/environment';
import type { ActName, ScenarioAct } from '../scenario/acts';

/** Who acts, on what. */
export interface Doing {
  readonly organization: LocalOrganization;
  readonly credentials: Credentials;
  readonly act: ScenarioAct;
  readonly secretName: string;
}

/** A key that was made, for whoever will use it; whether the act is undone now. */
type Act = (doing: Doing, undo: boolean) => Promise<KeyPair | void>;

const iamOf = ({ organization, credentials }: Doing): IAMClient =>
  new IAMClient(organization.clientConfig(credentials));
const secretsOf = ({ organization, credentials }: Doing): SecretsManagerClient =>
  new SecretsManagerClient(organization.clientConfig(credentials));
const tagList = (tags: ScenarioAct['tags']) => Object.entries(tags ?? {}).map(([Key, Value]) => ({ Key, Value }));
const text = (policy: object | undefined): string => JSON.stringify(policy);

const onUser =
  (command: (UserName: string, act: ScenarioAct) => object): Act =>
  async (doing) =>
    void (await iamOf(doing).send(command(doing.act.user!, doing.act) as TagUserCommand));
const onSecret =
  (command: (SecretId: string, act: ScenarioAct) => object): Act =>
  async (doing) =>
    void (await secretsOf(doing).send(command(doing.secretName, doing.act) as RestoreSecretCommand));

const OF_USERS = {
  'renames the user': rename,
  'deletes the user': deleteUser,
  'creates the user': onUser((UserName, { tags }) => new CreateUserCommand({ UserName, Tags: tagList(tags) })),
  'tags the user': onUser((UserName, { tags }) => new TagUserCommand({ UserName, Tags: tagList(tags) })),
  'removes tags of the user': onUser(
    (UserName, { tagKeys = [] }) => new UntagUserCommand({ UserName, TagKeys: [...tagKeys] }),
  ),
  'puts a policy on the user': onUser(
    (UserName, { policy }) =>
      new PutUserPolicyCommand({ UserName, PolicyName: 'by-hand', PolicyDocument: text(policy) }),
  ),
  'makes a key': async (doing: Doing) => {
    const { AccessKey } = await iamOf(doing).send(new CreateAccessKeyCommand({ UserName: doing.act.user }));
    return { keyId: AccessKey!.AccessKeyId!, secret: AccessKey!.SecretAccessKey! };
  },
  'activates a key': onKey((key) => new UpdateAccessKeyCommand({ ...key, Status: 'Active' })),
  'deactivates a key': onKey((key) => new UpdateAccessKeyCommand({ ...key, Status: 'Inactive' })),
  'deletes a key': onKey((key) => new DeleteAccessKeyCommand(key)),
};

const OF_SECRETS = {
  'makes the secret': onSecret(
    (Name, { value }) => new CreateSecretCommand({ Name, SecretString: JSON.stringify(value) }),
  ),
  'adds fields to the secret': addFields,
  'puts back the previous value': putBack,
  'deletes the secret': onSecret((SecretId, { recoveryDays: RecoveryWindowInDays }) => {
    const ForceDeleteWithoutRecovery = RecoveryWindowInDays === undefined ? true : undefined;
    return new DeleteSecretCommand({ SecretId, RecoveryWindowInDays, ForceDeleteWithoutRecovery });
  }),
  'restores the secret': onSecret((SecretId) => new RestoreSecretCommand({ SecretId })),
  'tags the secret': onSecret((SecretId, { tags }) => new TagResourceCommand({ SecretId, Tags: tagList(tags) })),
  'removes tags of the secret': onSecret(
    (SecretId, { tagKeys = [] }) => new UntagResourceCommand({ SecretId, TagKeys: [...tagKeys] }),
  ),
  "puts the secret's policy": onSecret(
    (SecretId, { policy }) => new PutResourcePolicyCommand({ SecretId, ResourcePolicy: text(policy) }),
  ),
  "deletes the secret's policy": onSecret((SecretId) => new DeleteResourcePolicyCommand({ SecretId })),
};

const DO: Readonly<Record<ActName, Act>> = {
  ...OF_USERS,
  ...OF_SECRETS,
  'publishes a message': publish,
  'denies by a service control policy': denyByPolicy,
  'disables a KMS key': switchKey,
  'lets mail bounce': async ({ organization, act: { address = '' } }, undo) =>
    organization.ses.react(address, undo ? 'delivery' : 'bounce'),
};

/** @throws what AWS refuses it with */
export const perform = (doing: Doing, undo: boolean): Promise<KeyPair | void> => DO[doing.act.does](doing, undo);

async function rename(doing: Doing, undo: boolean): Promise<void> {
  const [UserName, NewUserName] = undo ? [doing.act.to, doing.act.user] : [doing.act.user, doing.act.to];
  await iamOf(doing).send(new UpdateUserCommand({ UserName, NewUserName }));
}

async function deleteUser(doing: Doing): Promise<void> {
  const { organization, act } = doing;
  const [iam, UserName] = [iamOf(doing), act.user!];
  const { PolicyNames = [] } = await iam.send(new ListUserPoliciesCommand({ UserName }));
  for (const PolicyName of PolicyNames) await iam.send(new DeleteUserPolicyCommand({ UserName, PolicyName }));
  for (const { accessKeyId: AccessKeyId } of organization.directory.keysOf(act.account, UserName))
    await iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId }));
  await iam.send(new DeleteUserCommand({ UserName }));
}

function onKey(command: (key: { UserName: string; AccessKeyId: string }) => object): Act {
  return async (doing) => {
    const { organization, act, secretName } = doing;
    const keys = organization.directory.keysOf(act.account, act.user!);
    const oldest = keys.toSorted((one, other) => one.createdAt.getTime() - other.createdAt.getTime());
    const stored = act.key === 'stored' ? storedKeyId(organization, act.account, secretName) : undefined;
    const AccessKeyId = stored ?? oldest[Number(act.key) - 1]?.accessKeyId;
    if (AccessKeyId === undefined) throw new Error(`${act.user} has no key ${act.key}`);
    await iamOf(doing).send(command({ UserName: act.user!, AccessKeyId }) as DeleteAccessKeyCommand);
  };
}

/** The id of the key that AWSCURRENT holds. */
export function storedKeyId(
  { secrets, region }: LocalOrganization,
  account: string,
  secretName: string,
): string | undefined {
  const secret = secrets.find(secretName, account, region);
  const current = secret && secrets.values([secret]).find(({ stages }) => stages.includes('AWSCURRENT'))?.value;
  return /"access_key_id"\s*:\s*"(\w+)"/.exec(String(current ?? ''))?.[1];
}

/** By an administrator who may not read the secret: whoever knows its value writes it anew with more in it. */
async function addFields(doing: Doing): Promise<void> {
  const value = { ...(JSON.parse(versionOf(doing, 'AWSCURRENT')) as object), ...doing.act.value };
  const command = new PutSecretValueCommand({ SecretId: doing.secretName, SecretString: JSON.stringify(value) });
  await secretsOf(doing).send(command);
}

/** As a tool does that keeps the value in its state. */
async function putBack(doing: Doing): Promise<void> {
  const command = new PutSecretValueCommand({
    SecretId: doing.secretName,
    SecretString: versionOf(doing, 'AWSPREVIOUS'),
  });
  await secretsOf(doing).send(command);
}

function versionOf({ organization: { secrets, region }, act, secretName }: Doing, stage: string): string {
  const found = secrets.values([secrets.get(secretName, act.account, region)]);
  const value = found.find(({ stages }) => stages.includes(stage))?.value;
  if (typeof value !== 'string') throw new Error(`${secretName} has no value under ${stage}`);
  return value;
}

async function publish({ organization, credentials, act }: Doing): Promise<void> {
  const TopicArn = `arn:aws:sns:${organization.region}:${act.account}:${act.topic}`;
  const sns = new SNSClient(organization.clientConfig(credentials));
  await sns.send(new PublishCommand({ TopicArn, Message: act.message }));
}

const POLICY_NAME = 'scenario';

/** By the organization's administrators, whose requests are not modelled. */
async function denyByPolicy({ organization: { directory }, act }: Doing, undo: boolean): Promise<void> {
  if (undo) return directory.removeServiceControlPolicy(act.account, POLICY_NAME);
  const Statement = [{ Effect: 'Deny', Action: act.actions, Resource: '*' }];
  directory.putServiceControlPolicy(act.account, POLICY_NAME, text({ Version: '2012-10-17', Statement }));
}

async function switchKey({ organization, credentials, act }: Doing, undo: boolean): Promise<void> {
  const kms = new KMSClient(organization.clientConfig(credentials));
  const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId: act.alias }));
  const KeyId = KeyMetadata!.KeyId;
  await kms.send(undo ? new EnableKeyCommand({ KeyId }) : new DisableKeyCommand({ KeyId }));
}
