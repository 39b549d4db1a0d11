import fc from 'fast-check';
import type { SliceUser } from '../../../lambda/contract/slice';
import type { Roster, RosterAccount } from '../../../lib/roster/roster';
import schema from '../../../config/roster.schema.json';
import { ownerAddress } from '../../../lib/roster/rules';

const from = (letters: string, most: number) =>
  fc.string({ unit: fc.constantFrom(...letters.split('')), maxLength: most }).map((rest) => `u${rest}`);
const name = from('abcxyz019.+=@_-', 12);
const nameWithComma = fc.tuple(name, name).map(([one, other]) => `${one},${other}`);
const email = from('abc019', 8).map((local) => `${local}@example.com`);
const arn = (account: string) => name.map((role) => `arn:aws:iam::${account}:role/${role}`);
const PLAIN_TEXT = new RegExp(schema.$defs.plainText.pattern, 'u');

/** Whatever a person may write in an account's name or a reason, most of all what means something to YAML. */
const line = fc
  .oneof(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 3 }),
    name,
    fc.string({
      unit: fc.constantFrom('a', 'é', '日', '0', ' ', '.', ':', '/', '#', "'", '"', '-', '%'),
      maxLength: 40,
    }),
    fc.constantFrom(
      'null',
      'yes',
      '~',
      '0x10',
      '1e3',
      '012',
      '2027-01-04',
      '- a',
      'a: b',
      ' a',
      'a ',
      '#a',
      'a #b',
      '"',
      "'",
      '*a',
      '&a',
      '!a',
      '{a',
      '%a',
      '@a',
      '|',
      '>',
      '\\n',
      '\u2028',
      '\u00e9',
      '…',
    ),
  )
  .filter((text) => PLAIN_TEXT.test(text));
const date = fc
  .date({ min: new Date('2026-01-01'), max: new Date('2030-12-31'), noInvalidDate: true })
  .map((day) => day.toISOString().slice(0, 10));

/** Settings that the rules accept together, of whichever level each comes. */
const settings = fc.record({
  rotateEveryHours: fc.oneof(
    fc.integer({ min: 40, max: 900 }).map((days) => days * 24),
    fc.integer({ min: 40 * 24, max: 60 * 24 }),
  ),
  keepPreviousForHours: fc.oneof(fc.constant(0), fc.integer({ min: 3 * 24, max: 14 * 24 })),
  quietForHours: fc.integer({ min: 0, max: 72 }),
  deleteInactiveAfterHours: fc.integer({ min: 0, max: 20 * 24 }),
  whenStillUsed: fc.constantFrom('hold', 'deactivate'),
  unmanagedKeys: fc.constantFrom('retire', 'hold', 'delete'),
  ownerReads: fc.boolean(),
} as const);

/** Few values, so that accounts and the whole roster have some in common. */
const usual = fc.sample(settings, { numRuns: 3, seed: 1 });

const user = (account: string, ownerDomain: string | undefined): fc.Arbitrary<SliceUser> =>
  fc
    .record({
      own: fc.oneof(fc.constantFrom(...usual), settings),
      userName: fc.oneof({ weight: 5, arbitrary: name }, { weight: 1, arbitrary: nameWithComma }),
      secretName: fc.option(name, { nil: undefined, freq: 3 }),
      ownEmail: fc.option(email, { nil: undefined, freq: 2 }),
      state: fc.constantFrom('active' as const, 'retired' as const),
      exempt: fc.option(fc.record({ reason: line, approvedBy: email, until: date }), { nil: undefined, freq: 2 }),
      readers: fc.uniqueArray(arn(account), { maxLength: 2 }),
    })
    .map(({ own, userName, secretName, ownEmail, state, exempt, readers }) => {
      const address = ownEmail ?? ownerAddress(userName, ownerDomain);
      const secret =
        secretName !== undefined || userName.includes(',')
          ? `of/${secretName ?? ''}/${userName.toLowerCase().replaceAll(',', '-')}`
          : userName;
      return {
        ...own,
        name: userName,
        secretName: `/access-key/${secret}`,
        ...(address && { email: address }),
        state,
        ...(exempt && { exempt }),
        readers,
      };
    });

const account = (ownerDomain: string | undefined): fc.Arbitrary<RosterAccount> =>
  fc
    .oneof(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 300_000_000_000, max: 300_000_000_009 }))
    .chain((number) => {
      const id = String(number).padStart(12, '0');
      return fc.record({
        id: fc.constant(id),
        name: line,
        canary: fc.boolean(),
        state: fc.constantFrom('active' as const, 'leaving' as const),
        deployment: fc.constantFrom('stackset' as const, 'manual' as const, 'pipeline' as const),
        breakGlassRoles: fc.uniqueArray(arn(id), { maxLength: 2 }),
        users: fc.uniqueArray(user(id, ownerDomain), {
          maxLength: 5,
          selector: ({ name: userName }) => userName.toLowerCase().replaceAll(',', '-'),
        }),
      });
    });

const organization = fc.record({
  id: fc.constantFrom('o-a1b2c3d4e5', 'o-b1b2c3d4e5'),
  managementAccount: fc.constantFrom('111111111111', '011111111111'),
  organizationalUnits: fc.constantFrom(['ou-ab12-11111111'], ['r-ab12']),
  securityAccount: fc.constantFrom('222222222222', '022222222222'),
});

/** Of an organization, or of one account without one. */
export const rosters: fc.Arbitrary<Roster> = fc
  .record({
    ownerDomain: fc.option(fc.constant('example.org'), { nil: undefined }),
    organized: fc.option(organization, { nil: undefined, freq: 6 }),
    sourced: fc.boolean(),
    secretsKey: fc.option(fc.constantFrom('alias/access-keys', 'alias/team/secrets'), { nil: undefined }),
  })
  .chain(({ ownerDomain, organized, sourced, secretsKey }) =>
    fc
      .record({
        region: fc.constantFrom('us-east-1', 'eu-central-1'),
        userGuard: fc.constantFrom(
          { kind: 'none' as const },
          { kind: 'tag' as const, key: 'a', value: 'b' },
          { kind: 'path' as const, path: '/managed/' },
        ),
        notifications: fc.record({
          admins: fc.constantFrom(['a@example.com'], ['b@example.com', 'c@example.com']),
          sender: email,
        }),
        source: fc.record({
          connectionArn: fc.constant(
            'arn:aws:codeconnections:us-east-1:222222222222:connection/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9',
          ),
          repository: fc.constantFrom('acme/keys', 'acme/access-keys'),
          branch: fc.constantFrom('main', 'release/1'),
        }),
        limits: fc.record({
          maxFirstRotationsPerRun: fc.integer({ min: 1, max: 50 }),
          maxRemovalsPercent: fc.integer({ min: 0, max: 100 }),
          freeze: fc.constantFrom(
            [],
            [{ from: '2027-12-20', to: '2028-01-03' }],
            [
              { from: '2028-02-29', to: '2028-02-29' },
              { from: '2027-12-20', to: '2028-01-03' },
            ],
          ),
        }),
        acknowledge: fc.constantFrom([], ['ack-0a1b2c3d4e5f']),
        accounts: fc.uniqueArray(account(ownerDomain), {
          minLength: 1,
          maxLength: organized ? 6 : 1,
          selector: ({ id }) => id,
        }),
      })
      .map(({ source, notifications, ...roster }) => ({
        ...(organized && { organization: organized }),
        ...roster,
        notifications: { ...notifications, ...(ownerDomain && { ownerDomain }) },
        ...(secretsKey && { secretsKey }),
        ...((organized || sourced) && { source }),
      })),
  );
