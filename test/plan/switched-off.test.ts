/** Rotation that goes on in name only, and secrets that pass from one user to another. */
import type { SliceUser } from '../../lambda/contract/slice';
import type { Danger } from '../../lib/plan/dangers';
import { planOf } from '../../lib/plan/plan';
import { loadRoster } from '../../lib/roster/load';
import type { Roster } from '../../lib/roster/roster';
import { ROSTERS } from '../fixtures/rosters';

const NOW = new Date('2027-01-04');
const roster = loadRoster(ROSTERS.organization, { at: NOW }).roster!;
const ACCOUNT = '444444444444';
const first = roster.accounts.find(({ id }) => id === ACCOUNT)!.users[0]!;

const withUsers = (users: (former: readonly SliceUser[]) => readonly SliceUser[]): Roster => ({
  ...roster,
  accounts: roster.accounts.map((account) =>
    account.id === ACCOUNT ? { ...account, users: users(account.users) } : account,
  ),
});
const changed = (change: Partial<SliceUser>): Roster =>
  withUsers((users) => users.map((user) => (user.name === first.name ? { ...user, ...change } : user)));
const joined = (change: Partial<SliceUser>): Roster =>
  withUsers((users) => [
    ...users,
    { ...first, name: 'new.colleague', secretName: '/access-key/new.colleague', ...change },
  ]);
const frozen = (...windows: [string, string][]): Roster => ({
  ...roster,
  limits: { ...roster.limits, freeze: windows.map(([from, to]) => ({ from, to })) },
});
const exempt = (until: string): NonNullable<SliceUser['exempt']> => ({
  reason: 'vendor appliance',
  approvedBy: 'ciso@example.com',
  until,
});
const dangers = (to: Roster, from: Roster = roster, kind = 'rotation-off'): readonly Danger[] =>
  planOf(from, to, () => false, NOW).dangers.filter((danger) => danger.kind === kind);

describe('rotation that is switched off in effect is dangerous', () => {
  test.each<[string, Roster]>([
    ['an exemption until more than a year from today', changed({ exempt: exempt('2028-01-05') })],
    ['the same for a user who is new, and may have been taken out before', joined({ exempt: exempt('2099-12-31') })],
    ['a period of more than a year', changed({ rotateEveryHours: 366 * 24 })],
    ['the same for a user who is new', joined({ rotateEveryHours: 999 * 24 })],
    [
      'a previous key that works for more than a year',
      changed({ keepPreviousForHours: 366 * 24, rotateEveryHours: 999 * 24 }),
    ],
    ['one freeze of more than a year', frozen(['2027-02-01', '2028-02-02'])],
    ['freezes that meet', frozen(['2027-06-01', '2027-12-31'], ['2028-01-01', '2028-06-02'])],
    ['freezes with a day between them', frozen(['2027-06-01', '2027-12-31'], ['2028-01-02', '2028-06-03'])],
    ['a freeze that began long ago', frozen(['2020-01-01', '2028-01-05'])],
  ])('%s', (_, to) => {
    expect(dangers(to).length).toBeGreaterThan(0);
    expect(planOf(roster, to, () => false, NOW).ok).toBe(false);
  });

  test.each<[string, Roster, Roster]>([
    ['an exemption of a year', changed({ exempt: exempt('2028-01-04') }), roster],
    [
      'a long exemption that stays or is shortened',
      changed({ exempt: exempt('2029-01-01') }),
      changed({ exempt: exempt('2030-01-01') }),
    ],
    ['a period of a year', changed({ rotateEveryHours: 365 * 24 }), roster],
    [
      'a longer period that is shortened',
      changed({ rotateEveryHours: 400 * 24 }),
      changed({ rotateEveryHours: 999 * 24 }),
    ],
    ['a freeze of a year', frozen(['2027-02-01', '2028-02-01']), roster],
    [
      'freezes with more than a week between them',
      frozen(['2027-06-01', '2027-12-31'], ['2028-01-09', '2028-06-30']),
      roster,
    ],
    ['a long freeze that is shortened', frozen(['2027-02-01', '2028-06-01']), frozen(['2027-02-01', '2029-02-02'])],
    ['a long freeze that is over', frozen(['2020-01-01', '2026-01-05']), roster],
  ])('not dangerous: %s', (_, to, from) => {
    expect(dangers(to, from)).toEqual([]);
  });
});

describe('a secret name that changes hands is dangerous', () => {
  const heir: SliceUser = { ...first, name: 'bee' };
  const without = (users: readonly SliceUser[]): SliceUser[] => users.filter(({ name }) => name !== first.name);
  const handed = (to: Roster): readonly Danger[] => dangers(to, roster, 'secret-changes-hands');

  test('another user in the place of the former one', () => {
    expect(handed(withUsers((users) => [...without(users), heir]))).toEqual([
      expect.objectContaining({ accountId: ACCOUNT, userName: 'bee', from: first.name, to: 'bee' }),
    ]);
  });

  test('two users who swap their secrets', () => {
    const [, second] = roster.accounts.find(({ id }) => id === ACCOUNT)!.users;
    const swapped = withUsers((users) =>
      users.map((user) => {
        if (user.name === first.name) return { ...user, secretName: second!.secretName };
        return user.name === second!.name ? { ...user, secretName: first.secretName } : user;
      }),
    );
    expect(new Set(handed(swapped).map(({ userName }) => userName))).toEqual(new Set([first.name, second!.name]));
  });

  test.each<[string, Roster]>([
    ['another spelling of the same user', changed({ name: first.name.toUpperCase() })],
    [
      'a user in the other account who has a secret of that name',
      {
        ...roster,
        accounts: roster.accounts.map((account) =>
          account.id === '333333333333' ? { ...account, users: [...account.users, heir] } : account,
        ),
      },
    ],
    ['a secret name that nobody had', joined({})],
  ])('not dangerous: %s', (_, to) => {
    expect(handed(to)).toEqual([]);
  });
});
