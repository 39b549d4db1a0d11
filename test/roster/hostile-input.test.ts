import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadRoster } from '../../lib/roster/load';

const folder = mkdtempSync(join(tmpdir(), 'hostile-'));
afterAll(() => rmSync(folder, { recursive: true }));

function codesOf(content: string | Buffer): string[] {
  const path = join(folder, 'roster.yaml');
  writeFileSync(path, content);
  return codesAt(path);
}

function codesAt(path: string): string[] {
  const { roster, problems } = loadRoster(path, { at: new Date('2026-06-01T00:00:00Z') });
  expect(roster).toBeUndefined();
  return [...new Set(problems.map(({ code }) => code))];
}

test.each([
  ['nested explicit keys', '? '.repeat(5_000), 'ROSTER_YAML_TOO_DEEP'],
  ['nested flow lists', '['.repeat(100_000), 'ROSTER_YAML_TOO_DEEP'],
  ['nested flow maps', '{a: '.repeat(20_000), 'ROSTER_YAML_TOO_DEEP'],
  ['nested block lists', '- '.repeat(50_000), 'ROSTER_YAML_TOO_DEEP'],
  ['50,000 aliases', `a: &a x\nb: [${'*a,'.repeat(50_000)}]`, 'ROSTER_YAML_ALIAS'],
  ['a billion laughs', 'a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n', 'ROSTER_YAML_ALIAS'],
  ['100,000 quotes', '"'.repeat(100_000), 'ROSTER_YAML_SYNTAX'],
  ['10,000 documents', '---\n'.repeat(10_000), 'ROSTER_YAML_DOCUMENTS'],
  ['binary', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1, 2, 3]), 'ROSTER_ENCODING'],
  ['invalid UTF-8', Buffer.from([0x61, 0x3a, 0x20, 0xc3, 0x28]), 'ROSTER_ENCODING'],
  ['UTF-16', Buffer.from('\ufeffversion: 1\n', 'utf16le'), 'ROSTER_ENCODING'],
  ['tabs', 'accounts:\n\t- id: 1\n', 'ROSTER_YAML_SYNTAX'],
  ['nothing', '', 'ROSTER_EMPTY'],
])('%s is refused', (_, content, code) => {
  expect(codesOf(content)).toContain(code);
});

test('a map of 80,000 unknown keys is told key by key', () => {
  writeFileSync(join(folder, 'keys.yaml'), Array.from({ length: 80_000 }, (_, index) => `k${index}: 1\n`).join(''));
  const { problems } = loadRoster(join(folder, 'keys.yaml'), { at: new Date(0) });
  expect(problems.filter(({ code }) => code === 'ROSTER_UNKNOWN_FIELD')).toHaveLength(80_000);
});

test('400,000 unknown keys end with a listed problem', () => {
  const keys = Array.from({ length: 400_000 }, (_, index) => `k${index}: 1\n`).join('');
  expect(codesOf(`version: 1\n${keys}`)).toEqual(['ROSTER_TOO_LARGE']);
});

test('200,000 unknown keys in many maps end with listed problems, and with how many there are', () => {
  const user = (index: number): string =>
    `      - { name: u${index}, ${Array.from({ length: 50 }, (_, key) => `k${key}: 1`).join(', ')} }\n`;
  const users = Array.from({ length: 4_000 }, (_, index) => user(index)).join('');
  writeFileSync(
    join(folder, 'more.yaml'),
    `version: 1\naccounts:\n  - id: "333333333333"\n    name: x\n    users:\n${users}`,
  );
  const { problems } = loadRoster(join(folder, 'more.yaml'), { at: new Date(0) });
  expect(problems.filter(({ code }) => code === 'ROSTER_UNKNOWN_FIELD').length).toBeGreaterThan(99_000);
  expect(problems.map(({ code, message }) => `${code}: ${message}`)).toContainEqual(
    expect.stringMatching(/^ROSTER_TOO_LARGE: the file has 20\d{4} problems/),
  );
});

test('names of object prototypes are fields like others', () => {
  expect(codesOf('__proto__: { version: 1 }\nconstructor: 1\ntoString: 1\n')).toEqual([
    'ROSTER_MISSING_FIELD',
    'ROSTER_NO_USER_GUARD',
    'ROSTER_UNKNOWN_FIELD',
  ]);
});

test('a file of 100 MB is refused unread', () => {
  const path = join(folder, 'large.yaml');
  writeFileSync(path, '');
  truncateSync(path, 100 * 1024 * 1024);
  expect(codesAt(path)).toEqual(['ROSTER_TOO_LARGE']);
});

test('a file of more words and signs than any roster has is refused before it is composed', () => {
  expect(codesOf('- a\n'.repeat(1_000_000))).toEqual(['ROSTER_TOO_LARGE']);
});

test('a missing file, a directory without a roster and a pipe are each told', () => {
  expect(codesAt(join(folder, 'missing.yaml'))).toEqual(['ROSTER_NOT_FOUND']);
  mkdirSync(join(folder, 'none'));
  expect(codesAt(join(folder, 'none'))).toEqual(['ROSTER_NOT_FOUND']);
  execFileSync('mkfifo', [join(folder, 'pipe.yaml')]);
  expect(codesAt(join(folder, 'pipe.yaml'))).toEqual(['ROSTER_NOT_A_FILE']);
});

test('an unreadable file is told', () => {
  const path = join(folder, 'secret.yaml');
  writeFileSync(path, 'version: 1\n');
  chmodSync(path, 0);
  const judge = `const { loadRoster } = require('./lib/roster/load'); console.log(loadRoster(process.argv[1], { at: new Date(0) }).problems[0].code)`;
  if (process.getuid?.() !== 0) return expect(codesAt(path)).toEqual(['ROSTER_UNREADABLE']);
  chmodSync(folder, 0o755);
  const output = execFileSync(process.execPath, ['--require', 'tsx/cjs', '--eval', judge, path], {
    uid: 65_534,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, TMPDIR: tmpdir(), TSX_DISABLE_CACHE: '1' },
  });
  expect(output.trim()).toBe('ROSTER_UNREADABLE');
});
