import {
  CancelRotateSecretCommand,
  RotateSecretCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { verdict, type Aws, type Behaviour } from '../aws';
import { reference, type Case } from './case';
import { createSecret, describe, FIRST, NAME, SECOND, stages } from './secrets';

const THIRD = 'third-version-000000000000000000';
const page = reference('secretsmanager', 'RotateSecret');
const BY_LAMBDA = 'https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html';

const rotate = ({ admin }: Aws, token: string, more: object) =>
  admin.secrets.send(new RotateSecretCommand({ SecretId: NAME, ClientRequestToken: token, ...more }));
const rules = { RotationRules: { ScheduleExpression: 'rate(90 days)' } };

/** @returns what RotateSecret said */
async function rotated(aws: Aws, behaviour: Behaviour, more: object = {}): Promise<string> {
  await createSecret(aws);
  const said = await verdict(
    rotate(aws, SECOND, { RotationLambdaARN: await aws.rotationFunction(behaviour), ...rules, ...more }),
  );
  await aws.settle();
  return said;
}

async function again(aws: Aws, more: object = {}): Promise<string> {
  const said = await verdict(rotate(aws, THIRD, more));
  await aws.settle();
  return said;
}

async function tags(aws: Aws): Promise<Record<string, string | undefined>> {
  return Object.fromEntries(
    ((await describe(aws)).Tags ?? [])
      .filter(({ Key }) => !Key?.startsWith('access-keys:'))
      .map(({ Key = '', Value }) => [Key, Value]),
  );
}

export const ROTATION: readonly Case[] = [
  {
    name: 'the four steps come in order, on a version that has no value yet, with the ARN',
    source: BY_LAMBDA,
    expected: {
      said: 'succeeds',
      tags: {
        steps: 'createSecret setSecret testSecret finishSecret',
        'secret-id': 'arn',
        'pending-value': 'ResourceNotFoundException',
      },
      versions: { [FIRST]: ['AWSPREVIOUS'], [SECOND]: ['AWSCURRENT'] },
    },
    observe: async (aws) => ({ said: await rotated(aws, 'well'), tags: await tags(aws), versions: await stages(aws) }),
  },
  {
    name: 'the schedule and the function are described',
    source: reference('secretsmanager', 'DescribeSecret'),
    expected: { enabled: true, schedule: 'rate(90 days)', function: true },
    async observe(aws) {
      await rotated(aws, 'well');
      const { RotationEnabled, RotationRules, RotationLambdaARN } = await describe(aws);
      return {
        enabled: RotationEnabled,
        schedule: RotationRules?.ScheduleExpression,
        function: RotationLambdaARN?.endsWith(':function:rotation') ?? false,
      };
    },
  },
  {
    name: 'a step that fails ends the attempt, and the version stays AWSPENDING',
    source: BY_LAMBDA,
    expected: {
      said: 'succeeds',
      steps: 'createSecret setSecret testSecret',
      versions: { [FIRST]: ['AWSCURRENT'], [SECOND]: ['AWSPENDING'] },
    },
    observe: async (aws) => ({
      said: await rotated(aws, 'fails in testSecret'),
      steps: (await tags(aws)).steps,
      versions: await stages(aws),
    }),
  },
  {
    name: 'while a rotation is outstanding another one is refused',
    source: page,
    expected: { said: 'InvalidRequestException', pending: [SECOND] },
    async observe(aws) {
      await rotated(aws, 'fails in testSecret');
      const said = await again(aws);
      return {
        said,
        pending: Object.entries(await stages(aws)).flatMap(([version, labels]) =>
          labels.includes('AWSPENDING') ? version : [],
        ),
      };
    },
  },
  {
    name: 'AWSPENDING on the version of AWSCURRENT is a finished rotation: the next one starts',
    source: page,
    expected: { said: 'succeeds', versions: { [SECOND]: ['AWSPREVIOUS'], [THIRD]: ['AWSCURRENT', 'AWSPENDING'] } },
    async observe(aws) {
      await rotated(aws, 'leaves AWSPENDING');
      return { said: await again(aws), versions: await stages(aws) };
    },
  },
  {
    name: 'RotateSecret without a function keeps the one that is set',
    source: page,
    expected: { said: 'succeeds', function: true, current: [THIRD] },
    async observe(aws) {
      await rotated(aws, 'well');
      const said = await again(aws);
      return {
        said,
        function: (await describe(aws)).RotationLambdaARN?.endsWith(':function:rotation') ?? false,
        current: Object.entries(await stages(aws)).flatMap(([version, labels]) =>
          labels.includes('AWSCURRENT') ? version : [],
        ),
      };
    },
  },
  {
    name: 'RotateImmediately=false only runs testSecret, and leaves no version behind',
    source: page,
    expected: { said: 'succeeds', steps: 'testSecret', versions: { [FIRST]: ['AWSCURRENT'] } },
    observe: async (aws) => ({
      said: await rotated(aws, 'well', { RotateImmediately: false }),
      steps: (await tags(aws)).steps,
      versions: await stages(aws),
    }),
  },
  {
    name: 'a rotation that was called off is disabled, and can be set up again',
    source: reference('secretsmanager', 'CancelRotateSecret'),
    expected: [false, true],
    async observe(aws) {
      await rotated(aws, 'well');
      await aws.admin.secrets.send(new CancelRotateSecretCommand({ SecretId: NAME }));
      const before = (await describe(aws)).RotationEnabled;
      await again(aws, { RotationLambdaARN: await aws.rotationFunction('well'), ...rules });
      return [before, (await describe(aws)).RotationEnabled];
    },
  },
  {
    name: 'taking AWSPENDING off an outstanding version makes room for the next rotation',
    source: page,
    expected: {
      said: 'succeeds',
      steps: 'createSecret setSecret testSecret createSecret setSecret testSecret finishSecret',
      current: [THIRD],
    },
    async observe(aws) {
      await rotated(aws, 'fails in testSecret');
      await aws.admin.secrets.send(
        new UpdateSecretVersionStageCommand({
          SecretId: NAME,
          VersionStage: 'AWSPENDING',
          RemoveFromVersionId: SECOND,
        }),
      );
      const said = await again(aws, { RotationLambdaARN: await aws.rotationFunction('well') });
      return {
        said,
        steps: (await tags(aws)).steps,
        current: Object.entries(await stages(aws)).flatMap(([version, labels]) =>
          labels.includes('AWSCURRENT') ? version : [],
        ),
      };
    },
  },
];
