import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadRoster } from '../../lib/roster/load';
import { renderGithub } from '../../lib/roster/render';
import { toSlices } from '../../lib/roster/to-slices';
import { ROSTERS } from '../fixtures/rosters';

const at = new Date('2026-11-01T00:00:00Z');

test('a roster in a directory is good, and is three accounts and ten users', () => {
  const { roster, problems, accounts, users } = loadRoster(ROSTERS.organization, { at });
  expect(problems.map(({ severity, code }) => `${severity} ${code}`)).toEqual(['warning ROSTER_USER_RETIRED']);
  expect({ accounts, users }).toEqual({ accounts: 3, users: 10 });
  expect(roster?.accounts.map(({ id }) => id)).toEqual(['333333333333', '444444444444', '555555555555']);
});

test('the nearest setting wins: user, then account, then defaults', () => {
  const [payments, platform] = loadRoster(ROSTERS.organization, { at }).roster!.accounts;
  expect(payments!.users.map(({ rotateEveryHours }) => rotateEveryHours / 24)).toEqual([45, 30, 45, 45]);
  expect(platform!.users.map(({ rotateEveryHours }) => rotateEveryHours / 24)).toEqual([60, 60, 60]);
  expect(payments!.users[3]).toMatchObject({
    keepPreviousForHours: 0,
    quietForHours: 0,
    unmanagedKeys: 'delete',
    deleteInactiveAfterHours: 168,
  });
});

test("an owner without an email is written to at the owners' domain", () => {
  const [payments] = loadRoster(ROSTERS.organization, { at }).roster!.accounts;
  expect(payments!.users.map(({ email }) => email)).toEqual([
    'jeremy.ritchie@example.com',
    'platform@example.com',
    'data@example.com',
    'platform@example.com',
  ]);
});

test('a FILE means that file alone', () => {
  expect(loadRoster(join(ROSTERS.organization, 'roster.yaml'), { at })).toMatchObject({
    accounts: 1,
    users: 4,
    problems: [],
  });
});

describe('what cannot be read is a problem, never an exception', () => {
  const folder = mkdtempSync(join(tmpdir(), 'load-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const problemsOf = (path: string): string[] =>
    loadRoster(path, { at }).problems.map(({ file, code }) => `${file} ${code}`);

  test.each([
    ['a file named as a folder', `${ROSTERS.oneAccount}/`, 'ROSTER_NOT_FOUND'],
    ['a name that is too long', 'x'.repeat(5_000), 'ROSTER_UNREADABLE'],
  ])('%s', (_, path, code) => {
    expect(problemsOf(path)).toEqual([`${path} ${code}`]);
  });

  test('a folder of accounts that cannot be listed', () => {
    writeFileSync(join(folder, 'roster.yaml'), 'version: 1\n');
    symlinkSync('accounts', join(folder, 'accounts'));
    expect(problemsOf(folder)).toContain(`${join(folder, 'accounts')} ROSTER_UNREADABLE`);
  });
});

test('the slices of a roster partition its users', () => {
  const { roster } = loadRoster(ROSTERS.organization, { at });
  const slices = toSlices(roster!, () => 7);
  expect(slices.flatMap(({ accountId, users }) => users.map(({ secretName }) => accountId + secretName))).toHaveLength(
    10,
  );
  expect(slices.map(({ accountName }) => accountName)).toEqual(roster!.accounts.map(({ name }) => name));
  expect(slices.every(({ generation, schemaVersion }) => generation === 7 && schemaVersion === 1)).toBe(true);
});

test('an exemption is judged by the given day', () => {
  expect(
    loadRoster(ROSTERS.organization, { at: new Date('2027-07-01T00:00:00Z') }).problems.map(
      ({ code, severity }) => `${severity} ${code}`,
    ),
  ).toEqual(['warning ROSTER_USER_RETIRED', 'warning ROSTER_EXEMPTION_OVER']);
});

test('annotations escape what would end them', () => {
  expect(
    renderGithub({
      code: 'ROSTER_TEXT',
      severity: 'error',
      message: '50%\nmore',
      hint: 'a::b',
      file: 'a,b:c.yaml',
      line: 3,
      column: 4,
    }),
  ).toBe('::error file=a%2Cb%3Ac.yaml,line=3,col=4,title=ROSTER_TEXT::50%25%0Amore; hint: a::b');
});
