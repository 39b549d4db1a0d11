/** Rotation that goes on in name only, and secrets that pass from one user to another. */
import type { SliceUser } from '../../lambda/contract/slice';
import type { Danger } from '../../lib/plan/dangers';
import picocolors from 'picocolors';
import { planOf } from '../../lib/plan/plan';
import { renderPlanMarkdown } from '../../lib/plan/render-markdown';
import { renderPlanText } from '../../lib/plan/render-text';
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
    ['an announcement of more than a year', joined({ announceFirstRotationHours: 366 * 24 })],
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

describe('a secret that is renamed', () => {
  const moved = (change: Partial<SliceUser> = {}) =>
    dangers(changed({ secretName: '/access-key/elsewhere', ...change }), roster, 'secret-renamed')[0]!.reason;

  test('the plan says that its key moves along, and when that ends', () => {
    expect(moved()).toMatch(
      /stored in the new secret too and is rotated right after the push; it works for \d+[hd] after/,
    );
    expect(moved()).toContain('for as long as it is used');
  });

  test('of settings that end a key in use, of a limit and of an exemption it says so too', () => {
    expect(moved({ whenStillUsed: 'deactivate' })).toContain('whether it is used or not');
    expect(moved({ holdAtMostHours: 30 * 24 })).toContain('at most for 30d more');
    expect(moved({ exempt: exempt('2027-03-01') })).toContain('once the exemption is over (2027-03-01)');
  });
});

describe('holdAtMost', () => {
  const times = (to: Roster, from: Roster = roster) =>
    dangers(to, from, 'times-shortened').map(({ from: was, to: is }) => [was, is]);

  test('is dangerous when it is introduced or shortened', () => {
    expect(times(changed({ holdAtMostHours: 30 * 24 }))).toEqual([['never', '30d']]);
    expect(times(joined({ holdAtMostHours: 30 * 24 }))).toEqual([['never', '30d']]);
    expect(times(changed({ holdAtMostHours: 24 }), changed({ holdAtMostHours: 48 }))).toEqual([['2d', '1d']]);
  });

  test('is harmless when it is lengthened, removed, or concerns a key that is not held', () => {
    expect(times(changed({ holdAtMostHours: 48 }), changed({ holdAtMostHours: 24 }))).toEqual([]);
    expect(times(roster, changed({ holdAtMostHours: 24 }))).toEqual([]);
    const deactivates = { whenStillUsed: 'deactivate' } as const;
    expect(times(changed({ ...deactivates, holdAtMostHours: 24 }), changed(deactivates))).toEqual([]);
  });
});

describe('adoptSecret', () => {
  const adopted = (to: Roster, from: Roster = roster) => dangers(to, from, 'secret-adopted');

  test('is dangerous, and the plan says who loses access', () => {
    expect(adopted(changed({ adoptSecret: true }))[0]!.reason).toContain(
      'every reader that the roster does not list loses access',
    );
    expect(adopted(joined({ adoptSecret: true }))).toHaveLength(1);
    const elsewhere = changed({ adoptSecret: true, secretName: '/access-key/elsewhere' });
    expect(adopted(elsewhere, changed({ adoptSecret: true }))).toHaveLength(1);
  });

  test('is harmless once it was acknowledged, and when it is taken back', () => {
    expect(adopted(changed({ adoptSecret: true }), changed({ adoptSecret: true }))).toEqual([]);
    expect(adopted(roster, changed({ adoptSecret: true }))).toEqual([]);
  });
});

test('of a retired user who was never in the roster the plan says that its keys end', () => {
  const plan = planOf(roster, joined({ state: 'retired' }), () => false, NOW);
  expect(plan.totals.retired).toBe(1);
  expect(renderPlanText(plan, picocolors.createColors(false))).toContain(
    '- new.colleague (retired, and not managed before;',
  );
  expect(renderPlanMarkdown(plan)).toContain('Retired, and not managed before');
});

describe('first rotations and shorter periods', () => {
  test('an announcement that gets shorter is dangerous, a longer one is not', () => {
    const announced = changed({ announceFirstRotationHours: 7 * 24 });
    expect(dangers(roster, announced, 'times-shortened')).toMatchObject([
      { userName: first.name, from: '7d', to: '0d' },
    ]);
    expect(dangers(announced, roster, 'times-shortened')).toEqual([]);
  });

  test('another person to ask is dangerous', () => {
    const to = { ...roster, notifications: { ...roster.notifications, contact: '+1 555 0199' } };
    expect(dangers(to, roster, 'addresses-changed')).toMatchObject([{ to: '+1 555 0199' }]);
  });

  test('the plan says how many rotations fall due at once, and how many first ones are announced', () => {
    const shorter = planOf(roster, changed({ rotateEveryHours: 30 * 24 }), () => false, NOW);
    expect(shorter.totals).toMatchObject({ dueAtOnce: 1, firstRotations: 0 });
    expect(renderPlanText(shorter, picocolors)).toContain('up to 1 due at once');
    expect(renderPlanMarkdown(shorter)).toContain('up to 1 due at once');
    const longer = planOf(roster, changed({ rotateEveryHours: 300 * 24 }), () => false, NOW);
    expect(longer.totals.dueAtOnce).toBe(0);
    const announced = planOf(roster, joined({ announceFirstRotationHours: 72 }), () => false, NOW);
    expect(announced.totals).toMatchObject({ firstRotations: 1, announced: 1 });
  });
});
