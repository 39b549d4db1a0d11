/** What a case of the contract speaks to: SDK clients over HTTP, and what must exist before the product can be used. */
import { IAMClient } from '@aws-sdk/client-iam';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SESClient } from '@aws-sdk/client-ses';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { STSClient } from '@aws-sdk/client-sts';

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

export const REGION = 'us-east-1';
export const ACCOUNT = '333333333333';
export const OTHER_ACCOUNT = '444444444444';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export type Clients = ReturnType<typeof clientsOf>;

export interface Queue {
  readonly arn: string;
  readonly url: string;
}

/** How the rotation function of `rotation-function.ts` behaves. */
export type Behaviour = 'well' | 'fails in testSecret' | 'leaves AWSPENDING';

export interface Aws {
  /** Of the account's administrator. */
  readonly admin: Clients;
  as(credentials: Credentials): Clients;
  user(name: string, path?: string): Promise<void>;
  role(name: string): Promise<string>;
  bucket(name: string): Promise<void>;
  topic(name: string): Promise<string>;
  queue(name: string): Promise<Queue>;
  subscribe(topicArn: string, queue: Queue, audience: string): Promise<void>;
  sender(address: string): Promise<void>;
  rotationFunction(behaviour: Behaviour): Promise<string>;
  /** Lets everything that was started come to its end. */
  settle(): Promise<void>;
}

export interface Target {
  readonly name: 'moto' | 'local organization';
  /** An empty AWS. */
  fresh(): Promise<Aws>;
  stop(): Promise<void>;
}

/** Names of the commands that cases of the contract sent, `GetUserCommand`; what prepares them does not count. */
export const sent = new Set<string>();

export function clientsOf(endpoint: string, credentials: Credentials) {
  const config = { region: REGION, endpoint, credentials, maxAttempts: 1 };
  return {
    secrets: new SecretsManagerClient(config),
    iam: new IAMClient(config),
    sts: new STSClient(config),
    s3: new S3Client(config),
    sns: new SNSClient(config),
    sqs: new SQSClient({ ...config, useQueueUrlAsEndpoint: false }),
    ses: new SESClient(config),
    lambda: new LambdaClient(config),
    cloudFormation: new CloudFormationClient(config),
  };
}

/** For the cases: what they send is remembered. */
export function observedClientsOf(endpoint: string, credentials: Credentials): Clients {
  const clients = clientsOf(endpoint, credentials);
  for (const client of Object.values(clients)) {
    (client.middlewareStack as { add: (middleware: unknown, options: object) => void }).add(
      (next: (request: unknown) => unknown, context: { commandName?: string }) => (request: unknown) => {
        sent.add(context.commandName ?? '');
        return next(request);
      },
      { step: 'initialize' },
    );
  }
  return clients;
}

/** The answer, or the name of the error that came instead. */
export async function outcome<T>(answer: Promise<T>): Promise<T | string> {
  try {
    return await answer;
  } catch (error) {
    return (error as Error).name;
  }
}

/** `succeeds`, or the name of the error. */
export const verdict = async (answer: Promise<unknown>): Promise<string> => {
  const found = await outcome(answer);
  return typeof found === 'string' ? found : 'succeeds';
};
