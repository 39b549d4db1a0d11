import { SecretSearch } from '../../../../lib/simulator/rehearsal/observation/secret-search';

/** Not a key of anybody: the characters that need escaping, near each other and apart. */
const SECRET = 'ab/+cd'.repeat(6) + '/+/+';
const search = new SecretSearch();
search.add('AKIATEST', SECRET);

const json = (value: unknown): string => JSON.stringify(value);
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const times = (count: number, escape: (text: string) => string, text: string): string =>
  Array.from({ length: count }).reduce<string>(escape, text);

test.each<readonly [string, string]>([
  ['plain', SECRET],
  ['inside a word', `x${SECRET}y`],
  ['in JSON in JSON', json({ message: json({ value: json({ secret_access_key: SECRET }) }) })],
  ['in JSON with escaped slashes, in JSON in JSON', json(json(json(SECRET).replaceAll('/', '\\/')))],
  ['in JSON as code points, in JSON', json(json(SECRET).replaceAll('/', '\\u002f').replaceAll('+', '\\u002B'))],
  ['URL-encoded', encodeURIComponent(SECRET)],
  ['URL-encoded in lower case', encodeURIComponent(SECRET).replace(/%../g, (code) => code.toLowerCase())],
  ['URL-encoded three times', times(3, encodeURIComponent, SECRET)],
  ...[0, 1, 2].map(
    (before) =>
      [`in base64 of a text after ${before} characters`, base64(`${'x'.repeat(before)}${SECRET}, and more`)] as const,
  ),
  ['in base64 for URLs', Buffer.from(SECRET).toString('base64url')],
  ['in base64, URL-encoded', encodeURIComponent(base64(json({ value: SECRET })))],
  ['in base64 with escaped slashes, in JSON', json(base64(`xx${SECRET}`).replaceAll('/', '\\/'))],
])('a secret is found %s', (_, text) => {
  expect(search.find(text)).toEqual(['AKIATEST']);
});

test('another secret, a part of it, and ids are not taken for it', () => {
  expect(search.find(`${SECRET.slice(0, 30)} ${SECRET.split('').reverse().join('')} AKIATEST`)).toEqual([]);
});
