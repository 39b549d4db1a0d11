import type { AccountReport, KeyReport, UserReport } from '../../lambda/contract/report';
import { textOf } from '../../lib/cli/bake';
import { bake, BAKE_MINUTES, candidateOf, unhealthy, type BakeOptions } from '../../lib/operator/bake';
import { UnreadableReport } from '../../lib/org-bucket/report';
import type { Operator } from '../../lib/operator/operator';
import { loadRoster } from '../../lib/roster/load';
import { canaries } from '../../lib/roster/canaries';
import { ROSTERS } from '../fixtures/rosters';

const START = new Date('2027-01-04T00:00:00Z');
const ACCOUNT = '333333333333';
const SECOND = '444444444444';
const accounts = canaries(loadRoster(ROSTERS.organization, { at: START }).roster!);

const key = (keyId: string, role: KeyReport['role'], createdAt: string): KeyReport => ({
  keyId,
  role,
  status: 'Active',
  createdAt,
  ageDays: 1,
});
const user = (userName: string, ...keys: KeyReport[]): UserReport => ({
  userName,
  secretName: `/access-key/${userName}`,
  keys,
  conditions: [],
});
const report = (change: Partial<AccountReport> = {}): AccountReport => ({
  schemaVersion: 1,
  accountId: ACCOUNT,
  generation: 5,
  codeVersion: 'new',
  at: START.toISOString(),
  users: [user('jeremy.ritchie', key('AKIAOLD', 'current', '2026-01-01T00:00:00Z'))],
  unknown: [],
  ...change,
});

/** What the account reports by the minute; the last stays. */
class Account implements Operator {
  readonly operated: object[] = [];
  minutes = 0;
  refuses: string | undefined;
  /** What CloudFormation says of each account's stack, in the security account. */
  stacks: ReadonlyMap<string, string> = new Map([ACCOUNT, SECOND].map((id) => [id, 'CURRENT']));

  constructor(private readonly reports: readonly (AccountReport | undefined)[]) {}

  async operate(_: string, command: object) {
    this.operated.push(command);
    if (this.refuses !== undefined) throw new Error(this.refuses);
    return 'started';
  }

  async report(_accountId?: string) {
    return this.reports[Math.min(this.minutes, this.reports.length - 1)];
  }

  async generation() {
    return 5;
  }

  async stackStatuses() {
    return this.stacks;
  }

  async publishedAt() {
    return undefined;
  }
}

function run(account: Account, options: Partial<BakeOptions> = {}) {
  let now = START.getTime();
  const clock = {
    now: () => new Date(now),
    sleep: async (ms: number) => {
      now += ms;
      account.minutes++;
    },
  };
  return bake(account, { accounts, codeVersion: 'new', freeze: [], limitMs: 10 * 60_000, clock, ...options });
}

const rotated = report({
  users: [
    user(
      'jeremy.ritchie',
      key('AKIANEW', 'current', '2027-01-04T00:01:00Z'),
      key('AKIAOLD', 'retiring', '2026-01-01T00:00:00Z'),
    ),
  ],
});

test('one rotation is forced once all is healthy, and its new key is waited for', async () => {
  const account = new Account([undefined, report({ codeVersion: 'old' }), report(), report(), rotated]);
  expect(await run(account)).toEqual({
    ok: true,
    lines: ['1 canary account is healthy; jeremy.ritchie in 333333333333 was rotated'],
  });
  expect(account.operated).toEqual([{ command: 'rotate', secretName: '/access-key/jeremy.ritchie' }]);
});

test('a first rotation that is under way is as good, and no other is forced', async () => {
  const account = new Account([rotated]);
  expect(await run(account)).toMatchObject({ ok: true });
  expect(account.operated).toEqual([]);
});

test('where only first rotations are to come, they are waited for', async () => {
  const account = new Account([
    report({ users: [user('jeremy.ritchie')] }),
    report({ users: [user('jeremy.ritchie')] }),
    rotated,
  ]);
  expect(await run(account)).toMatchObject({ ok: true });
  expect(account.operated).toEqual([]);
  expect(await run(new Account([report({ users: [user('jeremy.ritchie')] })]))).toEqual({
    ok: false,
    lines: [`${ACCOUNT}: the first rotation of jeremy.ritchie has not finished`],
  });
});

test('a rotation that is refused is asked for again, and the reason stands in the end', async () => {
  const account = new Account([report()]);
  account.refuses = 'a rotation is outstanding';
  expect(await run(account)).toEqual({ ok: false, lines: [`${ACCOUNT}: a rotation is outstanding`] });
  expect(account.operated.length).toBeGreaterThan(5);
});

test('a key that does not come stops the pipeline, by account and user', async () => {
  expect(await run(new Account([report()]))).toEqual({
    ok: false,
    lines: [`${ACCOUNT}: no new key of jeremy.ritchie since ${START.toISOString()}`],
  });
});

test('the usual wait is longer than the hour that reports take to show a key', async () => {
  expect(
    await run(new Account([...Array.from({ length: 65 }, () => report()), rotated]), {
      limitMs: BAKE_MINUTES * 60_000,
    }),
  ).toMatchObject({ ok: true });
});

test.each(['unmanaged', 'retiring', 'pending'] as const)('a new key that is %s proves nothing', async (role) => {
  const made = report({
    users: [
      user(
        'jeremy.ritchie',
        key('AKIAOLD', 'current', '2026-01-01T00:00:00Z'),
        key('AKIANEW', role, '2027-01-04T00:01:00Z'),
      ),
    ],
  });
  expect(await run(new Account([report(), made]))).toMatchObject({ ok: false });
});

test('one canary account that is not well stops the pipeline, though another was rotated', async () => {
  const account = new Account([]);
  account.report = async (id?: string) => (id === ACCOUNT ? rotated : report({ accountId: id, codeVersion: 'old' }));
  const both = [accounts[0]!, { ...accounts[0]!, id: '444444444444', name: 'second' }];
  expect(await run(account, { accounts: both })).toEqual({
    ok: false,
    lines: [expect.stringMatching(/^444444444444 second: its last report, .* comes from code old/)],
  });
  expect(account.operated).toEqual([]);
});

test('what the account reports of a user whose rotation does not finish stands behind it', async () => {
  const stuck = report({
    users: [
      {
        ...user('jeremy.ritchie', key('AKIAOLD', 'current', '2026-01-01T00:00:00Z')),
        conditions: ['ROTATION_UNFINISHED'],
      },
    ],
  });
  expect(await run(new Account([report(), stuck]))).toEqual({
    ok: false,
    lines: [
      `${ACCOUNT}: no new key of jeremy.ritchie since ${START.toISOString()}; its report says ROTATION_UNFINISHED`,
    ],
  });
});

describe('when no user in the canary accounts has a free slot for another key', () => {
  const retiring = (at: string): KeyReport => ({
    ...key('AKIAOLD', 'retiring', '2026-01-01T00:00:00Z'),
    nextStep: 'delete',
    nextStepAt: at,
  });
  const full = report({
    users: [
      user('jeremy.ritchie', key('A', 'current', '2027-01-02T00:00:00Z'), retiring('2027-01-16T00:00:00.000Z')),
      user('svc-deploy', key('C', 'current', '2027-01-01T00:00:00Z'), retiring('2027-01-15T00:00:00.000Z')),
      user('svc-backup', key('D', 'current', '2027-01-01T00:00:00Z'), key('E', 'unmanaged', '2020-01-01T00:00:00Z')),
    ],
  });

  test('a rotation by the same code in an earlier execution is proof enough', async () => {
    expect(await run(new Account([full]), { codePublishedAt: new Date('2027-01-01T12:00:00Z') })).toEqual({
      ok: true,
      lines: [
        '1 canary account is healthy; no user has a free slot for another key, and jeremy.ritchie in 333333333333 was rotated by this code before',
      ],
    });
  });

  test.each([
    ['by older code only', new Date('2027-01-03T00:00:00Z')],
    ['by code that is not known', undefined],
  ])(
    'rotations %s prove nothing: the pipeline stops, and says who gets room when and how to go on',
    async (_, codePublishedAt) => {
      const account = new Account([full]);
      const { ok, lines } = await run(account, { codePublishedAt });
      expect(ok).toBe(false);
      expect(lines).toEqual([
        expect.stringContaining(
          'first comes svc-deploy in 333333333333, whose other key is due for deletion at 2027-01-15T00:00:00.000Z; then retry this step, or push another user or another canary account',
        ),
      ]);
      expect(account.operated).toEqual([]);
    },
  );

  test('room that comes in time is used', async () => {
    expect(await run(new Account([full, report(), report(), rotated]))).toMatchObject({
      ok: true,
      lines: [expect.stringContaining('was rotated')],
    });
  });

  test('accounts that leave are not waited for', async () => {
    const leaving = accounts.map((account) => ({ ...account, state: 'leaving' as const }));
    expect(await run(new Account([full]), { accounts: leaving })).toMatchObject({
      ok: true,
      lines: [expect.stringContaining('the roster allows no rotation there')],
    });
  });
});

test('a report that cannot be believed stops the pipeline, by account', async () => {
  const account = new Account([]);
  account.report = () =>
    Promise.reject(new UnreadableReport(`the report of account ${ACCOUNT} cannot be read: it is not JSON`));
  expect(await run(account)).toEqual({
    ok: false,
    lines: [
      expect.stringMatching(/^333333333333 .*: the report of account 333333333333 cannot be read: it is not JSON$/),
    ],
  });
  expect(account.operated).toEqual([]);
});

test('no rotation is forced in a freeze', async () => {
  const account = new Account([report()]);
  expect(await run(account, { freeze: [{ from: '2027-01-01', to: '2027-01-04' }] })).toMatchObject({
    ok: true,
    lines: [expect.stringContaining('no rotation is forced in a freeze')],
  });
  expect(account.operated).toEqual([]);
});

test('nor in the quarter of an hour before one, in which the functions call rotations off already', async () => {
  const account = new Account([report()]);
  const freeze = [{ from: '2027-01-05', to: '2027-01-06' }];
  const clock = { now: () => new Date('2027-01-04T23:46:00Z'), sleep: async () => {} };
  expect(await run(account, { freeze, clock })).toMatchObject({
    ok: true,
    lines: [expect.stringContaining('no rotation is forced in a freeze')],
  });
  expect(account.operated).toEqual([]);
});

test.each([
  ['no report', undefined, 5, 'it has not reported yet'],
  ['old code', report({ codeVersion: 'old' }), 5, 'comes from code old, not from new'],
  ['an older roster', report({ generation: 4 }), 5, 'generation 4, not 5'],
  ['no slice', report(), undefined, 'its slice of the roster is not published'],
  [
    'something unknown',
    report({
      unknown: [
        { userName: 'a', code: 'AccessDenied', reason: 'no' },
        { userName: 'b', code: 'X', reason: 'no' },
      ],
    }),
    5,
    'a: AccessDenied, no; and 1 more',
  ],
])('an account with %s is not healthy, and says so', (_, given, generation, reason) => {
  expect(unhealthy(given, 'new', generation)).toContain(reason);
});

test('a user that IAM does not have is no fault of the code', () => {
  expect(
    unhealthy(report({ unknown: [{ userName: 'a', code: 'USER_MISSING', reason: 'no such user' }] }), 'new', 5),
  ).toBeUndefined();
});

test('a user whom IAM does not show for want of a tag is excused, and the others of the account are judged', () => {
  const refused = { userName: 'a', code: 'USER_REFUSED', reason: 'IAM does not show the user' };
  const broken = { userName: 'b', code: 'AccessDenied', reason: 'no' };
  expect(unhealthy(report({ unknown: [refused] }), 'new', 5)).toBeUndefined();
  expect(unhealthy(report({ unknown: [refused, broken] }), 'new', 5)).toBe('b: AccessDenied, no');
});

test('an account of whose users IAM shows none is not healthy: the release may have lost the permission', () => {
  const refused = ['a', 'b'].map((userName) => ({
    userName,
    code: 'USER_REFUSED',
    reason: 'IAM does not show the user',
  }));
  expect(unhealthy(report({ users: [], unknown: refused }), 'new', 5)).toMatch(
    /^IAM shows none of the account's 2 users: tag/,
  );
});

test('a release that stops here says what the canaries have and what to do', async () => {
  const account = new Account([report({ codeVersion: 'old' })]);
  const outcome = await run(account);
  expect(outcome.ok).toBe(false);
  expect(textOf(outcome)).toMatch(
    /^not baked\n[^]*what to do\n {2}1\. the canary accounts have the new code[^]*retry the stage Canary/,
  );
});

test('the oldest key of a user with room is chosen; exempt and full users never are', () => {
  const given = report({
    users: [
      user('jeremy.ritchie', key('A', 'current', '2026-05-01T00:00:00Z'), key('B', 'retiring', '2026-01-01T00:00:00Z')),
      user('svc-deploy', key('C', 'current', '2026-04-01T00:00:00Z')),
      user('svc-backup', key('D', 'current', '2026-03-01T00:00:00Z')),
      user('legacy-etl', key('E', 'current', '2020-01-01T00:00:00Z')),
    ],
  });
  expect(candidateOf(accounts, new Map([[ACCOUNT, given]]), START)?.userName).toBe('svc-backup');
});

describe('a report that an account forged', () => {
  const both = [accounts[0]!, { ...accounts[0]!, id: SECOND, name: 'second' }];
  /** What each of two canary accounts reports, by the minute. */
  const two = (first: (minutes: number) => AccountReport, second: (minutes: number) => AccountReport): Account => {
    const account = new Account([]);
    account.report = async (id?: string) =>
      id === ACCOUNT ? first(account.minutes) : { ...second(account.minutes), accountId: SECOND };
    return account;
  };

  test.each<[string, ReadonlyMap<string, string>, string]>([
    ['no stack there', new Map(), 'the StackSet AccessKeysCanary has no stack there'],
    [
      'a stack that was not updated',
      new Map([[ACCOUNT, 'OUTDATED, FAILED, ResourceLogicalId:Rotate']]),
      'is not up to date: OUTDATED, FAILED, ResourceLogicalId:Rotate',
    ],
  ])('does not pass where CloudFormation has %s', async (_, stacks, reason) => {
    const account = new Account([rotated]);
    account.stacks = stacks;
    expect(await run(account)).toEqual({ ok: false, lines: [expect.stringContaining(reason)] });
    expect(account.operated).toEqual([]);
  });

  test('does not pass alone where there is a second canary: that one has to be rotated too', async () => {
    const account = two(
      () => rotated,
      () => report(),
    );
    expect(await run(account, { accounts: both })).toEqual({
      ok: false,
      lines: [expect.stringMatching(/^444444444444: no new key of jeremy.ritchie/)],
    });
    expect(account.operated).toEqual([{ command: 'rotate', secretName: '/access-key/jeremy.ritchie' }]);
  });

  test('two canaries are rotated side by side, and both are named', async () => {
    const after = (minutes: number): AccountReport => (minutes < 3 ? report() : rotated);
    const account = two(after, after);
    expect(await run(account, { accounts: both })).toEqual({
      ok: true,
      lines: [
        '2 canary accounts are healthy; jeremy.ritchie in 333333333333 and jeremy.ritchie in 444444444444 were rotated',
      ],
    });
    expect(account.operated).toHaveLength(2);
  });

  test('a second canary that leaves, or has nobody to rotate, is not waited for', async () => {
    const account = two(
      () => rotated,
      () => report(),
    );
    const leaving = [both[0]!, { ...both[1]!, state: 'leaving' as const }];
    expect(await run(account, { accounts: leaving })).toMatchObject({ ok: true });
  });

  test('of two canaries one without room proves itself by a rotation of the same code before', async () => {
    const full = report({
      users: accounts[0]!.users.map(({ name }) =>
        user(name, key('A', 'current', '2027-01-02T00:00:00Z'), key('B', 'retiring', '2026-01-01T00:00:00Z')),
      ),
    });
    const account = two(
      () => rotated,
      () => full,
    );
    const before = { accounts: both, codePublishedAt: new Date('2027-01-01T12:00:00Z') };
    expect(await run(account, before)).toMatchObject({
      ok: true,
      lines: [expect.stringContaining('by this code before')],
    });
    expect(await run(account, { accounts: both })).toMatchObject({
      ok: false,
      lines: [expect.stringContaining('no user in the canary accounts has a free slot')],
    });
  });
});
