import { listed, MOTO_TESTS, problemOf, type MotoTests } from './verdict';

const TESTS: MotoTests = {
  passing: { 'a.py': ['good'] },
  failing: [
    { class: "moto's own", reason: 'it does what AWS does not', tests: ['a.py::strange'] },
    { class: 'ours', reason: 'not mended yet', tests: ['a.py::wrong'] },
  ],
};
const problem = (name: string, outcome?: 'passed' | 'failed' | 'skipped') =>
  problemOf(name, outcome && { outcome, said: 'E 1 == 2' }, TESTS);

test('a test is as listed when it passes, or fails for a listed reason', () => {
  expect(problem('a.py::good', 'passed')).toBeUndefined();
  expect(problem('a.py::strange', 'failed')).toBeUndefined();
});

test('a failure without a reason, a listed one that passes, and a test that was not run are problems', () => {
  expect(problem('a.py::good', 'failed')).toBe('fails, and no reason is listed: E 1 == 2');
  expect(problem('a.py::strange', 'passed')).toBe('passes now: take it out of moto-tests.json');
  expect(problem('a.py::good', 'skipped')).toBe('was not run');
  expect(problem('a.py::good')).toBe('was not run');
});

test('a defect of the local organization is a problem although it is listed', () => {
  expect(problem('a.py::wrong', 'failed')).toBe('fails by a defect of the local organization: not mended yet');
});

test('every test is listed once, every failure with a reason, and none is ours', () => {
  const names = listed(MOTO_TESTS);
  expect(new Set(names).size).toBe(names.length);
  for (const { reason, class: found, tests } of MOTO_TESTS.failing)
    expect({ found, ok: reason.length > 10 && tests.length > 0 && found !== 'ours' }).toMatchObject({ ok: true });
});
