/** Secret values that are broken or meant to do harm. */
import { inspect } from 'node:util';
import { secretsManager } from '../../../lambda/aws/secrets-manager';
import { STEPS, type Step } from '../../../lambda/domain/rotation/step-event';
import { printSecretValue } from '../../../lambda/domain/secret-value';
import { ACCOUNT, World } from '../world';
import { ARN, PENDING, clear, iamCalls, settled, stateOf, told, withoutFailure } from './fixture';

describe('values', () => {
  const value = (userName: string, accountId: string): string =>
    printSecretValue({ userName, accountId, key: { id: 'AKIAIOSFODNN7EXAMPLE', secret: 'x' } });
  const HOSTILE: [string, string, string][] = [
    ['other JSON', '{"password":"AKIAIOSFODNN7EXAMPLE"}', 'SECRET_VALUE_INVALID'],
    ['no JSON', 'AKIAIOSFODNN7EXAMPLE', 'SECRET_VALUE_INVALID'],
    ['a list', '["AKIAIOSFODNN7EXAMPLE"]', 'SECRET_VALUE_INVALID'],
    [
      'half a key',
      '{"user_name":"ann","account_id":"333333333333","access_key_id":"AKIAIOSFODNN7EXAMPLE"}',
      'SECRET_VALUE_INVALID',
    ],
    ['numbers', '{"user_name":1,"account_id":2}', 'SECRET_VALUE_INVALID'],
    ["another user's", value('ben', ACCOUNT), 'SECRET_VALUE_FOREIGN'],
    ["another account's", value('ann', '444444444444'), 'SECRET_VALUE_FOREIGN'],
    ['binary, or empty, which read as nothing', '', 'SECRET_VALUE_INVALID'],
    ['as large as there are', 'AKIAIOSFODNN7EXAMPLE'.padEnd(65_536, 'x'), 'SECRET_VALUE_INVALID'],
    ['nested as deep as there are', '['.repeat(32_768) + ']'.repeat(32_768), 'SECRET_VALUE_INVALID'],
    [
      'of a user with as long a name as there are',
      value('AKIAIOSFODNN7EXAMPLE'.padEnd(65_000, 'x'), ACCOUNT),
      'SECRET_VALUE_FOREIGN',
    ],
  ];
  const readsIt: [string, Step][] = [
    ['AWSCURRENT', 'createSecret'],
    ['AWSCURRENT', 'finishSecret'],
    ...STEPS.map((step): [string, Step] => ['AWSPENDING', step]),
  ];

  /** Everything before the step is done; then somebody edits the version. */
  async function edited(stage: string, step: Step, text: string): Promise<World> {
    const world = await settled();
    for (const earlier of STEPS.slice(0, STEPS.indexOf(step)))
      expect(await world.step(earlier, PENDING)).toBeUndefined();
    clear(world);
    for (const version of world.secret.versions.values()) if (version.stages.has(stage)) version.value = text;
    return world;
  }

  describe.each(readsIt)('in %s before %s', (stage, step) => {
    test.each(HOSTILE)('%s stops the rotation with nothing changed, and the admins hear', async (_, text, code) => {
      const world = await edited(stage, step, text);
      const before = stateOf(world);
      expect(await world.step(step, PENDING)).toMatchObject({ code });
      expect(told(world)).toEqual([`rotation-failed ${code} of ann in /access-key/ann to admin`]);
      expect(iamCalls(world).filter((call) => !/(GetUser|ListAccessKeys)$/.test(call))).toEqual([]);
      expect(stateOf(withoutFailure(world))).toBe(before);
      expect(JSON.stringify([world.notices, world.logLines])).not.toContain('AKIAIOSFODNN7EXAMPLE');
    });
  });

  test.each(['setSecret', 'testSecret'] as const)('%s has no use for AWSCURRENT and does not read it', async (step) => {
    const world = await edited('AWSCURRENT', step, 'mine');
    const before = stateOf(world);
    expect(await world.step(step, PENDING)).toBeUndefined();
    expect(stateOf(world)).toBe(before);
  });

  test.each<[Step, string | undefined]>([
    ['setSecret', undefined],
    ['testSecret', 'KEY_IDENTITY_WRONG'],
    ['finishSecret', 'KEY_IDENTITY_WRONG'],
  ])("another user's key under this user's name in AWSPENDING is not taken by %s", async (step, code) => {
    const world = await edited('AWSPENDING', step, value('ann', ACCOUNT));
    world.keysOfOthers.set('AKIAIOSFODNN7EXAMPLE', 'ben');
    const before = stateOf(world);
    const failure = await world.step(step, PENDING);
    expect((failure as { code?: string } | undefined)?.code).toBe(code);
    expect(told(world)).toEqual(code ? [`rotation-failed ${code} of ann in /access-key/ann to admin`] : []);
    expect(iamCalls(world).filter((call) => !/(GetUser|ListAccessKeys)$/.test(call))).toEqual([]);
    expect(stateOf(withoutFailure(world))).toBe(before);
  });

  test('the adapter reads a binary value as empty, and one that is not there as none', async () => {
    const reads = (answer: object) =>
      secretsManager({ send: async () => answer } as never, { prefix: '', rotateFunctionArn: '', keyAlias: '' }).value(
        ARN,
        'AWSCURRENT',
      );
    expect(await reads({ SecretBinary: new TextEncoder().encode(value('ann', ACCOUNT)) })).toBe('');
    expect(await reads({ SecretString: 'text' })).toBe('text');
  });

  test.each(['AWSCURRENT', 'AWSPENDING'])('no key is touched while %s cannot be understood', async (stage) => {
    for (const [, text, code] of HOSTILE) {
      const world = await edited(stage, 'setSecret', text);
      const keys = inspect(world.keys);
      for (let day = 0; day < 30; day++) {
        world.pass(24);
        await world.reconcile();
      }
      expect(inspect(world.keys)).toBe(keys);
      expect(world.notices.filter((notice) => notice.code === code)).toHaveLength(30);
    }
  });
});
