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
import type { Secret, SecretLifecycle } from '../domain/ports';

export interface SecretSettings {
  readonly prefix: string;
  readonly rotateFunctionArn: string;
  /** Empty: the AWS managed key. */
  readonly keyAlias: string;
}

/** Secrets Manager. Answers of a missing secret or version become undefined; everything else is the service's own error. */
export function secretsManager(client: SecretsManagerClient, settings: SecretSettings): SecretLifecycle {
  return {
    describe: (secretId) =>
      unlessMissing(async () => toSecret(await client.send(new DescribeSecretCommand({ SecretId: secretId })))),
    value: (secretId, stage, versionId) =>
      unlessMissing(async () => {
        const answer = await client.send(
          new GetSecretValueCommand({ SecretId: secretId, VersionStage: stage, VersionId: versionId }),
        );
        return answer.SecretString ?? '';
      }),
    async put(secretId, versionId, value, rotationToken) {
      await client.send(
        new PutSecretValueCommand({
          SecretId: secretId,
          ClientRequestToken: versionId,
          SecretString: value,
          VersionStages: ['AWSPENDING'],
          RotationToken: rotationToken,
        }),
      );
    },
    async moveStage(secretId, stage, { to, from }) {
      await client.send(
        new UpdateSecretVersionStageCommand({
          SecretId: secretId,
          VersionStage: stage,
          MoveToVersionId: to,
          RemoveFromVersionId: from,
        }),
      );
    },
    async tag(secretId, tags) {
      await client.send(
        new TagResourceCommand({
          SecretId: secretId,
          Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
        }),
      );
    },
    async untag(secretId, keys) {
      await client.send(new UntagResourceCommand({ SecretId: secretId, TagKeys: [...keys] }));
    },
    async list() {
      const names: string[] = [];
      const filter = { Filters: [{ Key: 'name' as const, Values: [settings.prefix] }] };
      for await (const page of paginateListSecrets({ client }, filter))
        names.push(...(page.SecretList ?? []).flatMap(({ Name }) => Name ?? []));
      return names.filter((name) => name.startsWith(settings.prefix));
    },
    async create(name, value, tags) {
      await client.send(
        new CreateSecretCommand({
          Name: name,
          SecretString: value,
          Description: 'Access key of an IAM user; rotated automatically',
          Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
          KmsKeyId: settings.keyAlias || undefined,
        }),
      );
    },
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
    async rotate(secretId, schedule, now) {
      await client.send(
        new RotateSecretCommand({
          SecretId: secretId,
          RotationLambdaARN: settings.rotateFunctionArn,
          RotationRules: { ScheduleExpression: schedule },
          RotateImmediately: now,
        }),
      );
    },
    async cancelRotation(secretId) {
      await client.send(new CancelRotateSecretCommand({ SecretId: secretId }));
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
  RotationRules?: { ScheduleExpression?: string };
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
    nextRotationAt: answer.NextRotationDate,
    deletedAt: answer.DeletedDate,
    versions: answer.VersionIdsToStages ?? {},
    ...soundTags(Object.fromEntries((answer.Tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value]))),
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
