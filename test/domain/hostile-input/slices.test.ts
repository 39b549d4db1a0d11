/** Slices of the roster that are broken or meant to do harm. */
import { parseSlice } from '../../../lambda/domain/roster/parse-slice';
import { ANN, sliceOf } from '../world';
import { PENDING, clear, settled, stateOf, withoutFailure } from './fixture';

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
