/** What is published between the guard and the steps that publish cannot make a dangerous change pass. */
import { PUBLISHED_PATH } from '../../lambda/contract/names';
import { recordJudgedBase } from '../../lib/org-bucket/judged-base';
import { printPublished } from '../../lib/org-bucket/published-roster';
import { comparePublished } from '../../lib/plan/compare-published';
import { planOf } from '../../lib/plan/plan';
import { publish } from '../../lib/publish/publish';
import { loadRoster } from '../../lib/roster/load';
import type { Roster } from '../../lib/roster/roster';
import { ROSTERS } from '../fixtures/rosters';
import { MemoryStore } from './memory-store';

const NOW = new Date('2027-01-04T00:00:00Z');
const roster = loadRoster(ROSTERS.organization, { at: NOW }).roster!;
const withAdmins = (...admins: string[]): Roster => ({ ...roster, notifications: { ...roster.notifications, admins } });
const reviewed = (from: Roster, to: Roster): Roster => ({
  ...to,
  acknowledge: [planOf(from, to, () => false, NOW).code!],
});

/** A bucket in which this roster is published. */
function published(what: Roster, generation = 1): MemoryStore {
  const store = new MemoryStore();
  store.objects.set(PUBLISHED_PATH, Buffer.from(printPublished(what, generation)));
  return store;
}

async function guard(store: MemoryStore, to: Roster): Promise<boolean> {
  const { plan, base } = await comparePublished(to, store, NOW);
  if (plan.ok) await recordJudgedBase(store, to, base);
  return plan.ok;
}

/** Somebody else's roster takes the place of the published one. */
const meanwhile = (store: MemoryStore, what: Roster): void =>
  void store.objects.set(PUBLISHED_PATH, Buffer.from(printPublished(what, 2)));

const slicesOf = (store: MemoryStore): string[] => store.writes.filter((key) => key.startsWith('roster/'));

test('what the guard compared with is accepted, by the canaries and by the fleet, and its own result afterwards', async () => {
  const store = published(roster);
  const next = reviewed(roster, withAdmins('new@example.com'));
  expect(await guard(store, next)).toBe(true);
  await publish('canary', next, store, NOW);
  await publish('fleet', next, store, NOW);
  expect(store.json<{ roster: Roster }>(PUBLISHED_PATH).roster.notifications.admins).toEqual(['new@example.com']);
  expect(await publish('fleet', next, store, NOW)).toMatchObject({ written: [] });
});

test.each(['canary', 'fleet'] as const)(
  'another roster that was published meanwhile stops a dangerous change before anything is written: %s',
  async (part) => {
    const store = published(roster);
    const next = reviewed(roster, withAdmins('new@example.com'));
    await guard(store, next);
    meanwhile(store, withAdmins('third@example.com'));
    await expect(publish(part, next, store, NOW)).rejects.toThrow(
      /nothing was published.*addresses-changed.*acknowledge: \[ack-[0-9a-f]{32}\]/,
    );
    expect(slicesOf(store)).toEqual([]);
  },
);

test('another base that makes nothing dangerous of it is accepted', async () => {
  const store = published(roster);
  const next: Roster = {
    ...roster,
    accounts: roster.accounts.map((account) => ({ ...account, name: `${account.name}-2` })),
  };
  await guard(store, next);
  meanwhile(store, { ...roster, limits: { ...roster.limits, maxRemovalsPercent: 4 } });
  await expect(publish('fleet', next, store, NOW)).rejects.toThrow('limit-loosened');
  meanwhile(store, { ...roster, limits: { ...roster.limits, maxRemovalsPercent: 9 } });
  await publish('fleet', next, store, NOW);
  expect(slicesOf(store).length).toBeGreaterThan(0);
});

test('without a guard, as when somebody publishes by themselves, a dangerous change stops until it is acknowledged', async () => {
  const store = published(roster);
  await expect(publish('all', withAdmins('mallory@example.com'), store, NOW)).rejects.toThrow('addresses-changed');
  await publish('fleet', reviewed(roster, withAdmins('new@example.com')), store, NOW);
});

test('what the guard said of another roster counts for nothing', async () => {
  const store = published(roster);
  await guard(store, roster);
  await expect(publish('fleet', withAdmins('mallory@example.com'), store, NOW)).rejects.toThrow('addresses-changed');
});

test.each(['not json', 'null', '{}', '{"schemaVersion":2}'])(
  'a record that cannot be read, %j, proves nothing',
  async (text) => {
    const store = published(roster);
    store.objects.set('judged.json', Buffer.from(text));
    await expect(publish('fleet', withAdmins('mallory@example.com'), store, NOW)).rejects.toThrow('addresses-changed');
    expect(await guard(store, roster)).toBe(true);
  },
);

test('a guard that stops records nothing', async () => {
  const store = published(roster);
  expect(await guard(store, withAdmins('mallory@example.com'))).toBe(false);
  expect(store.writes).toEqual([]);
});

test('before the first deployment there is no bucket: the guard passes, and publishing compares for itself', async () => {
  const absent = new MemoryStore();
  absent.write = () => Promise.reject(Object.assign(new Error('no bucket'), { name: 'NoSuchBucket' }));
  expect(await guard(absent, roster)).toBe(true);
  const store = new MemoryStore();
  await publish('fleet', roster, store, NOW);
  expect(store.writes).toContain(PUBLISHED_PATH);
  await expect(publish('fleet', { ...roster, acknowledge: [] }, new MemoryStore(), NOW)).rejects.toThrow(
    'nothing was published',
  );
});

test('two publications at once: the second writes no roster over the first', async () => {
  const store = published(roster);
  const next = reviewed(roster, withAdmins('new@example.com'));
  await guard(store, next);
  store.meanwhile = (key) => key === PUBLISHED_PATH && meanwhile(store, withAdmins('third@example.com'));
  await expect(publish('fleet', next, store, NOW)).rejects.toThrow('somebody else');
  expect(store.json<{ roster: Roster }>(PUBLISHED_PATH).roster.notifications.admins).toEqual(['third@example.com']);
});
