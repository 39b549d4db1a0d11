/** Events, secrets and slices that are broken or meant to do harm: refused before any IAM call, with nothing changed. */
import { parseSlice } from '../../lambda/aws/roster';
import { occurrenceOf } from '../../lambda/domain/rotation-events';
import { ANN, sliceOf, World } from './world';

const ARN = 'arn:aws:secretsmanager:us-east-1:333333333333:secret:/access-key/ann-AbCdEf';
const TOKEN = 'token-000000000000000000000000000000';

function settled() {
  const world = new World();
  const current = world.addKey({ usedHoursAgo: 1 });
  world.addSecret(current);
  return { world, current };
}

const state = (world: World): string => JSON.stringify([world.keys, [...world.secret.versions].map(([id, { value, stages }]) => [id, value, [...stages]])]);
const iamCalls = (world: World): string[] => world.calls.filter((call) => call.startsWith('iam:'));

describe('events', () => {
  test.each([
    ['nothing', null],
    ['text', 'createSecret'],
    ['no members', {}],
    ['an unknown step', { SecretId: ARN, ClientRequestToken: TOKEN, Step: 'deleteSecret' }],
    ['a step of the prototype', { SecretId: ARN, ClientRequestToken: TOKEN, Step: 'constructor' }],
    ['a secret with traversal', { SecretId: '/access-key/../../etc', ClientRequestToken: TOKEN, Step: 'createSecret' }],
    ['a secret with wildcards', { SecretId: '/access-key/*', ClientRequestToken: TOKEN, Step: 'createSecret' }],
    ['a secret with line breaks', { SecretId: `${ARN}\nx`, ClientRequestToken: TOKEN, Step: 'createSecret' }],
    ['an oversized secret', { SecretId: 'a'.repeat(5_000), ClientRequestToken: TOKEN, Step: 'createSecret' }],
    ['a short token', { SecretId: ARN, ClientRequestToken: 'x', Step: 'createSecret' }],
    ['a token that is an object', { SecretId: ARN, ClientRequestToken: { length: 36 }, Step: 'createSecret' }],
    ['a rotation token that is no text', { SecretId: ARN, ClientRequestToken: TOKEN, Step: 'createSecret', RotationToken: {} }],
    ["another account's secret", { SecretId: ARN.replace('333333333333', '444444444444'), ClientRequestToken: TOKEN, Step: 'createSecret' }],
    ['a secret that is none of ours', { SecretId: 'database', ClientRequestToken: TOKEN, Step: 'createSecret' }],
    ['a token of no version', { SecretId: ARN, ClientRequestToken: TOKEN, Step: 'finishSecret' }],
  ])('%s is refused', async (_, event) => {
    const { world } = settled();
    const before = state(world);
    expect(await world.handle(event)).toMatchObject({ code: expect.stringMatching(/^(EVENT_INVALID|SECRET_UNKNOWN|SECRET_NOT_IN_ROSTER|TOKEN_UNKNOWN)$/) });
    expect(iamCalls(world)).toEqual([]);
    expect(state(world)).toBe(before);
  });

  test('a finish that is replayed for an older version is refused', async () => {
    const { world } = settled();
    const token = world.startRotation();
    await world.rotate(token);
    world.keys = world.keys.filter(({ id }) => id === world.keyOf('AWSCURRENT')!.id);
    expect(await world.rotate()).toBeUndefined();
    const before = state(world);
    const calls = iamCalls(world).length;
    expect(await world.step('finishSecret', token)).toMatchObject({ code: 'TOKEN_NOT_PENDING' });
    expect(iamCalls(world)).toHaveLength(calls);
    expect(state(world)).toBe(before);
  });

  test.each([null, 'x', {}, { source: 'aws.secretsmanager' }, { source: 'aws.secretsmanager', detail: null }, { source: 'evil', detail: { eventName: 'RotationFailed' } }, { source: 'aws.secretsmanager', detail: { eventName: ['RotationFailed'] } }])('%j is no rotation event', (event) => {
    expect(occurrenceOf(event)).toBeUndefined();
  });
});

describe('values', () => {
  test.each([
    ['other JSON', '{"password":"x"}'],
    ['no JSON', 'AKIA'],
    ['a list', '[]'],
    ['binary, which reads as nothing', ''],
    ['half a key', '{"user_name":"ann","account_id":"333333333333","access_key_id":"AKIAIOSFODNN7EXAMPLE"}'],
    ["another user's", '{"user_name":"ben","account_id":"333333333333","access_key_id":"AKIAIOSFODNN7EXAMPLE","secret_access_key":"x"}'],
    ["another account's", '{"user_name":"ann","account_id":"444444444444","access_key_id":"AKIAIOSFODNN7EXAMPLE","secret_access_key":"x"}'],
    ['numbers', '{"user_name":1,"account_id":2}'],
  ])('%s in AWSCURRENT stops the rotation before a key is made, and the admins hear', async (_, value) => {
    const { world } = settled();
    [...world.secret.versions.values()][0]!.value = value;
    const token = world.startRotation();
    expect(await world.step('createSecret', token)).toMatchObject({ code: expect.stringMatching(/^SECRET_VALUE_/) });
    expect(world.calls).not.toContain('iam:CreateAccessKey');
    expect(world.notices.map(({ type, audience }) => [type, audience])).toEqual([['rotation-failed', ['admin']]]);
    expect(JSON.stringify([world.notices, world.logLines])).not.toContain('AKIAIOSFODNN7EXAMPLE');
  });

  test('nothing retires while AWSCURRENT cannot be understood', async () => {
    const { world, current } = settled();
    await world.rotate();
    for (const version of world.secret.versions.values()) if (version.stages.has('AWSCURRENT')) version.value = 'mine';
    for (let day = 0; day < 30; day++) {
      world.pass(24);
      await world.reconcile();
    }
    expect(current.status).toBe('Active');
    expect(world.keys).toHaveLength(2);
    expect(world.notices.some(({ code }) => code === 'SECRET_VALUE_INVALID')).toBe(true);
  });
});

describe('slices', () => {
  test.each([
    ['cut off', '{"schemaVersion":1,"gener'],
    ['no JSON', '<html>'],
    ['empty', ''],
    ['null', 'null'],
    ['a list', '[]'],
    ['of a later version', JSON.stringify({ ...sliceOf(ANN), schemaVersion: 2 })],
    ['without users', JSON.stringify({ ...sliceOf(ANN), users: undefined })],
    ['without a generation', JSON.stringify({ ...sliceOf(ANN), generation: 'newest' })],
  ])('%s is refused, and says nothing of what it holds', (_, text) => {
    expect(() => parseSlice(text)).toThrow(expect.objectContaining({ code: 'SLICE_INVALID' }));
  });
});
