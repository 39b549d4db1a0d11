/** What an operator commands, and one command at a time. */
import { ANN } from '../world';
import { emergency, failAt, rollback, rotated, rotateNow, settled } from './fixture';

test.each([
  ['no command', { secretName: ANN.secretName }],
  ['an unknown command', { command: 'delete', secretName: ANN.secretName }],
  ['no secret', { command: 'rotate' }],
  ['a strange secret', { command: 'rotate', secretName: '../*' }],
  ['a strange flag', { ...rotateNow, compromised: 'yes' }],
  ['a key that is not said to be compromised', { ...rotateNow, keyId: 'AKIAEXAMPLE000000000' }],
  ['a key that is none', { ...emergency, keyId: 'AKIA*' }],
  ['a strange requester', { ...rotateNow, requestedBy: 'arn:aws:iam::1:user/eve\nsomebody' }],
  ['nothing', null],
])('%s is refused before anything is read', async (_, command) => {
  const { world } = settled();
  expect(await world.operate(command as object)).toMatchObject({ code: 'EVENT_INVALID' });
  expect(world.calls).toEqual([]);
});

test.each([
  [emergency, 'ROTATION_COMMANDED', 'asked for a rotation, because the key is compromised'],
  [rollback, 'ROLLBACK_COMMANDED', 'asked for a rollback'],
])('evidence of %j says who asked, as told, before anything is done', async (command, code, what) => {
  const { world } = await rotated();
  const from = world.calls.length;
  const requestedBy = 'arn:aws:sts::222222222222:assumed-role/duty/kim@example.com';
  await world.operate({ ...command, requestedBy });
  expect(world.recorded.find((event) => event.code === code)).toMatchObject({
    audience: [],
    reason: `an operator who identified as ${requestedBy} ${what}`,
  });
  const acts = world.calls.slice(from).filter((call) => /PutObject|Update|Tag|Rotate/.test(call));
  expect(acts[0]).toBe('s3:PutObject event');
});

describe('rotate', () => {
  test('starts a rotation, and says so', async () => {
    const { world } = settled();
    expect(await world.operate(rotateNow)).toBe('the rotation of ann in 333333333333 has started');
    expect(world.recorded).toMatchObject([
      { code: 'ROTATION_COMMANDED', audience: [], reason: 'an operator asked for a rotation' },
    ]);
    expect(await world.rotate()).toBeUndefined();
  });

  test('of an outstanding rotation has it attempted again', async () => {
    const { world } = settled();
    world.startRotation();
    expect(await world.operate(rotateNow)).toContain('the outstanding rotation of ann');
  });
});

describe('one at a time', () => {
  test('a second command is refused while one is at work', async () => {
    const { world } = await rotated();
    const from = world.calls.length;
    let second: Promise<string | Error> | undefined;
    world.between = (index) => {
      if (index > from && world.calls[index] === 'iam:UpdateAccessKey Active' && !second)
        second = world.operate(rollback);
    };
    expect(await world.operate(rollback)).toContain('again');
    expect(await second).toMatchObject({ code: 'SECRET_BUSY' });
  });

  test('an emergency is refused while another is at work', async () => {
    const { world } = await rotated();
    let second: Promise<string | Error> | undefined;
    world.between = (index) => {
      if (world.calls[index] === 'iam:UpdateAccessKey Inactive' && !second) second = world.operate(emergency);
    };
    await world.operate(emergency);
    expect(await second).toMatchObject({ code: 'SECRET_BUSY' });
  });

  test('reconcile leaves a secret alone that an operator is at work on, and looks again afterwards', async () => {
    const { world } = await rotated();
    world.secret.tags['access-keys:lease'] = new Date(world.now.getTime() + 60_000).toISOString();
    const from = world.calls.length;
    const outcome = await world.reconcile();
    expect(world.calls.slice(from).filter((call) => /Update|Delete|Put(Secret|Resource)|Rotate/.test(call))).toEqual(
      [],
    );
    expect(outcome!.nextDueAt).toBe(world.secret.tags['access-keys:lease']);
  });

  test('a lease whose holder died is over after five minutes', async () => {
    const { world } = await rotated();
    world.secret.tags['access-keys:lease'] = new Date(world.now.getTime() + 60_000).toISOString();
    expect(await world.operate(rollback)).toMatchObject({ code: 'SECRET_BUSY' });
    world.pass(0.1);
    expect(await world.operate(rollback)).toContain('again');
  });
});

test('an outstanding rotation is said to be attempted again only where Secrets Manager says so', async () => {
  const { world } = settled();
  world.startRotation();
  expect(await world.operate(rotateNow)).toMatch(/outstanding rotation .* is retried/);
  await failAt(
    world,
    'secretsmanager:RotateSecret',
    async () => expect(await world.operate(rotateNow)).toMatchObject({ name: 'ThrottlingException' }),
    'throttled',
  );
});
