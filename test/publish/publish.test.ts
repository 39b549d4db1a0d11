import { unzipSync } from 'fflate';
import type { RosterSlice } from '../../lambda/contract/slice';
import { memberCode } from '../../lib/stacks/member/member-code';
import { publishCode } from '../../lib/publish/publish-code';
import { publishSlices, removeSlices } from '../../lib/publish/publish-slices';
import { loadRoster } from '../../lib/roster/load';
import type { Roster } from '../../lib/roster/roster';
import { canaries, others } from '../../lib/roster/canaries';
import { ROSTERS } from '../fixtures/rosters';
import { MemoryStore } from './memory-store';

const NOW = new Date('2027-01-04T00:00:00Z');
const LATER = new Date('2027-01-05T00:00:00Z');
const roster = loadRoster(ROSTERS.organization, { at: NOW }).roster!;
const generationOf = (store: MemoryStore, accountId: string): number =>
  store.json<RosterSlice>(`roster/${accountId}.json`).generation;

const withFirstAccount = (change: (account: Roster['accounts'][number]) => Roster['accounts'][number]): Roster => ({
  ...roster,
  accounts: roster.accounts.map((account, index) => (index === 0 ? change(account) : account)),
});

describe('slices', () => {
  test('every account is in one wave, and its slice holds its own users only', async () => {
    const store = new MemoryStore();
    await publishSlices(roster, canaries(roster), store, NOW);
    expect(store.writes).toEqual(['roster/333333333333.json']);
    await publishSlices(roster, others(roster), store, NOW);
    expect([...store.writes].sort()).toEqual(roster.accounts.map(({ id }) => `roster/${id}.json`).sort());
    for (const { id, users } of roster.accounts)
      expect(store.json<RosterSlice>(`roster/${id}.json`)).toMatchObject({
        schemaVersion: 1,
        accountId: id,
        users: users.map(({ name }) => expect.objectContaining({ name })),
      });
  });

  test('publishing again writes nothing', async () => {
    const store = new MemoryStore();
    await publishSlices(roster, roster.accounts, store, NOW);
    const written = store.writes.length;
    expect(await publishSlices(roster, roster.accounts, store, LATER)).toEqual({
      written: [],
      unchanged: roster.accounts.length,
    });
    expect(store.writes).toHaveLength(written);
  });

  test('only a changed account is written, with a newer generation', async () => {
    const store = new MemoryStore();
    await publishSlices(roster, roster.accounts, store, NOW);
    const before = generationOf(store, '333333333333');
    const changed = withFirstAccount((account) => ({ ...account, users: account.users.slice(1) }));
    expect(await publishSlices(changed, changed.accounts, store, NOW)).toEqual({
      written: ['333333333333'],
      unchanged: roster.accounts.length - 1,
    });
    expect(generationOf(store, '333333333333')).toBeGreaterThan(before);
  });

  test('an account that left and came back is newer than all that it may remember', async () => {
    const store = new MemoryStore();
    await publishSlices(roster, roster.accounts, store, NOW);
    const before = generationOf(store, '333333333333');
    const without = { ...roster, accounts: roster.accounts.slice(1) };
    expect(await removeSlices(without, store)).toEqual(['333333333333']);
    expect(await store.has('roster/333333333333.json')).toBe(false);
    await publishSlices(roster, roster.accounts, store, LATER);
    expect(generationOf(store, '333333333333')).toBeGreaterThan(before);
  });

  test('a user whose secret moves takes the former names along, once each, and loses none by a later publication', async () => {
    const store = new MemoryStore();
    const named = (secretName: string) =>
      withFirstAccount((account) => ({
        ...account,
        users: account.users.map((user, index) => (index === 0 ? { ...user, secretName } : user)),
      }));
    for (const name of ['/access-key/a', '/access-key/b', '/access-key/c', '/access-key/a'])
      await publishSlices(named(name), named(name).accounts, store, NOW);
    const [first, second] = store.json<RosterSlice>('roster/333333333333.json').users;
    expect(first!.formerSecretNames).toEqual(['/access-key/b', '/access-key/c']);
    expect(second).not.toHaveProperty('formerSecretNames');
    const again = await publishSlices(named('/access-key/a'), named('/access-key/a').accounts, store, LATER);
    expect(again.written).toEqual([]);
  });

  test('a slice that was cut off is replaced', async () => {
    const store = new MemoryStore();
    store.objects.set('roster/333333333333.json', Buffer.from('{"schemaVersion":1,"gen'));
    expect((await publishSlices(roster, canaries(roster), store, NOW)).written).toEqual(['333333333333']);
    expect(store.json<RosterSlice>('roster/333333333333.json').accountId).toBe('333333333333');
  });

  test('two publications at once never overwrite each other', async () => {
    const store = new MemoryStore();
    await publishSlices(roster, canaries(roster), store, NOW);
    const theirs = Buffer.from('{"schemaVersion":1,"generation":9999999999}');
    store.meanwhile = (key) => void store.objects.set(key, theirs);
    const changed = withFirstAccount((account) => ({ ...account, users: [] }));
    await expect(publishSlices(changed, canaries(changed), store, LATER)).rejects.toThrow('written by somebody else');
    expect(store.objects.get('roster/333333333333.json')).toBe(theirs);
  });
});

describe('code', () => {
  const code = memberCode();

  test('an object holds exactly the bundle that its name tells of', async () => {
    const store = new MemoryStore();
    const keys = await publishCode(code, store);
    expect(keys).toHaveLength(3);
    const { key, source } = code.objects.rotate;
    expect(Buffer.from(unzipSync(store.objects.get(key)!)['index.js']!).equals(source)).toBe(true);
  });

  test('publishing the same code again writes nothing, and the same bytes come of it anywhere', async () => {
    const [store, elsewhere] = [new MemoryStore(), new MemoryStore()];
    await publishCode(code, store);
    expect(await publishCode(memberCode(), store)).toEqual([]);
    await publishCode(code, elsewhere);
    for (const [key, body] of store.objects) expect(elsewhere.objects.get(key)!.equals(body)).toBe(true);
  });
});
