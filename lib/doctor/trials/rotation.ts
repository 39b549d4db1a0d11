import { AddPermissionCommand, CreateFunctionCommand, GetFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { DescribeSecretCommand, RotateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { strToU8, zipSync } from 'fflate';
import type { Account } from '../account';
import { FUNCTION, makeRole, makeSecret, ROLES, SECRETS } from '../belongings';
import { eventually } from '../eventually';
import { putSecretPolicy } from './secret-policy';

/** Fails each rotation, and notes its calls as tags of the secret: so it needs no logs, which would outlive the probe. */
const CODE = `const { SecretsManagerClient, TagResourceCommand } = require('@aws-sdk/client-secrets-manager');
exports.handler = async ({ SecretId, Step }) => {
  const Tags = [{ Key: 'call-' + Date.now(), Value: Step }];
  await new SecretsManagerClient({}).send(new TagResourceCommand({ SecretId, Tags }));
  if (Step === 'createSecret') throw new Error('access-keys-probe fails on purpose');
};
`;

/** @returns the function's ARN */
export async function makeFunction(account: Account): Promise<string> {
  const { id, region, lambda } = account;
  const secrets = `arn:aws:secretsmanager:${region}:${id}:secret:access-keys-probe-*`;
  const Role = await makeRole(account, ROLES.rotation, { Service: 'lambda.amazonaws.com' }, [
    { Effect: 'Allow', Action: 'secretsmanager:TagResource', Resource: secrets },
  ]);
  const command = new CreateFunctionCommand({
    FunctionName: FUNCTION,
    Runtime: 'nodejs22.x',
    Handler: 'index.handler',
    Timeout: 30,
    Role,
    Code: { ZipFile: zipSync({ 'index.js': strToU8(CODE) }) },
  });
  const { FunctionArn } = await eventually(account, ['InvalidParameterValueException'], () => lambda.send(command));
  await lambda.send(
    new AddPermissionCommand({
      FunctionName: FUNCTION,
      StatementId: 'secrets-manager',
      Action: 'lambda:InvokeFunction',
      Principal: 'secretsmanager.amazonaws.com',
      SourceAccount: id,
    }),
  );
  await eventually(account, [PENDING], async () => {
    const { State } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: FUNCTION }));
    if (State !== 'Active') throw Object.assign(new Error(`function ${FUNCTION} is ${State}`), { name: PENDING });
  });
  return FunctionArn!;
}

const PENDING = 'FunctionPending';

export async function administratorRotates(account: Account, functionArn: string): Promise<string> {
  await makeSecret(account, SECRETS.rotated);
  await putSecretPolicy(account, SECRETS.rotated);
  try {
    await rotate(account, SECRETS.rotated, functionArn, true);
    return 'allowed';
  } catch (error) {
    if ((error as Error).name !== 'AccessDeniedException') throw error;
    return 'refused';
  }
}

const WATCHED_MINUTES = 10;

/** Watches the rotation that `administratorRotates` started. @throws Error where the function was not called at all */
export async function failedRotationIsAttemptedAgain(account: Account): Promise<string> {
  const calls = await callsOf(account, SECRETS.rotated, 2, WATCHED_MINUTES);
  if (calls.length === 0) throw new Error('the rotation function was not called');
  const times = calls.length > 1 ? 'attempted again' : 'not attempted again';
  return `${times} within ${WATCHED_MINUTES} minutes`;
}

/** @throws Error where the function was not called at all */
export async function testSecretAlone(account: Account, functionArn: string): Promise<string> {
  await makeSecret(account, SECRETS.tested);
  await rotate(account, SECRETS.tested, functionArn, false);
  const steps = await callsOf(account, SECRETS.tested, 2, 1);
  if (steps.length === 0) throw new Error('the rotation function was not called');
  return steps.every((step) => step === 'testSecret') ? 'testSecret alone' : [...new Set(steps)].join(', ');
}

function rotate(account: Account, SecretId: string, RotationLambdaARN: string, RotateImmediately: boolean) {
  const RotationRules = { AutomaticallyAfterDays: 30 };
  return account.secrets.send(
    new RotateSecretCommand({ SecretId, RotationLambdaARN, RotationRules, RotateImmediately }),
  );
}

/** Steps that the function was called for, in their order; waits until there are enough of them. */
async function callsOf({ secrets, sleep }: Account, SecretId: string, enough: number, minutes: number) {
  for (let left = minutes; ; left--) {
    const { Tags = [] } = await secrets.send(new DescribeSecretCommand({ SecretId }));
    const calls = Tags.filter(({ Key }) => Key?.startsWith('call-')).sort((a, b) => (a.Key! < b.Key! ? -1 : 1));
    if (calls.length >= enough || left === 0) return calls.map(({ Value }) => Value!);
    await sleep(60_000);
  }
}
