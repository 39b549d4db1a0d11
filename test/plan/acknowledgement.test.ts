/** What a code stands for: one whole change and no other. */
import { planOf, type Plan } from '../../lib/plan/plan';
import { loadRoster } from '../../lib/roster/load';
import type { Roster } from '../../lib/roster/roster';
import { ROSTERS } from '../fixtures/rosters';

const NOW = new Date('2027-01-04');
const roster = loadRoster(ROSTERS.organization, { at: NOW }).roster!;
const plan = (to: Roster, from: Roster | undefined = roster, at = NOW): Plan => planOf(from, to, () => false, at);
const dangerous: Roster = {
  ...roster,
  notifications: { ...roster.notifications, admins: ['new@example.com', 'other@example.com'] },
};
const { code } = plan(dangerous);
const mapUsers = (to: Roster, change: (user: Roster['accounts'][number]['users'][number]) => object): Roster => ({
  ...to,
  accounts: to.accounts.map((account) => ({
    ...account,
    users: account.users.map((user) => ({ ...user, ...change(user) })),
  })),
});

test('a code has 128 bits', () => {
  expect(code).toMatch(/^ack-[0-9a-f]{32}$/);
});

test.each<[string, Roster]>([
  [
    'another period of one user',
    mapUsers(dangerous, ({ name }) => (name === 'svc-backup' ? { rotateEveryHours: 1_000 } : {})),
  ],
  [
    'a user more',
    {
      ...dangerous,
      accounts: dangerous.accounts.map((account, index) =>
        index === 0
          ? {
              ...account,
              users: [...account.users, { ...account.users[0]!, name: 'one.more', secretName: '/access-key/one.more' }],
            }
          : account,
      ),
    },
  ],
  [
    'another name of an account',
    {
      ...dangerous,
      accounts: dangerous.accounts.map((account, index) => (index === 0 ? { ...account, name: 'renamed' } : account)),
    },
  ],
  ['a stricter limit', { ...dangerous, limits: { ...dangerous.limits, maxRemovalsPercent: 1 } }],
  [
    'a field that only a later version of the roster knows',
    { ...dangerous, notifications: { ...dangerous.notifications, later: 'x' } as Roster['notifications'] },
  ],
])('a change that rides along has another code although it is harmless: %s', (_, to) => {
  expect(plan(to).code).toMatch(/^ack-/);
  expect(plan({ ...to, acknowledge: [code!] })).toMatchObject({ ok: false, staleCodes: [code] });
});

test('a user who is added with other settings has another code', () => {
  const users = roster.accounts[0]!.users;
  const joins = (email: string): Roster => ({
    ...dangerous,
    accounts: dangerous.accounts.map((account, index) =>
      index === 0
        ? { ...account, users: [...users, { ...users[0]!, name: 'x', secretName: '/access-key/x', email }] }
        : account,
    ),
  });
  expect(plan(joins('a@example.com')).code).not.toBe(plan(joins('b@example.com')).code);
});

test.each<[string, Roster]>([
  [
    'the order of a list',
    {
      ...dangerous,
      notifications: { ...dangerous.notifications, admins: [...dangerous.notifications.admins].reverse() },
    },
  ],
  [
    'the order of accounts and users',
    {
      ...dangerous,
      accounts: [...dangerous.accounts]
        .reverse()
        .map((account) => ({ ...account, users: [...account.users].reverse() })),
    },
  ],
  ['other acknowledged codes', { ...dangerous, acknowledge: ['ack-000000000000'] }],
])('the same code whatever %s', (_, to) => {
  expect(plan(to).code).toBe(code);
});

test('the code does not depend on the day', () => {
  expect(plan(dangerous, roster, new Date('2027-02-01')).code).toBe(code);
});

test('a code of 48 bits, as former versions printed it, acknowledges nothing', () => {
  expect(plan({ ...dangerous, acknowledge: [code!.slice(0, 16)] }).ok).toBe(false);
});
