import type { FailedCall } from '../domain/errors';

const SERVICES: Readonly<Record<string, string>> = {
  IAMClient: 'iam',
  S3Client: 's3',
  SESClient: 'ses',
  SNSClient: 'sns',
  STSClient: 'sts',
  SecretsManagerClient: 'secretsmanager',
};

type Handler = (args: { readonly input: object }) => Promise<unknown>;
type Middleware = (next: Handler, context: { readonly clientName?: string; readonly commandName?: string }) => Handler;

/**
 * The client, whose errors name the call that failed and what it was about, for {@link FailedCall}. Of a call within a call,
 * as when credentials are fetched, the inner one is named.
 * https://aws.amazon.com/blogs/developer/middleware-stack-modular-aws-sdk-js/
 */
export function namingCalls<C extends { readonly middlewareStack: { add(...args: never[]): void } }>(client: C): C {
  const name: Middleware =
    (next, { clientName = '', commandName = '' }) =>
    async (args) => {
      try {
        return await next(args);
      } catch (error) {
        if (error instanceof Error && !('call' in error)) {
          const operation = `${SERVICES[clientName] ?? clientName}:${commandName.replace(/Command$/, '')}`;
          const resource = subjectOf(args.input);
          const call: FailedCall = { operation, ...(resource && { resource }) };
          Object.defineProperty(error, 'call', { value: call });
        }
        throw error;
      }
    };
  const stack = client.middlewareStack as unknown as { add(middleware: Middleware, options: object): void };
  stack.add(name, { step: 'initialize', name: 'namingCalls' });
  return client;
}

/** Names only: nothing that a request carries beside them. */
function subjectOf(input: object): string | undefined {
  const { UserName, AccessKeyId, SecretId, Name, Key, TopicArn, RoleArn } = input as Record<string, unknown>;
  const key = typeof AccessKeyId === 'string' ? `the key …${AccessKeyId.slice(-4)}` : undefined;
  const parts = [
    key,
    ...[UserName, SecretId, Name, Key, TopicArn, RoleArn].filter((part) => typeof part === 'string'),
  ].filter((part) => part !== undefined);
  return parts.length > 0 ? parts.join(' of ') : undefined;
}
