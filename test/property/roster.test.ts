import fc from 'fast-check';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { printHours, userFields } from '../../lib/plan/changes';
import { planOf } from '../../lib/plan/plan';
import { parsePublished, printPublished } from '../../lib/plan/published-roster';
import { loadRoster } from '../../lib/roster/load';
import type { Roster } from '../../lib/roster/roster';
import { toSlices } from '../../lib/roster/slices';
import { canaries, others } from '../../lib/roster/waves';
import { rosters } from './rosters';

const folder = mkdtempSync(join(tmpdir(), 'property-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** As a person would write it, every setting at its user. */
function written({ organization, region, userGuard, notifications, source, limits, accounts }: Roster): string {
  const guard = userGuard.kind === 'none' ? 'none' : userGuard.kind === 'tag' ? { tag: { key: userGuard.key, value: userGuard.value } } : { path: userGuard.path };
  return stringify({
    version: 1,
    organization: { ...organization, region, userGuard: guard },
    notifications,
    source,
    limits,
    accounts: accounts.map(({ users, ...account }) => ({
      ...account,
      users: users.map((user) => ({
        name: user.name,
        email: user.email,
        state: user.state,
        rotateEvery: printHours(user.rotateEveryHours),
        keepPreviousFor: printHours(user.keepPreviousForHours),
        quietFor: printHours(user.quietForHours),
        deleteInactiveAfter: printHours(user.deleteInactiveAfterHours),
        whenStillUsed: user.whenStillUsed,
        unmanagedKeys: user.unmanagedKeys,
        ownerReads: user.ownerReads,
        readers: user.readers,
      })),
    })),
  });
}

test('a roster that is written and read is the same roster', () => {
  const path = join(folder, 'roster.yaml');
  fc.assert(
    fc.property(rosters, (roster) => {
      writeFileSync(path, written(roster));
      const { roster: read, problems } = loadRoster(path, { at: new Date('2027-01-04') });
      expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
      expect(read).toEqual(roster);
    }),
    { numRuns: 40 },
  );
});

test('a published roster is read as it was', () => {
  fc.assert(fc.property(rosters, fc.nat(), (roster, generation) => expect(parsePublished(printPublished(roster, generation))).toEqual({ schemaVersion: 1, generation, roster })), { numRuns: 40 });
});

test('slices partition the users, and so do the two waves the accounts', () => {
  fc.assert(
    fc.property(rosters, (roster) => {
      const pairs = (accounts: readonly { readonly users: readonly { readonly name: string }[] }[], idOf: (account: never) => string): string[] => accounts.flatMap((account) => account.users.map(({ name }) => `${idOf(account as never)}/${name}`)).sort();
      expect(pairs(toSlices(roster, () => 1), ({ accountId }: { accountId: string }) => accountId)).toEqual(pairs(roster.accounts, ({ id }: { id: string }) => id));
      expect([...canaries(roster), ...others(roster)].map(({ id }) => id).sort()).toEqual(roster.accounts.map(({ id }) => id).sort());
    }),
    { numRuns: 40 },
  );
});

const inOrder = (users: ReadonlyMap<string, object>): string => JSON.stringify([...users].sort(([one], [other]) => (one < other ? -1 : 1)));

test('what a plan says, applied to the one roster, gives the other', () => {
  const view = (roster: Roster): Map<string, Record<string, string | undefined>> => new Map(roster.accounts.flatMap(({ id, users }) => users.map((user) => [`${id}/${user.name.toLowerCase()}`, { ...userFields(user) }] as const)));
  fc.assert(
    fc.property(rosters, rosters, (from, to) => {
      const plan = planOf(from, to, () => false);
      const [applied, wanted] = [view(from), view(to)];
      for (const { id, added, removed, changed } of plan.accounts) {
        for (const name of removed) applied.delete(`${id}/${name.toLowerCase()}`);
        for (const name of added) applied.set(`${id}/${name.toLowerCase()}`, { ...wanted.get(`${id}/${name.toLowerCase()}`)! });
        for (const { userName, fields } of changed) for (const { field, to: value } of fields) applied.get(`${id}/${userName.toLowerCase()}`)![field] = value;
      }
      expect(inOrder(applied)).toEqual(inOrder(wanted));
    }),
    { numRuns: 80 },
  );
});

test('a plan of no change is never dangerous, and a code never covers another change', () => {
  fc.assert(
    fc.property(rosters, rosters, rosters, (from, one, other) => {
      expect(planOf(from, from, () => false)).toMatchObject({ ok: true, accounts: [], dangers: [] });
      const [first, second] = [planOf(from, one, () => false), planOf(from, other, () => false)];
      if (first.code !== undefined && first.code === second.code) expect(first.dangers).toEqual(second.dangers);
    }),
    { numRuns: 80 },
  );
});
