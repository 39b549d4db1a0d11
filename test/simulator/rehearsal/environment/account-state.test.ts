import {
  keyEvents,
  type AccountState,
  type KeyState,
  type UserState,
} from '../../../../lib/simulator/rehearsal/environment/account-state';

const AT = new Date('2027-01-10T12:00:00Z');
const key = (keyId: string, day: number, more: Partial<KeyState> = {}): KeyState => ({
  keyId,
  status: 'Active',
  createdAt: new Date(Date.UTC(2027, 0, day)),
  secret: 'not read',
  compromised: false,
  ...more,
});
const holds = (keyId: string): UserState['versions'] => [{ versionId: 'v', labels: ['AWSCURRENT'], keyId }];
const account = (user: Omit<UserState, 'userName'>): AccountState => ({
  accountId: '333333333333',
  users: [{ userName: 'ann', ...user }],
});
const told = (before: Omit<UserState, 'userName'>, after: Omit<UserState, 'userName'>) =>
  keyEvents(account(before), account(after), AT).map(
    ({ at: _at, accountId: _account, userName: _user, ...event }) => event,
  );

const [OLD, NEW] = [key('OLD', 1), key('NEW', 5)];

test('a deactivated key that was declared compromised is told apart from one that retires', () => {
  expect(told({ keys: [OLD] }, { keys: [{ ...OLD, status: 'Inactive' }] })).toEqual([
    { kind: 'key-deactivated', keyId: 'OLD' },
  ]);
  expect(told({ keys: [OLD] }, { keys: [{ ...OLD, status: 'Inactive', compromised: true }] })).toEqual([
    { kind: 'key-deactivated', keyId: 'OLD', compromised: true },
  ]);
});

test('a secret that holds an older key again went back', () => {
  const keys = [OLD, NEW];
  expect(told({ keys, versions: holds('OLD') }, { keys, versions: holds('NEW') })).toEqual([
    { kind: 'current-key', keyId: 'NEW' },
  ]);
  expect(told({ keys, versions: holds('NEW') }, { keys, versions: holds('OLD') })).toEqual([
    { kind: 'current-key', keyId: 'OLD', back: true },
  ]);
  expect(told({ keys, versions: holds('NEW') }, { keys, versions: holds('NEW') })).toEqual([]);
});

test('a deleted secret is told with its recovery window, once, and so is its restoration', () => {
  const whole = { keys: [OLD], versions: holds('OLD') };
  const deleted = { ...whole, secretEndsAt: new Date('2027-02-09T12:00:00Z') };
  expect(told(whole, deleted)).toEqual([{ kind: 'secret-deleted', recoveryDays: 30 }]);
  expect(told(deleted, deleted)).toEqual([]);
  expect(told(deleted, whole)).toEqual([{ kind: 'secret-restored' }]);
});
