import { VirtualClock } from '../../../../lib/simulator/local-organization/clock';
import { seededRandom } from '../../../../lib/simulator/local-organization/random';
import type { Call, Principal } from '../../../../lib/simulator/local-organization/service';
import {
  secretsManagerService,
  type RotationEvent,
} from '../../../../lib/simulator/local-organization/services/secretsmanager';

const ACCOUNT = '333333333333';
const FUNCTION = `arn:aws:lambda:us-east-1:${ACCOUNT}:function:access-keys-rotate`;
const DAY = 86_400_000;
const TOKEN = 'a'.repeat(32);
const OTHER = 'b'.repeat(32);
type StepEvent = { Step: string; SecretId: string; ClientRequestToken: string };

function world(onStep?: (event: StepEvent, send: (operation: string, input: object) => any) => boolean | void) {
  const clock = new VirtualClock(new Date('2026-11-02T10:00:00Z'));
  const steps: StepEvent[] = [];
  const events: RotationEvent[] = [];
  const principal: Principal = {
    kind: 'role',
    arn: `arn:aws:sts::${ACCOUNT}:assumed-role/admin/test`,
    accountId: ACCOUNT,
    userId: 'AROA:test',
  };
  const { service, state } = secretsManagerService({
    clock,
    random: seededRandom(1),
    emit: (event) => void events.push(event),
    invoke: async (_arn, payload) => {
      steps.push(payload as StepEvent);
      const good = (onStep ?? rotateWell)(payload as StepEvent, send);
      return good === false ? { payload: { errorType: 'Error' }, functionError: 'Unhandled' } : { payload: null };
    },
  });
  const callOf = (operation: string): Call => ({
    service: 'secretsmanager',
    operation,
    principal,
    region: 'us-east-1',
    at: clock.now(),
  });
  const send = (operation: string, input: object): any => service.operations[operation]!.run(input, callOf(operation));
  const accesses = (operation: string, input: object) =>
    service.operations[operation]!.accesses(input, callOf(operation));
  const create = () =>
    send('CreateSecret', { Name: '/access-key/alice-abcdef', SecretString: 'first', ClientRequestToken: TOKEN });
  const advance = (ms: number) => clock.advanceTo(new Date(clock.now().getTime() + ms));
  const rotate = (more: object = {}) =>
    send('RotateSecret', {
      SecretId: '/access-key/alice-abcdef',
      ClientRequestToken: OTHER,
      RotationLambdaARN: FUNCTION,
      RotationRules: { ScheduleExpression: 'rate(30 days)' },
      ...more,
    });
  const names = () => events.map((event) => event.detail.eventName);
  return { clock, steps, events, state, send, accesses, create, advance, rotate, names };
}

function rotateWell(
  { Step, SecretId, ClientRequestToken }: StepEvent,
  send: (operation: string, input: object) => any,
): void {
  const versions = send('DescribeSecret', { SecretId }).VersionIdsToStages as Record<string, string[]>;
  const current = Object.keys(versions).find((id) => versions[id]!.includes('AWSCURRENT'));
  if (Step === 'createSecret')
    send('PutSecretValue', {
      SecretId,
      ClientRequestToken,
      SecretString: `made by ${ClientRequestToken}`,
      VersionStages: ['AWSPENDING'],
    });
  if (Step === 'finishSecret' && current !== ClientRequestToken)
    send('UpdateSecretVersionStage', {
      SecretId,
      VersionStage: 'AWSCURRENT',
      MoveToVersionId: ClientRequestToken,
      RemoveFromVersionId: current,
    });
}

const failing = (code: string) => expect.objectContaining({ code });
const outcome = (act: () => unknown): unknown => {
  try {
    return act();
  } catch (error) {
    return error;
  }
};

test('a secret is found by its name, its ARN and its ARN without the random characters', () => {
  const { create, send } = world();
  const { ARN } = create();
  expect(ARN).toMatch(/:secret:\/access-key\/alice-abcdef-[A-Za-z0-9]{6}$/);
  for (const SecretId of ['/access-key/alice-abcdef', ARN, ARN.slice(0, -7)])
    expect(send('GetSecretValue', { SecretId }).SecretString).toBe('first');
});

test('the same token with the same content is a success, with another it is refused', () => {
  const { create, send } = world();
  const { ARN } = create();
  const put = (SecretString: string) =>
    send('PutSecretValue', { SecretId: ARN, ClientRequestToken: OTHER, SecretString });
  expect(put('second')).toEqual(put('second'));
  expect(outcome(() => put('third'))).toEqual(failing('ResourceExistsException'));
  expect(create().ARN).toBe(ARN);
  expect(
    outcome(() =>
      send('CreateSecret', { Name: '/access-key/alice-abcdef', SecretString: 'x', ClientRequestToken: OTHER }),
    ),
  ).toEqual(failing('ResourceExistsException'));
});

test('AWSPREVIOUS follows AWSCURRENT, and a label moves only from the version that holds it', () => {
  const { create, send } = world();
  create();
  const SecretId = '/access-key/alice-abcdef';
  send('PutSecretValue', { SecretId, ClientRequestToken: OTHER, SecretString: 'second' });
  expect(send('DescribeSecret', { SecretId }).VersionIdsToStages).toEqual({
    [TOKEN]: ['AWSPREVIOUS'],
    [OTHER]: ['AWSCURRENT'],
  });
  const move = (from?: string) =>
    send('UpdateSecretVersionStage', {
      SecretId,
      VersionStage: 'AWSCURRENT',
      MoveToVersionId: TOKEN,
      RemoveFromVersionId: from,
    });
  expect(outcome(() => move())).toEqual(failing('InvalidParameterException'));
  expect(outcome(() => move(TOKEN))).toEqual(failing('InvalidParameterException'));
  move(OTHER);
  expect(send('DescribeSecret', { SecretId }).VersionIdsToStages).toEqual({
    [TOKEN]: ['AWSCURRENT'],
    [OTHER]: ['AWSPREVIOUS'],
  });
});

test('a secret holds at most twenty staging labels', () => {
  const { create, send } = world();
  create();
  const label = (number: number) =>
    send('UpdateSecretVersionStage', {
      SecretId: '/access-key/alice-abcdef',
      VersionStage: `L${number}`,
      MoveToVersionId: TOKEN,
    });
  for (let number = 1; number < 20; number++) label(number);
  expect(outcome(() => label(20))).toEqual(failing('LimitExceededException'));
});

test('a rotation makes a pending version without a value and calls the four steps with its token', async () => {
  const { create, rotate, advance, steps, send, names } = world();
  const { ARN } = create();
  expect(rotate().VersionId).toBe(OTHER);
  expect(outcome(() => send('GetSecretValue', { SecretId: ARN, VersionStage: 'AWSPENDING' }))).toEqual(
    failing('ResourceNotFoundException'),
  );
  await advance(1000);
  expect(steps).toEqual(
    ['createSecret', 'setSecret', 'testSecret', 'finishSecret'].map((Step) => ({
      Step,
      SecretId: ARN,
      ClientRequestToken: OTHER,
    })),
  );
  expect(send('GetSecretValue', { SecretId: ARN }).SecretString).toBe(`made by ${OTHER}`);
  expect(names()).toEqual(['RotationStarted', 'RotationSucceeded']);
  expect(send('DescribeSecret', { SecretId: ARN })).toMatchObject({
    RotationEnabled: true,
    LastRotatedDate: new Date('2026-11-02T10:00:00Z'),
    NextRotationDate: new Date('2026-12-02T23:59:59Z'),
  });
});

test('the schedule rotates once a period', async () => {
  const { create, rotate, advance, names } = world();
  create();
  rotate();
  await advance(119 * DAY);
  expect(names().filter((name) => name === 'RotationSucceeded')).toHaveLength(4);
});

test('a failed step repeats the whole rotation with the same token, five attempts in all', async () => {
  const { create, rotate, advance, steps, names } = world((event) => event.Step !== 'testSecret');
  create();
  rotate();
  await advance(DAY);
  expect(steps.map(({ Step }) => Step)).toEqual(
    Array.from({ length: 5 }, () => ['createSecret', 'setSecret', 'testSecret']).flat(),
  );
  expect(new Set(steps.map((step) => step.ClientRequestToken))).toEqual(new Set([OTHER]));
  expect(names().filter((name) => name === 'RotationFailed')).toHaveLength(5);
});

test('RotateSecret refuses while a rotation is outstanding, and attempts that one again', async () => {
  let broken = true;
  const { create, rotate, advance, send } = world((event, call) => (broken ? false : rotateWell(event, call)));
  create();
  rotate();
  await advance(DAY);
  broken = false;
  expect(outcome(() => rotate({ ClientRequestToken: 'c'.repeat(32) }))).toEqual(failing('InvalidRequestException'));
  await advance(1000);
  expect(send('GetSecretValue', { SecretId: '/access-key/alice-abcdef' }).VersionId).toBe(OTHER);
});

test('a rotation whose AWSPENDING is taken away is abandoned and not attempted again', async () => {
  const { create, rotate, advance, steps, names } = world((event, send) => {
    send('UpdateSecretVersionStage', {
      SecretId: event.SecretId,
      VersionStage: 'AWSPENDING',
      RemoveFromVersionId: event.ClientRequestToken,
    });
    return false;
  });
  create();
  rotate();
  await advance(DAY);
  expect(steps).toHaveLength(1);
  expect(names()).toEqual(['RotationStarted', 'RotationAbandoned', 'RotationFailed']);
});

test('RotateImmediately=false runs testSecret on a version that is gone afterwards', async () => {
  const { create, rotate, advance, steps, send, names } = world();
  create();
  rotate({ RotateImmediately: false });
  await advance(1000);
  expect(steps.map(({ Step }) => Step)).toEqual(['testSecret']);
  expect(send('DescribeSecret', { SecretId: '/access-key/alice-abcdef' }).VersionIdsToStages).toEqual({
    [TOKEN]: ['AWSCURRENT'],
  });
  expect(names()).toEqual(['TestRotationStarted', 'TestRotationSucceeded']);
});

test('a cancelled rotation does not fire', async () => {
  const { create, rotate, advance, send, steps } = world();
  create();
  rotate();
  await advance(1000);
  send('CancelRotateSecret', { SecretId: '/access-key/alice-abcdef' });
  await advance(90 * DAY);
  expect(steps).toHaveLength(4);
});

test('a deleted secret keeps its name and can be restored until its recovery window is over', async () => {
  const { create, send, advance } = world();
  create();
  const SecretId = '/access-key/alice-abcdef';
  send('DeleteSecret', { SecretId, RecoveryWindowInDays: 7 });
  expect(outcome(() => send('GetSecretValue', { SecretId }))).toEqual(failing('InvalidRequestException'));
  expect(outcome(create)).toEqual(failing('InvalidRequestException'));
  send('RestoreSecret', { SecretId });
  expect(send('GetSecretValue', { SecretId }).SecretString).toBe('first');
  send('DeleteSecret', { SecretId, RecoveryWindowInDays: 7 });
  await advance(7 * DAY);
  expect(outcome(() => send('DescribeSecret', { SecretId }))).toEqual(failing('ResourceNotFoundException'));
  expect(create().Name).toBe(SecretId);
});

test('ListSecrets lags behind creation when told to', async () => {
  const { create, send, advance, state } = world();
  state.listLagMs = 5 * 60_000;
  create();
  expect(send('ListSecrets', {}).SecretList).toEqual([]);
  await advance(5 * 60_000);
  expect(send('ListSecrets', { Filters: [{ Key: 'name', Values: ['/access-key/'] }] }).SecretList).toHaveLength(1);
});

test('reading a value asks for the full ARN, the stage, the tags and the policy', () => {
  const { create, send, accesses } = world();
  const { ARN } = create();
  const policy = JSON.stringify({ Statement: [{ Effect: 'Deny', Principal: '*', Action: '*', Resource: '*' }] });
  send('TagResource', { SecretId: ARN, Tags: [{ Key: 'team', Value: 'red' }] });
  send('PutResourcePolicy', { SecretId: ARN, ResourcePolicy: policy });
  const [access] = accesses('GetSecretValue', { SecretId: '/access-key/alice-abcdef', VersionStage: 'AWSCURRENT' });
  expect(access).toMatchObject({
    action: 'secretsmanager:GetSecretValue',
    resource: ARN,
    resourcePolicy: policy,
    context: { 'secretsmanager:VersionStage': 'AWSCURRENT', 'aws:ResourceTag/team': 'red' },
  });
  expect(accesses('RotateSecret', { SecretId: ARN, RotationLambdaARN: FUNCTION })[1]).toMatchObject({
    action: 'lambda:InvokeFunction',
    resource: FUNCTION,
  });
});

test('the state lists every stored value', () => {
  const { create, state } = world();
  create();
  expect(state.values()).toMatchObject([
    { secretName: '/access-key/alice-abcdef', versionId: TOKEN, stages: ['AWSCURRENT'] },
  ]);
});

/** https://docs.aws.amazon.com/secretsmanager/latest/userguide/retrieve-ct-entries.html */
test('a version that a person makes abandons the rotation under way', async () => {
  const { create, send, rotate, advance, names, steps } = world(({ Step }, call) => {
    if (Step === 'createSecret')
      call('PutSecretValue', {
        SecretId: '/access-key/alice-abcdef',
        ClientRequestToken: OTHER,
        SecretString: 'new',
        VersionStages: ['AWSPENDING'],
      });
    return Step === 'createSecret';
  });
  create();
  rotate();
  await advance(1_000);
  send('PutSecretValue', {
    SecretId: '/access-key/alice-abcdef',
    ClientRequestToken: 'c'.repeat(32),
    SecretString: 'by hand',
  });
  expect(
    Object.values(
      send('DescribeSecret', { SecretId: '/access-key/alice-abcdef' }).VersionIdsToStages as Record<string, string[]>,
    ).flat(),
  ).not.toContain('AWSPENDING');
  expect(names()).toContain('RotationAbandoned');
  const before = steps.length;
  await advance(DAY);
  expect(steps).toHaveLength(before);
});
