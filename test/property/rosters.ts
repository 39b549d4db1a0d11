import fc from 'fast-check';
import type { Roster, RosterAccount } from '../../lib/roster/roster';
import type { SliceUser } from '../../lambda/domain/slice';

const name = fc.string({ unit: fc.constantFrom(...'abcxyz019.+=@_-'.split('')), maxLength: 12 }).map((rest) => `u${rest}`);
const plain = fc.string({ unit: fc.constantFrom(...'abc019'.split('')), maxLength: 8 }).map((rest) => `u${rest}`);
const arn = (account: string) => name.map((role) => `arn:aws:iam::${account}:role/${role}`);

/** Settings that the rules accept together. */
const settings = fc.record({
  rotateEveryHours: fc.integer({ min: 40, max: 900 }).map((days) => days * 24),
  keepPreviousForHours: fc.integer({ min: 3, max: 14 }).map((days) => days * 24),
  quietForHours: fc.integer({ min: 0, max: 72 }),
  deleteInactiveAfterHours: fc.integer({ min: 0, max: 20 * 24 }),
  whenStillUsed: fc.constantFrom('hold', 'deactivate'),
  unmanagedKeys: fc.constantFrom('retire', 'hold', 'delete'),
  ownerReads: fc.boolean(),
  state: fc.constantFrom('active', 'retired'),
} as const);

const user = (account: string): fc.Arbitrary<SliceUser> =>
  fc.record({ own: settings, name, email: plain.map((local) => `${local}@example.com`), readers: fc.uniqueArray(arn(account), { maxLength: 2 }) }).map(({ own, name: userName, email, readers }) => ({ ...own, name: userName, secretName: `/access-key/${userName}`, email, readers }));

const account: fc.Arbitrary<RosterAccount> = fc.integer({ min: 300_000_000_000, max: 300_000_000_020 }).chain((number) => {
  const id = String(number);
  return fc.record({ id: fc.constant(id), name, canary: fc.boolean(), state: fc.constantFrom('active' as const, 'leaving' as const), deployment: fc.constantFrom('stackset' as const, 'manual' as const), breakGlassRoles: fc.uniqueArray(arn(id), { maxLength: 2 }), users: fc.uniqueArray(user(id), { maxLength: 5, selector: ({ name: userName }) => userName.toLowerCase() }) });
});

export const rosters: fc.Arbitrary<Roster> = fc.record({
  organization: fc.constant({ id: 'o-a1b2c3d4e5', managementAccount: '111111111111', organizationalUnits: ['ou-ab12-11111111'], securityAccount: '222222222222' }),
  region: fc.constantFrom('us-east-1', 'eu-central-1'),
  userGuard: fc.constantFrom({ kind: 'none' as const }, { kind: 'tag' as const, key: 'a', value: 'b' }, { kind: 'path' as const, path: '/managed/' }),
  notifications: fc.record({ admins: fc.constantFrom(['a@example.com'], ['b@example.com', 'c@example.com']), sender: fc.constant('s@example.com'), ownerDomain: fc.constant('example.org') }),
  source: fc.constant({ connectionArn: 'arn:aws:codeconnections:us-east-1:222222222222:connection/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9', repository: 'acme/keys', branch: 'main' }),
  limits: fc.record({ maxFirstRotationsPerRun: fc.integer({ min: 1, max: 50 }), maxRemovalsPercent: fc.integer({ min: 0, max: 100 }), freeze: fc.constantFrom([], [{ from: '2027-12-20', to: '2028-01-03' }]) }),
  acknowledge: fc.constant([]),
  accounts: fc.uniqueArray(account, { minLength: 1, maxLength: 6, selector: ({ id }) => id }),
});
