/** What the version before left in an account, mid-rotation, held and half retired, is taken over, and no promise breaks. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadRoster } from '../../../lib/roster/load';
import { rehearse, type Rehearsal } from '../../../lib/simulator/rehearsal/rehearsal';
import type { StoredState } from '../../../lib/simulator/rehearsal/environment/stored-state';

const FOLDER = join(__dirname, '../../fixtures/upgrade');
const stored = JSON.parse(readFileSync(join(FOLDER, 'state.json'), 'utf8')) as StoredState;
const start = new Date(stored.at);
const DAYS = 45;

let rehearsal: Rehearsal;

beforeAll(async () => {
  rehearsal = await rehearse({
    roster: loadRoster(join(FOLDER, 'roster.yaml'), { at: start }).roster!,
    days: DAYS,
    start,
    seed: 11,
    stored,
    scenario: {
      owners: [
        ...['ann', 'cleo', 'emil'].map((user) => ({ user, switches: '3h' })),
        { user: 'ben', switches: 'never' },
        { user: 'dora', switches: '1d' },
      ],
      commands: [],
    },
  });
}, 120_000);

const tagsBefore = (user: string): string[] =>
  Object.keys(stored.secrets.find(({ name }) => name === `/access-key/${user}`)!.tags);

test('the state was left in the middle: a rotation under way with a key that is not stored, a held key, keys half retired', () => {
  const versions = (user: string) => stored.secrets.find(({ name }) => name === `/access-key/${user}`)!.versions;
  expect(versions('ann').some(({ stages, text }) => stages.includes('AWSPENDING') && text === undefined)).toBe(true);
  expect(stored.users.find(({ name }) => name === 'ann')!.keys).toHaveLength(2);
  expect(tagsBefore('ben')).toContain('access-keys:alert:KEY_STILL_USED');
  expect(tagsBefore('cleo').some((tag) => tag.startsWith('access-keys:retiring:'))).toBe(true);
  expect(stored.users.find(({ name }) => name === 'emil')!.keys.map(({ status }) => status)).toContain('Inactive');
  const paths = Object.keys(stored.objects);
  expect(paths.some((path) => /^events\/\d{12}\/[0-9a-f]{32}\.json$/.test(path))).toBe(true);
  expect(paths.some((path) => /^deliveries\/\d{12}\/[0-9a-f]{32}\.json$/.test(path))).toBe(true);
});

test('every promise holds while it is taken over', () => {
  expect(rehearsal.report.summary.violations).toEqual([]);
});

test('whoever could be rotated before is rotated again, and the held key is held', () => {
  const made = (user: string): number =>
    rehearsal.report.events.filter(
      (event) => event.kind === 'key-created' && event.userName === user && event.origin === 'rotation',
    ).length;
  for (const user of ['ann', 'cleo', 'dora', 'emil']) expect([user, made(user) > 0]).toEqual([user, true]);
  expect(made('ben')).toBe(0);
  const { directory } = rehearsal.organization;
  expect(directory.keysOf(stored.accountId, 'ben').map(({ status }) => status)).toEqual(['Active', 'Active']);
});

test('no key is left that neither a version nor the ledger names, and each stored key works', () => {
  const { directory, secrets } = rehearsal.organization;
  const values = secrets.values().filter(({ accountId }) => accountId === stored.accountId);
  for (const { name } of stored.users) {
    const own = values.filter(({ secretName }) => secretName === `/access-key/${name}`);
    const { tags } = secrets.find(`/access-key/${name}`, stored.accountId, stored.region)!;
    const held = [...own.map(({ value }) => String(value)), ...tags.keys()];
    const keys = directory.keysOf(stored.accountId, name);
    const current = own.find(({ stages }) => stages.includes('AWSCURRENT'));
    for (const { accessKeyId } of keys)
      expect([name, accessKeyId, held.some((text) => text.includes(accessKeyId))]).toEqual([name, accessKeyId, true]);
    expect(
      keys.some(({ accessKeyId, status }) => status === 'Active' && String(current?.value).includes(accessKeyId)),
    ).toBe(true);
  }
});

test('nobody is mailed again about what was mailed before, and keys whose mail came before the upgrade go in time', () => {
  const { events } = rehearsal.report;
  expect(events.filter((event) => event.kind === 'notice' && event.code === 'OWNER_NOT_NOTIFIED')).toEqual([]);
  const retiring = stored.users.find(({ name }) => name === 'cleo')!.keys[0]!.id;
  const gone = events.find((event) => event.kind === 'key-deactivated' && event.keyId === retiring);
  expect(gone && gone.at.slice(0, 10)).toBe('2027-02-16');
});

test('the fixture is small, and a script of the version before made it', () => {
  expect(readFileSync(join(FOLDER, 'state.json')).length).toBeLessThan(200 * 1024);
  expect(readFileSync(join(FOLDER, 'dump-state.ts.txt'), 'utf8')).toContain('commit 13c95c5');
});
