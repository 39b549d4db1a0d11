import type { Call, Operation } from '../../service';
import { parseArn } from '../arn';
import { checkNotDeleted, checkToken, refuse } from './checks';
import { outstanding, type Secret } from './model';
import { identity, secretOf, type Parts } from './operations';
import { checkRules, nextWindow } from './schedule';

interface RotateInput {
  readonly SecretId: string;
  readonly ClientRequestToken?: string;
  readonly RotationLambdaARN?: string;
  readonly RotationRules?: Secret['rotation']['rules'];
  readonly RotateImmediately?: boolean;
}

/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html */
export function rotationOperations(parts: Parts): Record<string, Operation> {
  const { accesses, machine } = parts;
  return {
    RotateSecret: {
      accesses: (input: RotateInput, call) => {
        checkFunctionArn(input.RotationLambdaARN);
        const functionArn = input.RotationLambdaARN || accesses.find(input.SecretId, call)?.rotation.functionArn;
        return [
          accesses.on('RotateSecret', input.SecretId, call, {
            ...(functionArn && { 'secretsmanager:RotationLambdaARN': functionArn }),
            'secretsmanager:ModifyRotationRules': String(input.RotationRules !== undefined),
          }),
          ...(functionArn
            ? [
                {
                  action: 'lambda:InvokeFunction',
                  resource: functionArn,
                  resourceAccountId: parseArn(functionArn)?.accountId ?? call.principal.accountId,
                },
              ]
            : []),
        ];
      },
      run: (input: RotateInput, call) => rotateSecret(parts, input, call),
    },
    CancelRotateSecret: {
      accesses: (input, call) => [accesses.on('CancelRotateSecret', input.SecretId, call)],
      run: (input, call) => {
        const secret = secretOf(parts, input, call);
        checkNotDeleted(secret);
        machine.cancel(secret);
        return { ...identity(secret), VersionId: outstanding(secret)?.id };
      },
    },
  };
}

/** An empty one keeps what was configured before. */
function checkFunctionArn(arn: string | undefined): void {
  if (arn && !/^arn:[\w-]+:lambda:[\w-]+:\d{12}:function:[\w-]{1,64}$/.test(arn))
    throw refuse('ValidationException', `Invalid Lambda function ARN: ${arn.slice(0, 200)}`);
}

function rotateSecret(parts: Parts, input: RotateInput, call: Call): unknown {
  const { machine, clock, random } = parts;
  const secret = secretOf(parts, input, call);
  checkNotDeleted(secret);
  const token = input.ClientRequestToken ?? random.uuid();
  checkToken(token);
  if (input.RotationRules) checkRules(input.RotationRules);
  if (!input.RotationLambdaARN && !secret.rotation.functionArn)
    throw refuse('InvalidRequestException', 'No Lambda rotation function ARN is associated with this secret.');
  const pending = outstanding(secret);
  if (pending?.id === token) return { ...identity(secret), VersionId: token };
  if (pending) return attemptAgain(parts, secret);
  if (secret.versions.has(token))
    throw refuse(
      'InvalidRequestException',
      `You can't use ClientRequestToken ${token}: it is already the id of a version.`,
    );
  const earlier = secret.rotation.next;
  secret.rotation.enabled = true;
  secret.rotation.functionArn = input.RotationLambdaARN || secret.rotation.functionArn;
  secret.rotation.rules = input.RotationRules ?? secret.rotation.rules;
  if (input.RotateImmediately === false) {
    if (secret.rotation.rules) {
      const window = nextWindow(secret.rotation.rules, clock.now());
      machine.schedule(secret, earlier && earlier.opensAt < window.opensAt ? earlier : window);
    }
    machine.test(secret, token);
    return identity(secret);
  }
  machine.start(secret, token);
  return { ...identity(secret), VersionId: token };
}

function attemptAgain({ machine }: Parts, secret: Secret): never {
  const { enabled, running } = secret.rotation;
  if (enabled && !running) machine.start(secret, '');
  throw refuse('InvalidRequestException', "A previous rotation isn't complete. That rotation will be reattempted.");
}
