/** Events, secrets and slices that are broken or meant to do harm: refused before any IAM call, with nothing changed. */
import { inspect } from 'node:util';
import { secretsManager } from '../../lambda/aws/secrets-manager';
import { STEPS, type Step } from '../../lambda/domain/rotation/step-event';
import { TAGS } from '../../lambda/domain/ledger/tags';
import { rotationFailureOf } from '../../lambda/domain/reconcile/account/rotation-failed-event';
import { printSecretValue } from '../../lambda/domain/secret-value';
import { parseSlice } from '../../lambda/domain/roster/parse-slice';
import { ACCOUNT, ANN, sliceOf, World } from './world';

const ARN = 'arn:aws:secretsmanager:us-east-1:333333333333:secret:/access-key/ann-AbCdEf';
const TRAVERSAL = '/access-key/../database';
const [REPLACED, REMOVED, CURRENT, PENDING] = ['0', '1', '2', '3'].map(
  (number) => `token-${number.padStart(30, '0')}`,
) as [string, string, string, string];

/** Ann has rotated three times and is about to rotate again; beside her secret are some that are not the roster's. */
async function settled(): Promise<World> {
  const world = new World();
  for (const name of ['/access-key/ben', 'database', TRAVERSAL]) {
    world.secrets.set(name, {
      name,
      versions: new Map([
        [PENDING, { stages: new Set(['AWSPENDING']) }],
        ['version-of-somebody-else-0000000000', { value: '{}', stages: new Set(['AWSCURRENT']) }],
      ]),
      tags: {},
      schedule: 'rate(30 days)',
      policy: '{}',
      rotationEnabled: true,
    });
  }
  world.addSecret(world.addKey({ usedHoursAgo: 1 }));
  for (const _ of [REPLACED, REMOVED, CURRENT]) {
    expect(await world.rotate()).toBeUndefined();
    world.keys = world.keys.filter(({ id }) => id === world.keyOf('AWSCURRENT')!.id);
  }
  expect(world.startRotation()).toBe(PENDING);
  clear(world);
  return world;
}

/** What happened before is of no interest. */
function clear(world: World): void {
  for (const record of [world.calls, world.notices, world.recorded, world.logLines]) record.length = 0;
}

const EVIDENCE = 'access-keys:steps';

/** Every key, and every secret with its versions, labels, tags, schedule, policy and rotation, in words. */
const stateOf = ({ keys, secrets }: World): string =>
  inspect(
    {
      keys,
      secrets: [...secrets.values()].map((secret) => ({ ...secret, tags: { ...secret.tags, [EVIDENCE]: undefined } })),
    },
    { depth: Infinity, maxArrayLength: null, maxStringLength: null },
  );
const iamCalls = (world: World): string[] => world.calls.filter((call) => call.startsWith('iam:'));
const told = (world: World): string[] =>
  world.notices.map(
    ({ type, code, audience, userName, secretName }) =>
      `${type} ${code} of ${userName || 'nobody'} in ${secretName} to ${audience.join()}`,
  );

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

/** That a failure was told is remembered, and is all that may be. */
function withoutFailure(world: World): World {
  delete world.secret.tags[TAGS.failed];
  delete world.secret.tags['access-keys:failure-reported'];
  return world;
}

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

describe('slices', () => {
  const ann = (change: object): string => JSON.stringify({ ...sliceOf(ANN), users: [{ ...ANN, ...change }] });
  const whole = (change: object): string => JSON.stringify({ ...sliceOf(ANN), ...change });
  const half = { ...ANN, whenStillUsed: undefined, keepPreviousForHours: undefined };
  const BROKEN: readonly (readonly [string, string, string])[] = [
    ['cut off', '{"schemaVersion":1,"gener', 'it is not JSON'],
    ['no JSON', '<html>', 'it is not JSON'],
    ['empty', '', 'it is not JSON'],
    ['null', 'null', 'it is null'],
    ['a list', '[]', 'it is a list'],
    ['of an older version', whole({ schemaVersion: 0 }), 'schemaVersion is 0'],
    ['of a later version', whole({ schemaVersion: 2 }), 'schemaVersion is 2'],
    ['without users', whole({ users: undefined }), 'users is missing'],
    ['of a generation in words', whole({ generation: 'newest' }), 'generation is "newest"'],
    ['of a strange account', whole({ accountId: '*' }), 'accountId is "*"'],
    ['without a state', whole({ state: undefined }), 'state is missing'],
    ['without limits', whole({ limits: null }), 'limits is null'],
    [
      'with a freeze that is no date',
      whole({ limits: { maxFirstRotationsPerRun: 1, freeze: [{ from: '2026-12-20', to: '2026-13-40' }] } }),
      'limits.freeze[0].to is "2026-13-40"',
    ],
    ['with a break-glass role of anybody', whole({ breakGlassRoles: ['*'] }), 'breakGlassRoles[0] is "*"'],
    ['with a user of nothing', whole({ users: [{}] }), 'users[0].name is missing'],
    ['with a user that is null', whole({ users: [ANN, null] }), 'users[1] is null'],
    ['with a user cut in half', whole({ users: [half] }), 'users[0].keepPreviousForHours is missing'],
    [
      'with a user twice',
      whole({ users: [ANN, { ...ANN, name: 'Ann', secretName: '/access-key/other' }] }),
      'is listed more than once',
    ],
    ['with a secret twice', whole({ users: [ANN, { ...ANN, name: 'ben' }] }), 'is listed more than once'],
    ...['*', 'a/b', 'a?', 'ann\n', '', 'a'.repeat(65)].map(
      (name) => [`with the user name ${JSON.stringify(name).slice(0, 10)}`, ann({ name }), 'users[0].name is'] as const,
    ),
    ...['ann', '/access-key/', '/access-key/*', '/access-key/a b', '/other/ann'].map(
      (secretName) => [`with the secret name ${secretName}`, ann({ secretName }), 'users[0].secretName is'] as const,
    ),
    ...[-1, 1.5, '7d', null, 1e9].map(
      (hours) =>
        [
          `with hours of ${JSON.stringify(hours)}`,
          ann({ deleteInactiveAfterHours: hours }),
          'users[0].deleteInactiveAfterHours is',
        ] as const,
    ),
    ['rotated every hour', ann({ rotateEveryHours: 1 }), 'users[0].rotateEveryHours is 1'],
    [
      'with an unknown word',
      ann({ unmanagedKeys: 'burn' }),
      'users[0].unmanagedKeys is "burn", and must be retire or hold or delete',
    ],
    ['with a yes for true', ann({ ownerReads: 'yes' }), 'users[0].ownerReads is "yes"'],
    ["with another account's reader", ann({ readers: ['arn:aws:iam::444444444444:role/x'] }), 'users[0].readers[0] is'],
    ['with a reader for all', ann({ readers: ['arn:aws:iam::333333333333:role/*'] }), 'users[0].readers[0] is'],
    [
      'with an exemption for ever',
      ann({ exempt: { reason: 'x', approvedBy: 'y' } }),
      'users[0].exempt.until is missing',
    ],
  ];

  test.each(BROKEN)('%s: refused, saying what was found and where', (_, text, found) => {
    expect(() => parseSlice(text)).toThrow(
      expect.objectContaining({ code: 'SLICE_INVALID', message: expect.stringContaining(found) }),
    );
  });

  test.each([
    ...BROKEN,
    ["another account's", whole({ accountId: '444444444444' }), 'is that of 444444444444'] as const,
  ])('%s: changes nothing and is told to the admins, by reconcile and by a rotation', async (_, text, found) => {
    const world = await settled();
    await world.reconcile();
    const before = stateOf(world);
    const refused = async (run: () => Promise<unknown>): Promise<void> => {
      clear(world);
      world.sliceText = text;
      await run();
      expect(
        world.calls.filter((call) => !/^(s3:|sns:|secretsmanager:(DescribeSecret|TagResource))/.test(call)),
      ).toEqual([]);
      expect(world.notices.map(({ code, audience }) => [code, audience])).toEqual([['SLICE_INVALID', ['admin']]]);
      expect(world.notices[0]!.reason).toContain(found);
      expect(stateOf(withoutFailure(world))).toBe(before);
    };
    await refused(() => world.reconcile());
    await refused(async () =>
      expect(await world.step('createSecret', PENDING)).toMatchObject({ code: 'SLICE_INVALID' }),
    );
  });

  test('a newer one of the same version, with members that nobody knows yet, is read', () => {
    const newer = {
      ...sliceOf({ ...ANN, exempt: { reason: 'x', approvedBy: 'y', until: '2027-01-31' } }),
      colour: 'green',
    };
    expect(
      parseSlice(JSON.stringify({ ...newer, users: newer.users.map((user) => ({ ...user, pet: 'cat' })) })),
    ).toMatchObject(newer);
  });
});
