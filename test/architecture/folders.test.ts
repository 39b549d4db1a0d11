import { execFileSync } from 'node:child_process';
import { posix } from 'node:path';

const MOST = 20;
/** One file for each case, named after it. */
const DATA = ['test/roster/fixtures/bad'];

const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { encoding: 'utf8' }).trim().split('\n');

/** How many files lie directly in each folder that has more than a reader takes in at once. */
function crowded(names: readonly string[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(posix.dirname(name), (counts.get(posix.dirname(name)) ?? 0) + 1);
  return Object.fromEntries([...counts].filter(([folder, count]) => count > MOST && !DATA.includes(folder)));
}

test(`no folder but one of data has more than ${MOST} files directly in it`, () => {
  expect(files.length).toBeGreaterThan(500);
  expect(crowded(files)).toEqual({});
});

test('a folder with one file too many is named, and files in folders below it do not count', () => {
  const many = Array.from({ length: MOST }, (_, index) => `lib/plan/${index}.ts`);
  expect(crowded([...many, 'lib/plan/deeper/one.ts'])).toEqual({});
  expect(crowded([...many, 'lib/plan/other.ts'])).toEqual({ 'lib/plan': MOST + 1 });
});

test('the folders of data exist', () => {
  expect(DATA.filter((folder) => !files.some((name) => posix.dirname(name) === folder))).toEqual([]);
});
