import type { AccountReport } from '../../lambda/contract/report';
import { isReleased } from '../../lib/plan/compare-published';
import { readReport, UnreadableReport } from '../../lib/org-bucket/report';

const ACCOUNT = '333333333333';
const REPORT: AccountReport = {
  schemaVersion: 1,
  accountId: ACCOUNT,
  generation: 5,
  codeVersion: 'new',
  at: '2027-01-04T00:00:00.000Z',
  released: true,
  users: [],
  unknown: [],
};

test('what the account wrote is read, and believed when it says that it is released', () => {
  const text = JSON.stringify(REPORT);
  expect(readReport(text, ACCOUNT)).toEqual(REPORT);
  expect(isReleased(text, ACCOUNT)).toBe(true);
});

test.each([
  ['nothing', '', 'not JSON'],
  ['a page', '<html>', 'not JSON'],
  ['cut off', JSON.stringify(REPORT).slice(0, 60), 'cut off'],
  ['null', 'null', 'schema version is missing'],
  ['a list', '[]', 'schema version is missing'],
  ['of an older version', JSON.stringify({ ...REPORT, schemaVersion: 0 }), 'schema version is 0'],
  ['of a later version', JSON.stringify({ ...REPORT, schemaVersion: 2 }), 'schema version is 2'],
  ["another account's", JSON.stringify({ ...REPORT, accountId: '444444444444' }), 'that of account "444444444444"'],
  ['without users', JSON.stringify({ ...REPORT, users: undefined }), "must have required property 'users'"],
  ['with users that are text', JSON.stringify({ ...REPORT, users: ['ann'] }), '/users/0'],
])('a report that is %s says what was found, and releases nothing', (_, text, found) => {
  expect(() => readReport(text, ACCOUNT)).toThrow(UnreadableReport);
  expect(() => readReport(text, ACCOUNT)).toThrow(found);
  expect(() => readReport(text, ACCOUNT)).toThrow(`the report of account ${ACCOUNT} cannot be read`);
  expect(isReleased(text, ACCOUNT)).toBe(false);
});
