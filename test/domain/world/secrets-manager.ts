/** Secrets Manager as the product uses it: versions and their labels, tags, the resource policy, and the rotation machine. */
import { principalsOf, withPrincipals } from '../../../lib/simulator/local-organization/iam/resource-policy';
import { soundTags } from '../../../lambda/domain/ledger/sound-tags';
import type { Secret, SecretLifecycle, Secrets } from '../../../lambda/domain/ports';
import type { Account, StoredSecret } from './account';
import type { Call } from './faults';
import { ACCOUNT, REGION } from './roster';
import { refused } from './service-error';

export const ROTATE = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:access-keys-rotate`;

type Act = <T>(operation: string, effect: () => T, about?: string) => Promise<T>;

export function secretsManager(account: Account, call: Call): SecretLifecycle {
  const act: Act = (operation, effect, about = '') => call(`secretsmanager:${operation}`, about, effect);
  return { ...versionsAndTags(account, act), ...policies(account, act), ...lifecycle(account, act) };
}

const find = (account: Account, secretId: string): StoredSecret | undefined =>
  [...account.secrets.values()].find((secret) => secret.name === secretId || account.arn(secret) === secretId);

function existing(account: Account, secretId: string): StoredSecret {
  const secret = find(account, secretId);
  if (!secret) throw refused('ResourceNotFoundException');
  return secret;
}

function versionsAndTags(account: Account, act: Act): Secrets {
  return {
    describe: (id) => act('DescribeSecret', () => description(account, id)),
    value: (id, stage, versionId) =>
      act('GetSecretValue', () => valueOf(existing(account, id), stage, versionId), stage),
    put: (id, versionId, value) =>
      act('PutSecretValue', () => putValue(existing(account, id), versionId, value), 'AWSPENDING'),
    moveStage: (id, stage, { to, from }) =>
      act(
        'UpdateSecretVersionStage',
        () => moveStage(existing(account, id), stage, to, from),
        `${to ? '' : 'remove '}${stage}`,
      ),
    tag: (id, tags) =>
      act('TagResource', () => void Object.assign(existing(account, id).tags, readable(tags)), Object.keys(tags)[0]),
    untag: (id, tagKeys) =>
      act(
        'UntagResource',
        () => {
          for (const key of tagKeys) delete existing(account, id).tags[key];
        },
        tagKeys[0],
      ),
  };
}

/** A copy, as an answer of AWS is. */
function description(account: Account, id: string): Secret | undefined {
  const secret = find(account, id);
  const versions = Object.fromEntries([...(secret?.versions ?? [])].map(([id, { stages }]) => [id, [...stages]]));
  return (
    secret && {
      arn: account.arn(secret),
      name: secret.name,
      rotationEnabled: secret.rotationEnabled,
      ...(secret.schedule && { scheduleExpression: secret.schedule }),
      ...(secret.window && { rotationWindow: secret.window }),
      ...(secret.functionArn && { rotationFunctionArn: secret.functionArn }),
      ...(secret.deletedAt && { deletedAt: secret.deletedAt }),
      versions,
      ...soundTags({ ...secret.tags }, versions),
    }
  );
}

const valueOf = ({ versions }: StoredSecret, stage: string, versionId: string | undefined): string | undefined =>
  [...versions].find(([version, { stages }]) => stages.has(stage) && (versionId ?? version) === version)?.[1].value;

/** The same value again changes nothing; another one is refused. */
function putValue({ versions }: StoredSecret, versionId: string, value: string): void {
  const version = versions.get(versionId);
  if (version?.value !== undefined && version.value !== value) throw refused('ResourceExistsException');
  versions.set(versionId, { value, stages: version?.stages ?? new Set(['AWSPENDING']) });
}

/** The product must understand what it writes itself. */
function readable(tags: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const proofs = Object.keys(tags).map((key) => `COMPROMISED_${key.split(':').at(-1)}`);
  const { malformedTags } = soundTags(tags, { all: proofs });
  if (malformedTags) throw new Error(`tags that do not parse were written: ${JSON.stringify(malformedTags)}`);
  return tags;
}

/** A compare-and-swap; AWSPREVIOUS follows AWSCURRENT. */
function moveStage(secret: StoredSecret, stage: string, to: string | undefined, from: string | undefined): void {
  const holder = [...secret.versions].find(([, { stages }]) => stages.has(stage))?.[0];
  if (holder !== from) throw refused('InvalidParameterException');
  if (from) secret.versions.get(from)!.stages.delete(stage);
  if (to) secret.versions.get(to)!.stages.add(stage);
  if (stage !== 'AWSCURRENT' || !from) return;
  for (const { stages } of secret.versions.values()) stages.delete('AWSPREVIOUS');
  secret.versions.get(from)!.stages.add('AWSPREVIOUS');
}

function policies(account: Account, act: Act): Pick<SecretLifecycle, 'policy' | 'putPolicy'> {
  return {
    policy: (id) => act('GetResourcePolicy', () => policyOf(existing(account, id))),
    putPolicy: (id, policy) => act('PutResourcePolicy', () => putPolicy(account, existing(account, id), policy)),
  };
}

/** Principals that were deleted since the policy was put read as their unique ids. */
function policyOf({ policy, gone }: StoredSecret): string | undefined {
  const idOf = (arn: string): string => (gone?.has(arn) ? `AROA${arn.split('/').at(-1)!.toUpperCase()}` : arn);
  return policy && withPrincipals(policy, (principals) => principals.map(idOf));
}

function putPolicy(account: Account, secret: StoredSecret, policy: string): boolean {
  const { missingPrincipals, storesRefusedPolicies } = account;
  const exist =
    !missingPrincipals.has('*') &&
    principalsOf(policy).every((arn) => arn.startsWith('arn:') && !missingPrincipals.has(arn));
  if (exist || storesRefusedPolicies) Object.assign(secret, { policy, gone: new Set() });
  return exist;
}

type Lifecycle = Omit<SecretLifecycle, keyof Secrets | 'policy' | 'putPolicy'>;

function lifecycle(account: Account, act: Act): Lifecycle {
  return {
    list: () => act('ListSecrets', () => [...account.secrets.keys()]),
    create: (name, value, tags) => act('CreateSecret', () => create(account, name, value, tags)),
    rotate: (id, schedule, now) => act('RotateSecret', () => rotate(account, existing(account, id), schedule, now)),
    delete: (id) =>
      act(
        'DeleteSecret',
        () => void Object.assign(existing(account, id), { deletedAt: account.now, rotationEnabled: false }),
      ),
    restore: (id) => act('RestoreSecret', () => void (existing(account, id).deletedAt = undefined)),
    cancelRotation: (id) => act('CancelRotateSecret', () => void (existing(account, id).rotationEnabled = false)),
  };
}

function create(account: Account, name: string, value: string, tags: Readonly<Record<string, string>>): void {
  if (account.secrets.has(name)) throw refused('ResourceExistsException');
  account.secrets.set(name, {
    name,
    versions: new Map([['created-0000000000000000000000000', { value, stages: new Set(['AWSCURRENT']) }]]),
    tags: { ...tags },
    rotationEnabled: false,
  });
}

/** Refused while a rotation is outstanding. */
function rotate(account: Account, secret: StoredSecret, schedule: string, now: boolean): void {
  if (now) account.rotationsAsked++;
  const outstanding = account.outstandingOf(secret);
  if (outstanding && !account.enablesRefused) throw refused('InvalidRequestException');
  Object.assign(secret, { schedule, window: undefined, rotationEnabled: true, functionArn: ROTATE });
  if (outstanding) throw refused('InvalidRequestException');
  if (now) account.startRotation(secret);
}
