import fc from 'fast-check';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { SliceUser } from '../../../lambda/contract/slice';
import {
  accountFields,
  printHours,
  rosterFields,
  userFields,
  type AccountChange,
  type FieldChange,
} from '../../../lib/plan/changes';
import { planOf } from '../../../lib/plan/plan';
import { parsePublished, printPublished } from '../../../lib/org-bucket/published-roster';
import { loadRoster } from '../../../lib/roster/load';
import type { Roster, RosterAccount } from '../../../lib/roster/roster';
import { ownerAddress } from '../../../lib/roster/rules';
import { BUILT_IN } from '../../../lib/roster/settings';
import { toSlices } from '../../../lib/roster/to-slices';
import { canaries, others } from '../../../lib/roster/canaries';
import { rosters } from './rosters';

const folder = mkdtempSync(join(tmpdir(), 'property-'));
afterAll(() => rmSync(folder, { recursive: true }));

type Written = Readonly<Record<string, unknown>>;
/** Settings that are written at the roster's defaults, and at accounts. */
interface Levels {
  readonly defaults: readonly string[];
  readonly accounts: readonly string[];
}

const NOW = new Date('2027-01-04');
const SETTINGS = Object.keys(BUILT_IN);
const levels: fc.Arbitrary<Levels> = fc.record({ defaults: fc.subarray(SETTINGS), accounts: fc.subarray(SETTINGS) });

const settingsOf = (user: SliceUser): Written => ({
  rotateEvery: printHours(user.rotateEveryHours),
  keepPreviousFor: printHours(user.keepPreviousForHours),
  quietFor: printHours(user.quietForHours),
  deleteInactiveAfter: printHours(user.deleteInactiveAfterHours),
  whenStillUsed: user.whenStillUsed,
  unmanagedKeys: user.unmanagedKeys,
  ownerReads: user.ownerReads,
});

const only = (fields: readonly string[], of: Written): Written =>
  Object.fromEntries(fields.flatMap((field) => (field in of ? [[field, of[field]]] : [])));
const unlike = (inherited: Written, own: Written): Written =>
  only(
    SETTINGS.filter((field) => own[field] !== inherited[field]),
    own,
  );

function writtenGuard(guard: Roster['userGuard']): unknown {
  if (guard.kind === 'none') return 'none';
  return guard.kind === 'tag' ? { tag: { key: guard.key, value: guard.value } } : { path: guard.path };
}

/** As a person would write it: what the first user has stands at the levels above, the others write what differs. */
function written(
  { organization, region, userGuard, secretsKey, notifications, source, limits, acknowledge, accounts }: Roster,
  at: Levels,
  defaults: Written,
) {
  const place = { region, userGuard: writtenGuard(userGuard) };
  return {
    version: 1,
    ...(organization ? { organization: { ...organization, ...place } } : place),
    ...(secretsKey && { secretsKey }),
    notifications,
    source,
    defaults,
    limits,
    acknowledge,
    accounts: accounts.map((account) => writtenAccount(account, at, defaults, notifications.ownerDomain)),
  };
}

function writtenAccount(
  { users, state, deployment, canary, breakGlassRoles, ...account }: RosterAccount,
  at: Levels,
  defaults: Written,
  ownerDomain: string | undefined,
): Written {
  const own = users[0] ? only(at.accounts, settingsOf(users[0])) : {};
  const inherited = { ...BUILT_IN, ...defaults, ...own };
  return {
    ...account,
    ...own,
    ...(state !== 'active' && { state }),
    ...(deployment !== 'stackset' && { deployment }),
    ...(canary && { canary }),
    ...(breakGlassRoles.length > 0 && { breakGlassRoles }),
    users: users.map((user) => writtenUser(user, inherited, ownerDomain)),
  };
}

/** A user of whom there is nothing to say is a name. */
function writtenUser(user: SliceUser, inherited: Written, ownerDomain: string | undefined): unknown {
  const { name, email, secretName, state, exempt, readers } = user;
  const fields = {
    ...unlike(inherited, settingsOf(user)),
    ...(email !== ownerAddress(name, ownerDomain) && { email }),
    ...(secretName !== `/access-key/${name}` && { secretName: secretName.slice('/access-key/'.length) }),
    ...(state !== 'active' && { state }),
    ...(exempt && { exempt }),
    ...(readers.length > 0 && { readers }),
  };
  return Object.keys(fields).length > 0 ? { name, ...fields } : name;
}

/** In one file, or as a directory with a file for each account from the `inFiles`th on. */
function write(roster: Roster, at: Levels, inFiles: number): string {
  const directory = mkdtempSync(join(folder, 'roster-'));
  const first = roster.accounts.flatMap(({ users }) => users)[0];
  const { accounts, ...head } = written(roster, at, first ? only(at.defaults, settingsOf(first)) : {});
  writeFileSync(join(directory, 'roster.yaml'), stringify({ ...head, accounts: accounts.slice(0, inFiles) }));
  if (inFiles >= accounts.length) return join(directory, 'roster.yaml');
  mkdirSync(join(directory, 'accounts'));
  accounts
    .slice(inFiles)
    .forEach((account, index) =>
      writeFileSync(join(directory, 'accounts', `${index}.yaml`), stringify({ accounts: [account] })),
    );
  return directory;
}

test('a roster that is written and read is the same roster, whichever level and file holds what', () => {
  fc.assert(
    fc.property(rosters, levels, fc.nat({ max: 6 }), (roster, at, inFiles) => {
      const { roster: read, problems } = loadRoster(write(roster, at, inFiles), { at: new Date('2027-01-04') });
      expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
      expect(read).toEqual(roster);
    }),
    { numRuns: 100 },
  );
});

test('a published roster is read as it was', () => {
  fc.assert(
    fc.property(rosters, fc.nat(), (roster, generation) =>
      expect(parsePublished(printPublished(roster, generation))).toEqual({ schemaVersion: 1, generation, roster }),
    ),
    { numRuns: 40 },
  );
});

test('slices partition the users, and so do the two waves the accounts', () => {
  fc.assert(
    fc.property(rosters, (roster) => {
      const pairs = (
        accounts: readonly { readonly users: readonly { readonly name: string }[] }[],
        idOf: (account: never) => string,
      ): string[] =>
        accounts.flatMap((account) => account.users.map(({ name }) => `${idOf(account as never)}/${name}`)).sort();
      expect(
        pairs(
          toSlices(roster, () => 1),
          ({ accountId }: { accountId: string }) => accountId,
        ),
      ).toEqual(pairs(roster.accounts, ({ id }: { id: string }) => id));
      expect([...canaries(roster), ...others(roster)].map(({ id }) => id).sort()).toEqual(
        roster.accounts.map(({ id }) => id).sort(),
      );
    }),
    { numRuns: 40 },
  );
});

/** All that a plan speaks of. */
function viewOf(roster: Roster) {
  const users = (account: RosterAccount) =>
    new Map(account.users.map((user) => [user.name.toLowerCase(), { ...userFields(user) }]));
  return {
    fields: { ...rosterFields(roster) },
    accounts: new Map(
      roster.accounts.map((account) => [account.id, { fields: { ...accountFields(account) }, users: users(account) }]),
    ),
  };
}

type View = ReturnType<typeof viewOf>;

const apply = (fields: Record<string, string | undefined>, changes: readonly FieldChange[]): void => {
  for (const { field, from, to } of changes) {
    expect(fields[field]).toBe(from);
    fields[field] = to;
  }
};

/** @param target where what is added is taken from: a plan names it, and the roster has it */
function applyAccount(
  { accounts }: View,
  target: View,
  { id, change, fields, added, removed, changed }: AccountChange,
): void {
  if (change === 'removed') return void accounts.delete(id);
  if (change === 'added') accounts.set(id, { fields: { ...target.accounts.get(id)!.fields }, users: new Map() });
  const account = accounts.get(id)!;
  apply(account.fields, fields);
  for (const name of removed) expect(account.users.delete(name.toLowerCase())).toBe(true);
  for (const { userName, fields: own } of changed) apply(account.users.get(userName.toLowerCase())!, own);
  for (const name of added)
    account.users.set(name.toLowerCase(), { ...target.accounts.get(id)!.users.get(name.toLowerCase())! });
}

test('what a plan says, applied to the one roster, gives the other, with all that is in it', () => {
  fc.assert(
    fc.property(rosters, rosters, (from, to) => {
      const plan = planOf(from, to, () => false, NOW);
      const [applied, wanted] = [viewOf(from), viewOf(to)];
      apply(applied.fields, plan.roster);
      for (const change of plan.accounts) applyAccount(applied, wanted, change);
      expect(applied).toEqual(wanted);
    }),
    { numRuns: 100 },
  );
});

/** Paths to everything in a roster that is no list or object. */
function leaves(value: unknown, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([key, part]) =>
    leaves(part, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}

const OTHER: Readonly<Record<string, (value: never) => unknown>> = {
  string: (value: string) => (/^\d{4}-\d\d-\d\d$/.test(value) ? '2031-01-01' : `${value}x`),
  number: (value: number) => value + 1,
  boolean: (value: boolean) => !value,
};

test('nothing in a roster can change without the plan saying so', () => {
  fc.assert(
    fc.property(rosters, (from) => {
      for (const path of leaves({ ...from, acknowledge: [] })) {
        if (path.at(-1) === 'kind') continue;
        const to = structuredClone(from) as unknown as Record<string | number, never>;
        const parent = path.slice(0, -1).reduce<Record<string | number, never>>((part, key) => part[key]!, to);
        const value = parent[path.at(-1)!]!;
        Object.assign(parent, { [path.at(-1)!]: OTHER[typeof value]!(value) });
        const { roster, accounts } = planOf(from, to as unknown as Roster, () => false, NOW);
        if (roster.length + accounts.length === 0) throw new Error(`a change of ${path.join('.')} is not in the plan`);
      }
    }),
    { numRuns: 20 },
  );
});

test('a plan of no change is never dangerous, and a code never covers another change', () => {
  fc.assert(
    fc.property(rosters, rosters, rosters, (from, one, other) => {
      expect(planOf(from, from, () => false, NOW)).toMatchObject({ ok: true, accounts: [], dangers: [] });
      const [first, second] = [planOf(from, one, () => false, NOW), planOf(from, other, () => false, NOW)];
      if (first.code === undefined || first.code !== second.code) return;
      expect(planOf(one, other, () => false, NOW)).toMatchObject({ roster: [], accounts: [] });
    }),
    { numRuns: 80 },
  );
});
