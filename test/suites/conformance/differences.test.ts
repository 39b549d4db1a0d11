import { judge, type Difference } from './differences';

const LISTED: Difference[] = [{ case: 'listed', target: 'moto', observed: ['b'], reason: '', source: '' }];

test.each<[string, string, unknown, string | undefined]>([
  ['what AWS does', 'unlisted', ['a'], undefined],
  ['an unlisted difference', 'unlisted', ['b'], 'expected ["a"]\n   found ["b"]'],
  ['a listed difference', 'listed', ['b'], undefined],
  ['a listed difference that no longer differs', 'listed', ['a'], 'no longer differs: take it out of differences.json'],
  [
    'a listed difference that differs otherwise',
    'listed',
    ['c'],
    'differs otherwise than differences.json says\n   listed ["b"]\n   found ["c"]',
  ],
])('%s is judged as it should be', (_, name, observed, problem) => {
  expect(judge(name, 'moto', ['a'], observed, LISTED)).toBe(problem);
});

test('a difference of the one emulator excuses none of the other', () => {
  expect(judge('listed', 'local organization', ['a'], ['b'], LISTED)).toMatch(/^expected/);
});
