/** moto in a virtual environment of its own, installed if it is missing, started and stopped. */
import { spawn } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { CreateConfigurationSetCommand, VerifyEmailIdentityCommand } from '@aws-sdk/client-ses';
import { CreateFunctionCommand } from '@aws-sdk/client-lambda';
import { CreateRoleCommand, CreateUserCommand } from '@aws-sdk/client-iam';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { CreateQueueCommand, GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { CreateTopicCommand, SubscribeCommand } from '@aws-sdk/client-sns';
import { AssumeRoleCommand } from '@aws-sdk/client-sts';
import { zipSync } from 'fflate';
import {
  ACCOUNT,
  clientsOf,
  observedClientsOf,
  REGION,
  type Aws,
  type Clients,
  type Credentials,
  type Queue,
  type Target,
} from './aws';
import { FunctionHost } from './function-host';
import { python } from './python';

const STARTS_WITHIN_MS = 60_000;

export interface SentMail {
  readonly destinations: { readonly ToAddresses?: readonly string[] };
}

export interface Moto extends Target {
  readonly endpoint: string;
  readonly host: FunctionHost;
  /** Forgets everything. */
  reset(): Promise<void>;
  /** An account is there as soon as somebody speaks for it. */
  administrator(accountId: string): Promise<Credentials>;
  /** @param file a bundle in CommonJS */
  deployFunction(
    accountId: string,
    name: string,
    file: string,
    environment: Readonly<Record<string, string>>,
  ): Promise<string>;
  /** Mails that SES took, oldest first. */
  mails(): Promise<SentMail[]>;
}

/** @param rotationFunction bundle of `rotation-function.ts` */
export async function startMoto(rotationFunction: string): Promise<Moto> {
  const host = new FunctionHost();
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const server = spawn(python(), [join(__dirname, 'serve_moto.py')], {
    env: { PATH: process.env.PATH, LAMBDA_HOST: await host.listen(), MOTO_PORT: String(port) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  server.stderr.on('data', (chunk: Buffer) => void (said = (said + chunk.toString()).slice(-4_000)));
  const stop = async (): Promise<void> => {
    server.kill();
    await host.stop();
  };
  process.once('exit', () => server.kill());
  await answers(endpoint, () => server.exitCode !== null).catch(async (error: Error) => {
    await stop();
    throw new Error(`${error.message}\n${said}`);
  });
  const reset = async (): Promise<void> => void (await fetch(`${endpoint}/moto-api/reset`, { method: 'POST' }));
  const administrator = (accountId: string): Promise<Credentials> => assume(endpoint, accountId);
  const deployFunction: Moto['deployFunction'] = async (accountId, name, file, environment) => {
    const credentials = await administrator(accountId);
    const { iam, lambda } = clientsOf(endpoint, credentials);
    await iam
      .send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: '{}' }))
      .catch(unlessThere('EntityAlreadyExistsException'));
    const arn = `arn:aws:lambda:${REGION}:${accountId}:function:${name}`;
    await lambda
      .send(
        new CreateFunctionCommand({
          FunctionName: name,
          Role: `arn:aws:iam::${accountId}:role/${name}`,
          Runtime: 'nodejs22.x',
          Handler: 'index.handler',
          Code: { ZipFile: zipSync({ 'index.js': new Uint8Array() }) },
        }),
      )
      .catch(unlessThere('ResourceConflictException'));
    const own = {
      AWS_REGION: REGION,
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_SESSION_TOKEN: credentials.sessionToken ?? '',
    };
    host.add({ arn, file, environment: { ...own, ...environment }, timeoutSeconds: 300 });
    return arn;
  };
  return {
    name: 'moto',
    endpoint,
    host,
    reset,
    administrator,
    deployFunction,
    mails: async () =>
      ((await (await fetch(`${endpoint}/moto-api/data.json`)).json()) as { ses: { Message: SentMail[] } }).ses.Message,
    stop,
    async fresh() {
      await reset();
      return motoAws(endpoint, await administrator(ACCOUNT), (behaviour) =>
        deployFunction(ACCOUNT, 'rotation', rotationFunction, { BEHAVIOUR: behaviour }),
      );
    },
  };
}

/** What exists from a former call stays. */
const unlessThere =
  (name: string) =>
  (error: Error): void => {
    if (error.name !== name) throw error;
  };

async function assume(endpoint: string, accountId: string): Promise<Credentials> {
  const { sts } = clientsOf(endpoint, { accessKeyId: 'test', secretAccessKey: 'test' });
  const { Credentials: issued } = await sts.send(
    new AssumeRoleCommand({
      RoleArn: `arn:aws:iam::${accountId}:role/administrator`,
      RoleSessionName: 'administrator',
    }),
  );
  return {
    accessKeyId: issued!.AccessKeyId!,
    secretAccessKey: issued!.SecretAccessKey!,
    sessionToken: issued!.SessionToken!,
  };
}

function motoAws(endpoint: string, administrator: Credentials, rotationFunction: Aws['rotationFunction']): Aws {
  const admin = clientsOf(endpoint, administrator);
  return {
    admin: observedClientsOf(endpoint, administrator),
    as: (credentials) => observedClientsOf(endpoint, credentials),
    user: async (name, path = '/') =>
      void (await admin.iam.send(new CreateUserCommand({ UserName: name, Path: path }))),
    role: async (name) =>
      (await admin.iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: '{}' }))).Role!.Arn!,
    bucket: async (name) => void (await admin.s3.send(new CreateBucketCommand({ Bucket: name }))),
    topic: async (name) => (await admin.sns.send(new CreateTopicCommand({ Name: name }))).TopicArn!,
    queue: (name) => createQueue(admin, name),
    subscribe: (topicArn, queue, audience) => subscribe(admin, topicArn, queue, { audience: [audience] }),
    sender: (address) => createSender(admin, address),
    rotationFunction,
    settle: () => Promise.resolve(),
  };
}

export async function createQueue({ sqs }: Clients, name: string): Promise<Queue> {
  const { QueueUrl: url } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['QueueArn'] }));
  return { arn: Attributes!.QueueArn!, url: url! };
}

export async function subscribe({ sns }: Clients, topicArn: string, { arn }: Queue, filter?: object): Promise<void> {
  await sns.send(
    new SubscribeCommand({
      TopicArn: topicArn,
      Protocol: 'sqs',
      Endpoint: arn,
      ...(filter && { Attributes: { FilterPolicy: JSON.stringify(filter) } }),
    }),
  );
}

export async function createSender({ ses }: Clients, address: string): Promise<void> {
  await ses.send(new VerifyEmailIdentityCommand({ EmailAddress: address }));
  await ses.send(new CreateConfigurationSetCommand({ ConfigurationSet: { Name: 'access-keys' } }));
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

async function answers(endpoint: string, died: () => boolean): Promise<void> {
  const deadline = Date.now() + STARTS_WITHIN_MS;
  while (Date.now() < deadline && !died()) {
    if (
      await fetch(`${endpoint}/moto-api/data.json`).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error('moto did not start');
}
