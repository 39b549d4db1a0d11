import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROTATION_ERROR_CODES } from '../../lambda/domain/errors';
import { PROBLEM_CODES } from '../../lib/roster/problem';

const DOMAIN = join(__dirname, '../../lambda/domain');
const page = readFileSync(join(__dirname, '../../docs/errors.md'), 'utf8');
const documented = [...page.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, code]) => code!);

/** Conditions have no list of their own: their codes stand where they are set. */
const conditions = readdirSync(DOMAIN, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .flatMap((name) =>
    [
      ...readFileSync(join(DOMAIN, name), 'utf8')
        .replaceAll(/(?<=[([{])\s+/g, '')
        .replaceAll(/\s+/g, ' ')
        .matchAll(
          /(?:conditions\.set\(|code: |\[pending, |byHand\(pass, |byHand\(\{ secrets, secret, \.\.\.pass \}, |\? )'([A-Z]+_[A-Z_]+)'|: '(ROTATION_FAILED)'/g,
        ),
    ].map(([, code, other]) => (code ?? other)!),
  );

it('every code has its row', () => {
  expect(conditions).toContain('KEY_STILL_USED');
  expect(documented).toEqual(expect.arrayContaining([...PROBLEM_CODES, ...ROTATION_ERROR_CODES, ...conditions]));
});

it('every row has its code, once', () => {
  expect(new Set(documented).size).toBe(documented.length);
  expect(
    documented.filter((code) => ![...PROBLEM_CODES, ...ROTATION_ERROR_CODES, ...conditions].includes(code)),
  ).toEqual([]);
});
