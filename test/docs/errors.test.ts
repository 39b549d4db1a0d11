import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  AWS_FAILURE_CODES,
  CONDITION_CODES,
  OCCURRENCE_CODES,
  REPORT_CODES,
  ROTATION_ERROR_CODES,
} from '../../lambda/contract/codes';
import { PROBLEM_CODES } from '../../lib/roster/problem';

const page = readFileSync(join(__dirname, '../../docs/errors.md'), 'utf8');
const documented = [...page.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, code]) => code!);
/** Notices, reports and problems are typed by these: whatever else they could say does not compile. */
const codes: readonly string[] = [
  ...PROBLEM_CODES,
  ...ROTATION_ERROR_CODES,
  ...AWS_FAILURE_CODES,
  ...CONDITION_CODES,
  ...OCCURRENCE_CODES,
  ...REPORT_CODES,
];

it('every code has its row', () => {
  expect(documented).toEqual(expect.arrayContaining([...codes]));
});

it('every row has its code, once', () => {
  expect(new Set(documented).size).toBe(documented.length);
  expect(documented.filter((code) => !codes.includes(code))).toEqual([]);
});
