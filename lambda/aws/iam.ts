import {
  CreateAccessKeyCommand,
  DeleteAccessKeyCommand,
  GetAccessKeyLastUsedCommand,
  GetUserCommand,
  IAMClient,
  type IAMClientConfig,
  UpdateAccessKeyCommand,
  paginateListAccessKeys,
} from '@aws-sdk/client-iam';
import { AssumeRoleCommand, type STSClient } from '@aws-sdk/client-sts';
import { RotationError } from '../domain/errors';
import type { AccessKey, AccessKeyPair, KeyAdministration, KeyAdministrations, LastUse, User } from '../domain/ports';
import { namingCalls } from './named-calls';

export interface KeyRole {
  readonly roleArn: string;
  readonly accountId: string;
  readonly partition: string;
}

const SESSION_SECONDS = 900;

/** All that any function does to a user; the assumed role narrows it further. */
const ACTIONS = [
  'GetUser',
  'ListAccessKeys',
  'GetAccessKeyLastUsed',
  'CreateAccessKey',
  'UpdateAccessKey',
  'DeleteAccessKey',
].map((action) => `iam:${action}`);

/**
 * IAM through the assumed local role. The session policy narrows the role to one user at any path, and the session
 * name and source identity name the purpose in CloudTrail.
 */
export function keyAdministrations(sts: STSClient, role: KeyRole, config: IAMClientConfig = {}): KeyAdministrations {
  const clients = new Map<string, Clients>();
  let shared: IAMClientConfig = config;
  return {
    of(userName, purpose) {
      const name = `${purpose} ${userName}`;
      let known = clients.get(name);
      if (!known) {
        if (clients.size >= CLIENTS_KEPT) clients.clear();
        clients.set(name, (known = clientsOf(config, shared, () => assume(sts, role, userName, purpose))));
        shared = { ...config, requestHandler: known.client.config.requestHandler };
      }
      return forUser(userName, known);
    },
  };
}

/** A warm function meets the same users again; the SDK assumes the role anew when a session ends. */
interface Clients {
  readonly client: IAMClient;
  /** Without retries: CreateAccessKey has no idempotency token, and a lost response leaves a key. On a new connection: one that idled may be dead. */
  readonly creating: () => IAMClient;
}

const CLIENTS_KEPT = 100;

/** @param shared with the connections of the clients before: one for each user would be more than a function may have */
function clientsOf(
  config: IAMClientConfig,
  shared: IAMClientConfig,
  credentials: NonNullable<IAMClientConfig['credentials']>,
): Clients {
  const client = namingCalls(new IAMClient({ ...shared, credentials }));
  return {
    client,
    creating: () => namingCalls(new IAMClient({ ...config, credentials: client.config.credentials, maxAttempts: 1 })),
  };
}

function forUser(rosterName: string, { client, creating }: Clients): KeyAdministration {
  const user = once(() => findUser(client, rosterName));
  const name = async (): Promise<string> => (await user())?.name ?? rosterName;
  return {
    user,
    list: async () => listKeys(client, await name()),
    lastUse: (keyId) => findLastUse(client, keyId),
    create: async () => createKey(await name(), creating()),
    async activate(keyId) {
      await client.send(new UpdateAccessKeyCommand({ UserName: await name(), AccessKeyId: keyId, Status: 'Active' }));
    },
    async deactivate(keyId) {
      const request = { UserName: await name(), AccessKeyId: keyId, Status: 'Inactive' as const };
      await unlessGone(() => client.send(new UpdateAccessKeyCommand(request)));
    },
    async delete(keyId) {
      const userName = await name();
      await unlessGone(() => client.send(new DeleteAccessKeyCommand({ UserName: userName, AccessKeyId: keyId })));
    },
  };
}

async function listKeys(client: IAMClient, userName: string): Promise<AccessKey[]> {
  const keys = [];
  for await (const page of paginateListAccessKeys({ client }, { UserName: userName }))
    keys.push(...(page.AccessKeyMetadata ?? []));
  return keys.map((key) => ({
    id: key.AccessKeyId ?? '',
    status: key.Status ?? 'Inactive',
    createdAt: key.CreateDate ?? new Date(0),
  }));
}

async function findLastUse(client: IAMClient, keyId: string): Promise<LastUse> {
  const { AccessKeyLastUsed: last } = await client.send(new GetAccessKeyLastUsedCommand({ AccessKeyId: keyId }));
  if (!last) throw new Error('GetAccessKeyLastUsed returned no result');
  if (!last.LastUsedDate) return { used: false };
  return {
    used: true,
    at: last.LastUsedDate,
    service: last.ServiceName ?? 'an unknown service',
    region: last.Region ?? 'an unknown region',
  };
}

/** @param single a client for this call alone */
async function createKey(userName: string, single: IAMClient): Promise<AccessKeyPair> {
  const { AccessKey: key } = await single
    .send(new CreateAccessKeyCommand({ UserName: userName }))
    .finally(() => single.destroy());
  if (!key?.AccessKeyId || !key.SecretAccessKey) throw new Error('CreateAccessKey returned no key');
  return { id: key.AccessKeyId, secret: key.SecretAccessKey };
}

/**
 * IAM decides before it looks for the user: under a user guard one that is missing is refused, not missing.
 * https://github.com/cloud-gov/terraform-provision/pull/1923
 * @throws RotationError USER_REFUSED; a role that cannot be assumed is its own failure
 */
async function findUser(client: IAMClient, rosterName: string): Promise<User | undefined> {
  await client.config.credentials();
  try {
    const { User: found } = await client.send(new GetUserCommand({ UserName: rosterName }));
    return found && { name: found.UserName ?? rosterName, id: found.UserId ?? '', arn: found.Arn ?? '' };
  } catch (error) {
    if ((error as Error).name === 'NoSuchEntityException' || (error as Error).name === 'NoSuchEntity') return undefined;
    if ((error as Error).name === 'AccessDenied') throw refusedUser(rosterName, error);
    throw error;
  }
}

function refusedUser(name: string, cause: unknown): RotationError {
  const found = `IAM refuses to show the user ${name}: it does not exist, its name is spelled differently in IAM, or the user guard excludes it`;
  return new RotationError(
    'USER_REFUSED',
    found,
    'create the user, spell its name as IAM does, tag or move it as the user guard requires, or remove it from the roster',
    { cause },
  );
}

async function assume(sts: STSClient, role: KeyRole, userName: string, purpose: string) {
  const name = sessionName(purpose);
  const answer = await sts.send(
    new AssumeRoleCommand({
      RoleArn: role.roleArn,
      RoleSessionName: name,
      SourceIdentity: name,
      DurationSeconds: SESSION_SECONDS,
      Policy: sessionPolicy(role, userName),
    }),
  );
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = answer.Credentials ?? {};
  if (!AccessKeyId || !SecretAccessKey) throw new Error('AssumeRole returned no credentials');
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    sessionToken: SessionToken,
    expiration: Expiration,
  };
}

/** `user/*alice` would match malice too, hence the slash before the name. */
function sessionPolicy({ accountId, partition }: KeyRole, userName: string): string {
  const user = `arn:${partition}:iam::${accountId}:user`;
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: ACTIONS, Resource: [`${user}/${userName}`, `${user}/*/${userName}`] }],
  });
}

const sessionName = (purpose: string): string => purpose.replace(/[^\w+=,.@-]/g, '-').slice(0, 64);

function once<T>(read: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => {
    answer ??= read().catch((error: unknown) => {
      answer = undefined;
      throw error;
    });
    return answer;
  };
}

async function unlessGone(act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if ((error as Error).name !== 'NoSuchEntityException' && (error as Error).name !== 'NoSuchEntity') throw error;
  }
}
