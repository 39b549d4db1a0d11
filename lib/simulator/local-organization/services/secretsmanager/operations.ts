/** The operations on secrets, versions and labels. Inputs and outputs are those of the SDK's commands. */
import type { Clock } from '../../clock';
import type { Random } from '../../random';
import { AwsError, type Call, type Operation } from '../../service';
import { page } from '../pages';
import { requestTags } from '../../iam/tags';
import { asked, type SecretAccesses } from './accesses';
import {
  checkLabels,
  checkName,
  checkNotDeleted,
  checkToken,
  checkVersions,
  missingValue,
  refuse,
  sameValue,
  setTags,
  stageOf,
  valueOf,
} from './checks';
import { CURRENT, PENDING, holderOf, moveStage, outstanding, type Secret, type SecretVersion } from './model';
import type { RotationMachine } from './rotation-machine';
import { listed } from './list';
import type { SecretsState } from './store';

const DAY_MS = 86_400_000;

export interface Parts {
  readonly clock: Clock;
  readonly random: Random;
  readonly state: SecretsState;
  readonly accesses: SecretAccesses;
  readonly machine: RotationMachine;
}

type Named = { SecretId: string };

export function secretOf({ state }: Parts, { SecretId }: Named, call: Call): Secret {
  return state.get(SecretId, call.principal.accountId, call.region);
}

export const identity = (secret: Secret) => ({ ARN: secret.arn, Name: secret.name });

function onSecret(parts: Parts, action: string, run: (secret: Secret, input: any, call: Call) => unknown): Operation {
  return {
    accesses: (input: Named, call) => [parts.accesses.on(action, input.SecretId, call)],
    run: (input: Named, call) => run(secretOf(parts, input, call), input, call),
  };
}

export function lifecycleOperations(parts: Parts): Record<string, Operation> {
  const { accesses } = parts;
  return {
    CreateSecret: {
      accesses: (input, call) => [
        accesses.on('CreateSecret', input.Name ?? '', call, {
          ...requestTags(input.Tags),
          'secretsmanager:Name': input.Name ?? '',
          ...(input.KmsKeyId && { 'secretsmanager:KmsKeyArn': input.KmsKeyId }),
        }),
        ...(input.Tags?.length ? [accesses.on('TagResource', input.Name ?? '', call, requestTags(input.Tags))] : []),
        ...accesses.key('write', { accountId: call.principal.accountId, kmsKeyId: input.KmsKeyId }, call),
      ],
      run: (input, call) => createSecret(parts, input, call),
    },
    DeleteSecret: {
      accesses: (input, call) => [
        accesses.on(
          'DeleteSecret',
          input.SecretId,
          call,
          asked({
            'secretsmanager:RecoveryWindowInDays': input.RecoveryWindowInDays,
            'secretsmanager:ForceDeleteWithoutRecovery': input.ForceDeleteWithoutRecovery,
          }),
        ),
      ],
      run: (input, call) => deleteSecret(parts, input, call),
    },
    RestoreSecret: onSecret(parts, 'RestoreSecret', (secret) => restoreSecret(parts, secret)),
    UpdateSecret: {
      accesses: (input, call) => [
        accesses.on('UpdateSecret', input.SecretId, call),
        ...accesses.key('write', accesses.find(input.SecretId, call), call),
      ],
      run: (input, call) => updateSecret(parts, input, call),
    },
    ...readingOperations(parts),
    ...tagOperations(parts),
    ...policyOperations(parts),
  };
}

function restoreSecret(parts: Parts, secret: Secret): unknown {
  secret.deletionTimer?.cancel();
  secret.deletedAt = secret.deletionDate = secret.deletionTimer = undefined;
  parts.machine.reschedule(secret);
  return identity(secret);
}

function updateSecret(parts: Parts, input: any, call: Call): unknown {
  const secret = secretOf(parts, input, call);
  checkNotDeleted(secret);
  secret.description = input.Description ?? secret.description;
  secret.kmsKeyId = input.KmsKeyId ?? secret.kmsKeyId;
  secret.changedAt = parts.clock.now();
  const value = valueOf(input);
  return {
    ...identity(secret),
    ...(value && { VersionId: putVersion(parts, secret, input.ClientRequestToken, value, [CURRENT]).id }),
  };
}

function readingOperations(parts: Parts): Record<string, Operation> {
  return {
    DescribeSecret: onSecret(parts, 'DescribeSecret', (secret) => ({
      ...description(secret),
      ...(secret.versions.size > 0 && { VersionIdsToStages: labels(secret) }),
    })),
    ListSecrets: {
      accesses: (_input, call) => [
        { action: 'secretsmanager:ListSecrets', resource: '*', resourceAccountId: call.principal.accountId },
      ],
      run: (input, call) => {
        const found = listed(parts.state, parts.clock.now(), call, input);
        const { items, nextToken } = page(found, input.MaxResults ?? 100, input.NextToken, invalidNextToken);
        return {
          SecretList: items.map((secret) => ({ ...description(secret), SecretVersionsToStages: labels(secret) })),
          NextToken: nextToken,
        };
      },
    },
  };
}

function tagOperations(parts: Parts): Record<string, Operation> {
  const { accesses } = parts;
  return {
    TagResource: {
      accesses: (input, call) => [accesses.on('TagResource', input.SecretId, call, requestTags(input.Tags))],
      run: (input, call) => {
        const secret = secretOf(parts, input, call);
        checkNotDeleted(secret);
        setTags(secret, input.Tags ?? []);
        return {};
      },
    },
    UntagResource: {
      accesses: (input, call) => [
        accesses.on('UntagResource', input.SecretId, call, { 'aws:TagKeys': input.TagKeys ?? [] }),
      ],
      run: (input, call) => {
        const secret = secretOf(parts, input, call);
        checkNotDeleted(secret);
        for (const key of input.TagKeys ?? []) secret.tags.delete(key);
        return {};
      },
    },
  };
}

function policyOperations(parts: Parts): Record<string, Operation> {
  const { accesses } = parts;
  return {
    GetResourcePolicy: onSecret(parts, 'GetResourcePolicy', (secret) => ({
      ...identity(secret),
      ResourcePolicy: parts.state.policies.textOf(secret),
    })),
    PutResourcePolicy: {
      accesses: (input, call) => [
        accesses.on(
          'PutResourcePolicy',
          input.SecretId,
          call,
          asked({ 'secretsmanager:BlockPublicPolicy': input.BlockPublicPolicy }),
        ),
      ],
      run: (input, call) => {
        const secret = secretOf(parts, input, call);
        checkNotDeleted(secret);
        parts.state.policies.put(secret, input.ResourcePolicy ?? '', input.BlockPublicPolicy ?? false);
        return identity(secret);
      },
    },
    DeleteResourcePolicy: onSecret(parts, 'DeleteResourcePolicy', (secret) => {
      secret.policy = undefined;
      return identity(secret);
    }),
  };
}

export function versionOperations(parts: Parts): Record<string, Operation> {
  const { accesses, clock } = parts;
  return {
    GetSecretValue: {
      accesses: (input, call) => [
        accesses.on('GetSecretValue', input.SecretId, call, {
          ...(input.VersionStage && { 'secretsmanager:VersionStage': input.VersionStage }),
          ...(input.VersionId && { 'secretsmanager:VersionId': input.VersionId }),
        }),
        ...accesses.key('read', accesses.find(input.SecretId, call), call),
      ],
      run: (input, call) => {
        const secret = secretOf(parts, input, call);
        checkNotDeleted(secret);
        if (call.principal.accountId !== secret.accountId && !secret.kmsKeyId)
          throw refuse('AccessDeniedException', 'Access to KMS is not allowed');
        return readValue(secret, input, clock.now());
      },
    },
    PutSecretValue: {
      accesses: (input, call) => [
        accesses.on('PutSecretValue', input.SecretId, call),
        ...accesses.key('write', accesses.find(input.SecretId, call), call),
      ],
      run: (input, call) => putValue(parts, input, call),
    },
    UpdateSecretVersionStage: {
      accesses: (input, call) => [
        accesses.on('UpdateSecretVersionStage', input.SecretId, call, {
          ...(input.VersionStage && { 'secretsmanager:VersionStage': input.VersionStage }),
        }),
      ],
      run: (input, call) => {
        const secret = secretOf(parts, input, call);
        checkNotDeleted(secret);
        updateStage(parts, secret, input);
        return identity(secret);
      },
    },
    ListSecretVersionIds: onSecret(parts, 'ListSecretVersionIds', listVersions),
  };
}

function putValue(parts: Parts, input: any, call: Call): unknown {
  const secret = secretOf(parts, input, call);
  checkNotDeleted(secret);
  const value = valueOf(input);
  if (!value) throw refuse('InvalidRequestException', 'You must provide either SecretString or SecretBinary.');
  const version = putVersion(parts, secret, input.ClientRequestToken, value, input.VersionStages ?? [CURRENT]);
  return { ...identity(secret), VersionId: version.id, VersionStages: [...version.stages] };
}

function listVersions(secret: Secret, input: any): unknown {
  const versions = [...secret.versions.values()].filter(
    (version) => input.IncludeDeprecated || version.stages.size > 0,
  );
  const { items, nextToken } = page(versions, input.MaxResults ?? 100, input.NextToken, invalidNextToken);
  const entries = items.map((version) => ({
    VersionId: version.id,
    VersionStages: [...version.stages],
    CreatedDate: version.createdAt,
    LastAccessedDate: version.lastAccessedOn,
    KmsKeyIds: [secret.kmsKeyId ?? 'DefaultEncryptionKey'],
  }));
  return { ...identity(secret), Versions: entries, NextToken: nextToken };
}

const invalidNextToken = (): AwsError => refuse('InvalidNextTokenException', 'The NextToken value is invalid.');

function createSecret(parts: Parts, input: any, call: Call): unknown {
  const { state, clock } = parts;
  checkName(input.Name);
  const value = valueOf(input);
  const { accountId } = call.principal;
  const existing = state.find(input.Name, accountId, call.region);
  if (existing?.deletedAt)
    throw refuse(
      'InvalidRequestException',
      "You can't create this secret because a secret with this name is already scheduled for deletion.",
    );
  if (existing) {
    const version = existing.versions.get(input.ClientRequestToken);
    if (version && sameValue(version.value, value)) return { ...identity(existing), VersionId: version.id };
    if (version) throw tokenInUse(existing, version.id);
    throw refuse('ResourceExistsException', `The operation failed because the secret ${input.Name} already exists.`);
  }
  if (input.ClientRequestToken !== undefined) checkToken(input.ClientRequestToken);
  const secret = state.add(input.Name, accountId, call.region);
  try {
    setTags(secret, input.Tags ?? []);
  } catch (error) {
    state.remove(secret);
    throw error;
  }
  secret.description = input.Description;
  secret.kmsKeyId = input.KmsKeyId;
  secret.changedAt = clock.now();
  return {
    ...identity(secret),
    ...(value && { VersionId: putVersion(parts, secret, input.ClientRequestToken, value, [CURRENT]).id }),
  };
}

function deleteSecret(parts: Parts, input: any, call: Call): unknown {
  const { state, clock } = parts;
  const force = input.ForceDeleteWithoutRecovery === true;
  const days = input.RecoveryWindowInDays ?? 30;
  if (force && input.RecoveryWindowInDays !== undefined)
    throw refuse(
      'InvalidParameterException',
      "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
    );
  if (days < 7 || days > 30)
    throw refuse(
      'InvalidParameterException',
      'The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).',
    );
  const now = clock.now();
  const secret = state.find(input.SecretId, call.principal.accountId, call.region);
  if (!secret && force) return { ARN: input.SecretId, Name: input.SecretId, DeletionDate: now };
  if (!secret) throw new AwsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
  if (secret.deletedAt && !force)
    throw refuse(
      'InvalidRequestException',
      "You can't perform this operation on the secret because it was already scheduled for deletion.",
    );
  secret.deletedAt ??= now;
  secret.deletionTimer?.cancel();
  secret.rotation.scheduled?.cancel();
  secret.rotation.retry?.cancel();
  secret.deletionDate = force ? now : new Date(now.getTime() + days * DAY_MS);
  if (force) state.remove(secret);
  else secret.deletionTimer = clock.at(secret.deletionDate, () => state.remove(secret));
  return { ...identity(secret), DeletionDate: secret.deletionDate };
}

const tokenInUse = ({ arn }: Secret, token: string): AwsError =>
  refuse(
    'ResourceExistsException',
    `You can't use ClientRequestToken ${token} because that value is already in use for a version of secret ${arn}.`,
  );

/**
 * The same token with the same content is a success, with another a refusal; only a version that a rotation made
 * and nobody filled takes its value.
 */
function putVersion(
  parts: Parts,
  secret: Secret,
  token: string | undefined,
  value: SecretVersion['value'],
  stages: readonly string[],
): SecretVersion {
  const id = token ?? parts.random.uuid();
  checkToken(id);
  const now = parts.clock.now();
  const existing = secret.versions.get(id);
  if (existing?.value && !sameValue(existing.value, value)) {
    throw tokenInUse(secret, id);
  }
  if (existing?.value) return existing;
  for (const stage of stages) checkLabels(secret, stage);
  if (!existing) checkVersions(secret, now);
  const version: SecretVersion = existing ?? { id, createdAt: now, stages: new Set() };
  version.value = value;
  secret.versions.set(id, version);
  secret.changedAt = now;
  for (const stage of holderOf(secret, CURRENT) ? stages : [...new Set([...stages, CURRENT])])
    relabel(parts, secret, stage, version);
  if (!existing && !stages.includes(PENDING) && outstanding(secret)) relabel(parts, secret, PENDING, undefined);
  return version;
}

function relabel({ machine }: Parts, secret: Secret, stage: string, to: SecretVersion | undefined): void {
  const abandoned = stage === PENDING && outstanding(secret) !== undefined && outstanding(secret) !== to;
  const isNewCurrent = stage === CURRENT && holderOf(secret, CURRENT) !== to;
  moveStage(secret, stage, to);
  if (abandoned) machine.abandoned(secret);
  if (isNewCurrent && !secret.rotation.running) machine.reschedule(secret);
}

function updateStage(
  parts: Parts,
  secret: Secret,
  input: { VersionStage: string; RemoveFromVersionId?: string; MoveToVersionId?: string },
): void {
  const { VersionStage: stage, RemoveFromVersionId: from, MoveToVersionId: to } = input;
  const holder = holderOf(secret, stage);
  const target = to === undefined ? undefined : secret.versions.get(to);
  if (!stage || stage.length > 256 || (from === undefined && to === undefined))
    throw refuse(
      'InvalidParameterException',
      'You must name a staging label and the version that it leaves, or the one that it moves to.',
    );
  if (to !== undefined && !target) throw missingValue(`VersionId: ${to}`);
  if (from !== undefined && holder?.id !== from)
    throw refuse('InvalidParameterException', `Staging label ${stage} is not currently attached to version ${from}.`);
  if (target && holder === target) return;
  if (holder && from === undefined) {
    throw refuse(
      'InvalidParameterException',
      `The parameter RemoveFromVersionId can't be empty. Staging label ${stage} is currently attached to version ${holder.id}, so you must explicitly reference that version in RemoveFromVersionId.`,
    );
  }
  if (stage === CURRENT && !target)
    throw refuse(
      'InvalidParameterException',
      "You can only move staging label AWSCURRENT to a different secret version. It can't be completely removed.",
    );
  checkLabels(secret, stage);
  relabel(parts, secret, stage, target);
  secret.changedAt = parts.clock.now();
}

function readValue(secret: Secret, input: { VersionId?: string; VersionStage?: string }, now: Date): unknown {
  const { VersionId: id, VersionStage: stage } = input;
  const version = id === undefined ? holderOf(secret, stageOf(stage)) : secret.versions.get(id);
  if (!version) throw missingValue(id === undefined ? `staging label: ${stageOf(stage)}` : `VersionId: ${id}`);
  if (id !== undefined && stage !== undefined && !version.stages.has(stage))
    throw refuse(
      'InvalidRequestException',
      'You provided a VersionStage that is not associated to the provided VersionId.',
    );
  if (!version.value) throw missingValue(id === undefined ? `staging label: ${stageOf(stage)}` : `VersionId: ${id}`);
  secret.lastAccessedOn = version.lastAccessedOn = new Date(Math.floor(now.getTime() / DAY_MS) * DAY_MS);
  const value = 'text' in version.value ? { SecretString: version.value.text } : { SecretBinary: version.value.binary };
  return {
    ...identity(secret),
    VersionId: version.id,
    ...value,
    VersionStages: [...version.stages],
    CreatedDate: version.createdAt,
  };
}

function labels(secret: Secret): Record<string, string[]> {
  return Object.fromEntries(
    [...secret.versions.values()]
      .filter(({ stages }) => stages.size > 0)
      .map((version) => [version.id, [...version.stages]]),
  );
}

function description(secret: Secret) {
  const { rotation } = secret;
  return {
    ...identity(secret),
    Description: secret.description,
    KmsKeyId: secret.kmsKeyId,
    RotationEnabled: rotation.enabled || (rotation.functionArn ? false : undefined),
    RotationLambdaARN: rotation.functionArn,
    RotationRules: rotation.rules,
    LastRotatedDate: secret.rotatedAt,
    LastChangedDate: secret.changedAt,
    LastAccessedDate: secret.lastAccessedOn,
    DeletedDate: secret.deletedAt,
    NextRotationDate: rotation.enabled ? rotation.next?.closesAt : undefined,
    ...(secret.wasTagged && { Tags: [...secret.tags].map(([Key, Value]) => ({ Key, Value })) }),
    CreatedDate: secret.createdAt,
  };
}
