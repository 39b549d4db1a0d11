/** Every row of the security model names tests that exist, by file and words of their names. */
import { existsSync, readFileSync } from 'node:fs';

const model = readFileSync('docs/security-model.md', 'utf8');
const rows = model
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| who |'))
  .map((line) => line.slice(2, -2).split(' | '));

/** Cases of these files are data beside them. */
const DATA: Readonly<Record<string, string>> = { 'test/stacks/requests.test.ts': 'test/stacks/request-cases.json' };

const named = rows.flatMap(([who, , , , shown = '']) =>
  shown.split('; ').map((entry) => {
    const [, file = '', words = ''] = /^`(test\/[^`]+\.test\.ts)`(?:: (.+))?$/.exec(entry) ?? [];
    return { who: who!, entry, file, words };
  }),
);

test('the model has rows, and each names a test', () => {
  expect(rows.length).toBeGreaterThan(10);
  expect(rows.filter((cells) => cells.length !== 5)).toEqual([]);
});

test.each(named)('$who is shown by $entry', ({ file, words }) => {
  expect(file).not.toBe('');
  expect(existsSync(file)).toBe(true);
  const text = readFileSync(file, 'utf8') + (DATA[file] ? readFileSync(DATA[file], 'utf8') : '');
  expect(text.replaceAll("\\'", "'")).toContain(words);
});
