import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadRoster } from '../../lib/roster/load';
import { renderText } from '../../lib/roster/render';

const FOLDER = 'test/roster/fixtures/bad';
const names = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => name.slice(0, -'.yaml'.length));
const at = new Date('2026-06-01T00:00:00Z');

function judged(name: string): string {
  return loadRoster(join(FOLDER, `${name}.yaml`), { at })
    .problems.map((problem) => `${renderText(problem)}\n`)
    .join('\n');
}

/** With ACCEPT=1 expectations that are not there yet are written, to be read before they are committed. */
test.each(names)('%s is told as expected', (name) => {
  const expected = join(FOLDER, `${name}.expected.txt`);
  if (process.env.ACCEPT === '1' && !existsSync(expected)) writeFileSync(expected, judged(name));
  expect(judged(name)).toBe(readFileSync(expected, 'utf8'));
});

test('carets stand below what is meant on a terminal of 80 columns', () => {
  const long = `version: 1\nregion: us-east-1 # ${'x'.repeat(90)}\nname: "${'x'.repeat(90)}`;
  const path = join(mkdtempSync(join(tmpdir(), 'frames-')), 'roster.yaml');
  writeFileSync(path, long);
  const told = [...names.map(judged), ...loadRoster(path, { at }).problems.map((problem) => renderText(problem))].join(
    '\n',
  );
  const frames = told.split('\n').filter((line) => /^ {2}[\d ]+ \| /.test(line));
  expect(frames.length).toBeGreaterThan(2 * names.length - 20);
  expect(frames.filter((line) => line.length > 80)).toEqual([]);
});

test('there are at least 40 bad rosters, and each has a problem', () => {
  expect(names.length).toBeGreaterThanOrEqual(40);
  for (const name of names)
    expect(readFileSync(join(FOLDER, `${name}.expected.txt`), 'utf8')).toMatch(
      /^test\/roster\/fixtures\/bad\/[a-z-]+\.yaml:\d+:\d+: (error|warning) ROSTER_/,
    );
});
