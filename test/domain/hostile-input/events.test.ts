/** Events that are broken or meant to do harm: refused before any IAM call, with nothing changed. */
import { STEPS } from '../../../lambda/domain/rotation/step-event';
import { rotationFailureOf } from '../../../lambda/domain/reconcile/account/rotation-failed-event';
import { ACCOUNT } from '../world';
import {
  ARN,
  CURRENT,
  PENDING,
  REMOVED,
  REPLACED,
  TRAVERSAL,
  iamCalls,
  settled,
  stateOf,
  told,
  withoutFailure,
} from './fixture';

describe('events', () => {
  const event = { SecretId: ARN, ClientRequestToken: PENDING, Step: 'createSecret' };
  const notInRoster = (secretName: string): string =>
    `attention SECRET_NOT_IN_ROSTER of nobody in ${secretName} to admin`;

  test.each<[string, unknown, string, string[]]>([
    ['nothing', null, 'EVENT_INVALID', []],
    ['text', 'createSecret', 'EVENT_INVALID', []],
    ['a list', [event], 'EVENT_INVALID', []],
    ['no members', {}, 'EVENT_INVALID', []],
    ['no step', { ...event, Step: undefined }, 'EVENT_INVALID', []],
    ['an unknown step', { ...event, Step: 'deleteSecret' }, 'EVENT_INVALID', []],
    ['a step of the prototype', { ...event, Step: 'constructor' }, 'EVENT_INVALID', []],
    ['a list of steps', { ...event, Step: ['createSecret'] }, 'EVENT_INVALID', []],
    ['no secret', { ...event, SecretId: undefined }, 'EVENT_INVALID', []],
    ['a secret with wildcards', { ...event, SecretId: '/access-key/*' }, 'EVENT_INVALID', []],
    ['a secret with one wildcard for a letter', { ...event, SecretId: '/access-key/an?' }, 'EVENT_INVALID', []],
    ['a secret with a line break', { ...event, SecretId: `${ARN}\n` }, 'EVENT_INVALID', []],
    ['an encoded traversal', { ...event, SecretId: '/access-key/%2e%2e/database' }, 'EVENT_INVALID', []],
    ['an oversized secret', { ...event, SecretId: 'a'.repeat(2_049) }, 'EVENT_INVALID', []],
    ['a short token', { ...event, ClientRequestToken: 'x' }, 'EVENT_INVALID', []],
    ['an oversized token', { ...event, ClientRequestToken: 'a'.repeat(65) }, 'EVENT_INVALID', []],
    ['a token that is an object', { ...event, ClientRequestToken: { length: 36 } }, 'EVENT_INVALID', []],
    ['a rotation token that is no text', { ...event, RotationToken: {} }, 'EVENT_INVALID', []],
    ['an oversized rotation token', { ...event, RotationToken: 'a'.repeat(257) }, 'EVENT_INVALID', []],
    ["another account's secret", { ...event, SecretId: ARN.replace(ACCOUNT, '444444444444') }, 'SECRET_UNKNOWN', []],
    ['a secret that does not exist', { ...event, SecretId: '/access-key/carol' }, 'SECRET_UNKNOWN', []],
    ['another kind of thing', { ...event, SecretId: 'arn:aws:iam::333333333333:user/ann' }, 'SECRET_UNKNOWN', []],
    [
      'a secret with traversal that leads to none',
      { ...event, SecretId: '/access-key/x/../ann' },
      'SECRET_UNKNOWN',
      [],
    ],
    [
      'a secret with traversal in its own name',
      { ...event, SecretId: TRAVERSAL },
      'SECRET_NOT_IN_ROSTER',
      [notInRoster(TRAVERSAL)],
    ],
    [
      'a secret that is none of ours',
      { ...event, SecretId: 'database' },
      'SECRET_NOT_IN_ROSTER',
      [notInRoster('database')],
    ],
    [
      'a secret of a user who is not in the roster',
      { ...event, SecretId: ARN.replace('ann', 'ben') },
      'SECRET_NOT_IN_ROSTER',
      [notInRoster('/access-key/ben')],
    ],
    [
      'a token of no version',
      { ...event, ClientRequestToken: 'token-999999999999999999999999999999' },
      'TOKEN_UNKNOWN',
      [],
    ],
    [
      "a token of another secret's version",
      { ...event, ClientRequestToken: 'version-of-somebody-else-0000000000' },
      'TOKEN_UNKNOWN',
      [],
    ],
    ['a token of the prototype', { ...event, ClientRequestToken: '__proto__'.padEnd(32, '_') }, 'EVENT_INVALID', []],
    ['the token of the previous version', { ...event, ClientRequestToken: REMOVED }, 'TOKEN_NOT_PENDING', []],
    [
      'a finish replayed for the previous version',
      { ...event, ClientRequestToken: REMOVED, Step: 'finishSecret' },
      'TOKEN_NOT_PENDING',
      [],
    ],
    [
      'a finish replayed for a version without labels',
      { ...event, ClientRequestToken: REPLACED, Step: 'finishSecret' },
      'TOKEN_NOT_PENDING',
      [],
    ],
    [
      'a finish before anything was made',
      { ...event, Step: 'finishSecret' },
      'PENDING_EMPTY',
      ['rotation-failed PENDING_EMPTY of ann in /access-key/ann to admin'],
    ],
  ])('%s is refused', async (_, hostile, code, notices) => {
    const world = await settled();
    const before = stateOf(world);
    expect(await world.handle(hostile)).toMatchObject({ code });
    expect(told(world)).toEqual(notices);
    expect(world.recorded).toEqual(world.notices);
    expect(iamCalls(world)).toEqual([]);
    expect(stateOf(withoutFailure(world))).toBe(before);
    if (code === 'EVENT_INVALID') expect(world.calls).toEqual([]);
  });

  test("another account's secret is not even looked for", async () => {
    const world = await settled();
    await world.handle({ ...event, SecretId: ARN.replace(ACCOUNT, '444444444444') });
    expect(world.calls).toEqual([]);
  });

  test.each(STEPS)('%s replayed for the version that is current does nothing, and is no failure', async (step) => {
    const world = await settled();
    const before = stateOf(world);
    expect(await world.step(step, CURRENT)).toBeUndefined();
    expect([told(world), iamCalls(world)]).toEqual([[], []]);
    expect(stateOf(world)).toBe(before);
  });

  test.each([
    null,
    'x',
    {},
    { source: 'aws.secretsmanager' },
    { source: 'aws.secretsmanager', detail: null },
    { source: 'evil', detail: { eventName: 'RotationFailed' } },
    { source: 'aws.secretsmanager', detail: { eventName: ['RotationFailed'] } },
  ])('%j is no rotation event', (event) => {
    expect(rotationFailureOf(event)).toBeUndefined();
  });

  test.each([
    ['no secret', ''],
    ["another account's secret", ARN.replace(ACCOUNT, '444444444444')],
    ['a secret that is none of ours', 'database'],
    ['a secret of a user who is not in the roster', ARN.replace('ann', 'ben')],
    ['a secret with traversal', '/access-key/x/../ann'],
    ['a secret with a wildcard', '/access-key/*'],
    ['an oversized secret', `${ARN}${'x'.repeat(100_000)}`],
    ['a secret whose name begins as that of one of ours', ARN.replace('ann-', 'ann-two-')],
  ])('a rotation event of %s is told to nobody and changes nothing', async (_, secretId) => {
    const world = await settled();
    world.forget();
    const before = stateOf(world);
    await world.reconcile({ name: 'RotationFailed', secretId, at: world.now.toISOString() });
    expect(world.calls).toEqual(['s3:GetObject slice']);
    expect(told(world)).toEqual([]);
    expect(stateOf(world)).toBe(before);
  });
});
