import {
  CancelRotateSecretCommand,
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetResourcePolicyCommand,
  GetSecretValueCommand,
  PutResourcePolicyCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  RestoreSecretCommand,
  RotateSecretCommand,
  type SecretsManagerClient,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateSecretVersionStageCommand,
  paginateListSecrets,
} from '@aws-sdk/client-secrets-manager';
import { RECOVERY_DAYS } from '../contract/names';
import { soundTags } from '../domain/ledger/sound-tags';
import type { Secret, SecretLifecycle, Secrets } from '../domain/ports';

export interface SecretSettings {
  readonly prefix: string;
  readonly rotateFunctionArn: string;
  /** Empty: the AWS managed key. */
  readonly keyAlias: string;
}

/** Secrets Manager. Answers of a missing secret or version become undefined; everything else is the service's own error. */
export const secretsManager = (client: SecretsManagerClient, settings: SecretSettings): SecretLifecycle => ({
  ...versionsAndTags(client),
  ...policies(client),
  ...schedules(client, settings),
  ...existence(client, settings),
});

function versionsAndTags(client: SecretsManagerClient): Secrets {
  return {
    describe: (secretId) =>
      unlessMissing(async () => toSecret(await client.send(new DescribeSecretCommand({ SecretId: secretId })))),
    value: (secretId, stage, versionId) =>
      unlessMissing(async () => {
        const request = { SecretId: secretId, VersionStage: stage, VersionId: versionId };
        return (await client.send(new GetSecretValueCommand(request))).SecretString ?? '';
      }),
    async put(secretId, versionId, value, rotationToken) {
      const request = {
        SecretId: secretId,
        ClientRequestToken: versionId,
        SecretString: value,
        VersionStages: ['AWSPENDING'],
        RotationToken: rotationToken,
      };
      await client.send(new PutSecretValueCommand(request));
    },
    async moveStage(secretId, stage, { to, from }) {
      const request = { SecretId: secretId, VersionStage: stage, MoveToVersionId: to, RemoveFromVersionId: from };
      await client.send(new UpdateSecretVersionStageCommand(request));
    },
    async tag(secretId, tags) {
      await client.send(new TagResourceCommand({ SecretId: secretId, Tags: listed(tags) }));
    },
    async untag(secretId, keys) {
      await client.send(new UntagResourceCommand({ SecretId: secretId, TagKeys: [...keys] }));
    },
  };
}

const listed = (tags: Readonly<Record<string, string>>) => Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));

function policies(client: SecretsManagerClient): Pick<SecretLifecycle, 'policy' | 'putPolicy'> {
  return {
    policy: (secretId) =>
      unlessMissing(
        async () => (await client.send(new GetResourcePolicyCommand({ SecretId: secretId }))).ResourcePolicy,
      ),
    async putPolicy(secretId, policy) {
      const request = { SecretId: secretId, ResourcePolicy: policy, BlockPublicPolicy: true };
      try {
        await client.send(new PutResourcePolicyCommand(request));
        return true;
      } catch (error) {
        if ((error as Error).name === 'MalformedPolicyDocumentException') return false;
        throw error;
      }
    },
  };
}

function schedules(
  client: SecretsManagerClient,
  { rotateFunctionArn }: SecretSettings,
): Pick<SecretLifecycle, 'rotate' | 'cancelRotation'> {
  return {
    async rotate(secretId, schedule, now) {
      const request = {
        SecretId: secretId,
        RotationLambdaARN: rotateFunctionArn,
        RotationRules: { ScheduleExpression: schedule },
        RotateImmediately: now,
      };
      await client.send(new RotateSecretCommand(request));
    },
    async cancelRotation(secretId) {
      await client.send(new CancelRotateSecretCommand({ SecretId: secretId }));
    },
  };
}

function existence(
  client: SecretsManagerClient,
  { prefix, keyAlias }: SecretSettings,
): Pick<SecretLifecycle, 'list' | 'create' | 'delete' | 'restore'> {
  return {
    async list() {
      const names: string[] = [];
      const filter = { Filters: [{ Key: 'name' as const, Values: [prefix] }] };
      for await (const page of paginateListSecrets({ client }, filter))
        names.push(...(page.SecretList ?? []).flatMap(({ Name }) => Name ?? []));
      return names.filter((name) => name.startsWith(prefix));
    },
    async create(name, value, tags) {
      const request = {
        Name: name,
        SecretString: value,
        Description: 'Access key of an IAM user; rotated automatically',
        Tags: listed(tags),
        KmsKeyId: keyAlias || undefined,
      };
      await client.send(new CreateSecretCommand(request));
    },
    async delete(secretId) {
      await client.send(new DeleteSecretCommand({ SecretId: secretId, RecoveryWindowInDays: RECOVERY_DAYS }));
    },
    async restore(secretId) {
      await client.send(new RestoreSecretCommand({ SecretId: secretId }));
    },
  };
}

interface Description {
  ARN?: string;
  Name?: string;
  RotationEnabled?: boolean;
  RotationLambdaARN?: string;
  RotationRules?: { ScheduleExpression?: string; Duration?: string };
  NextRotationDate?: Date;
  DeletedDate?: Date;
  VersionIdsToStages?: Record<string, string[]>;
  Tags?: { Key?: string; Value?: string }[];
}

function toSecret(answer: Description): Secret {
  return {
    arn: answer.ARN ?? '',
    name: answer.Name ?? '',
    rotationEnabled: answer.RotationEnabled ?? false,
    rotationFunctionArn: answer.RotationLambdaARN,
    scheduleExpression: answer.RotationRules?.ScheduleExpression,
    rotationWindow: answer.RotationRules?.Duration,
    nextRotationAt: answer.NextRotationDate,
    deletedAt: answer.DeletedDate,
    versions: answer.VersionIdsToStages ?? {},
    ...soundTags(
      Object.fromEntries((answer.Tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value])),
      answer.VersionIdsToStages ?? {},
    ),
  };
}

async function unlessMissing<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (
      error instanceof ResourceNotFoundException ||
      (error as Error).name === 'ResourceNotFoundException' ||
      isOtherVersion(error)
    )
      return undefined;
    throw error;
  }
}

/** The label is on another version than the one asked for: InvalidRequestException, told from others by its message alone. */
function isOtherVersion(error: unknown): boolean {
  return (
    (error as Error).name === 'InvalidRequestException' && /VersionStage.*not associated/.test((error as Error).message)
  );
}
