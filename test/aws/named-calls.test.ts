import { IAMClient, CreateAccessKeyCommand, UpdateAccessKeyCommand } from '@aws-sdk/client-iam';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { namingCalls } from '../../lambda/aws/named-calls';
import { codeOf, reasonOf } from '../../lambda/domain/errors';

const CREDENTIALS = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'example' };
const failing = (name: string, message: string) => ({
  region: 'us-east-1',
  credentials: CREDENTIALS,
  maxAttempts: 1,
  requestHandler: { handle: async () => Promise.reject(Object.assign(new Error(message), { name })) },
});

async function failureOf(call: Promise<unknown>): Promise<{ code: string; reason: string }> {
  const error: unknown = await call.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  return { code: codeOf(error), reason: reasonOf(error) };
}

test('a denial names the call, the user and what AWS says of the policy', async () => {
  const message =
    'User is not authorized to perform: iam:CreateAccessKey with an explicit deny in a service control policy.';
  const client = namingCalls(new IAMClient(failing('AccessDenied', message)));
  expect(await failureOf(client.send(new CreateAccessKeyCommand({ UserName: 'ann' })))).toEqual({
    code: 'AWS_DENIED',
    reason: `iam:CreateAccessKey on ann was denied (AccessDenied: ${message.slice(0, -1)})`,
  });
});

test('of a key only the last four characters are named', async () => {
  const client = namingCalls(
    new IAMClient(failing('NoSuchEntityException', 'The key AKIAIOSFODNN7EXAMPLE is not there')),
  );
  const command = new UpdateAccessKeyCommand({
    UserName: 'ann',
    AccessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    Status: 'Inactive',
  });
  expect(await failureOf(client.send(command))).toEqual({
    code: 'AWS_NOT_FOUND',
    reason: 'iam:UpdateAccessKey on the key …MPLE of ann named something that does not exist (NoSuchEntityException)',
  });
});

test.each(['ValidationException', 'LimitExceededException', 'InternalServiceError'])(
  'what a request with a secret value says in %s is not repeated',
  async (name) => {
    const client = namingCalls(new SecretsManagerClient(failing(name, 'SecretString wJalrXUtnFEMI is too long')));
    const command = new PutSecretValueCommand({ SecretId: '/access-key/ann', SecretString: 'wJalrXUtnFEMI' });
    const { reason } = await failureOf(client.send(command));
    expect(reason).toContain('secretsmanager:PutSecretValue on /access-key/ann');
    expect(reason).not.toContain('wJalr');
  },
);
