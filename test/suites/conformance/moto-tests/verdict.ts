/** Which of moto's own tests are run, and why some of them fail: data, judged both ways. */
import data from './moto-tests.json';

/** `ours` is a defect of the local organization: none may stay. */
export type FailureClass = 'ours' | 'not claimed' | "moto's own" | 'AWS undocumented';

export interface Failure {
  readonly class: FailureClass;
  readonly reason: string;
  readonly tests: readonly string[];
}

export interface MotoTests {
  /** By their file. */
  readonly passing: Readonly<Record<string, readonly string[]>>;
  readonly failing: readonly Failure[];
}

export interface Result {
  readonly outcome: 'passed' | 'failed' | 'skipped';
  readonly said?: string;
}

export const MOTO_TESTS = data as MotoTests;

export const listed = ({ passing, failing }: MotoTests): readonly string[] => [
  ...Object.entries(passing).flatMap(([file, names]) => names.map((name) => `${file}::${name}`)),
  ...failing.flatMap(({ tests }) => tests),
];

/** @returns what is wrong with a test's outcome; undefined when it is as listed */
export function problemOf(
  test: string,
  result: Result | undefined,
  { failing }: MotoTests = MOTO_TESTS,
): string | undefined {
  const failure = failing.find(({ tests }) => tests.includes(test));
  if (result === undefined || result.outcome === 'skipped') return 'was not run';
  if (failure?.class === 'ours') return `fails by a defect of the local organization: ${failure.reason}`;
  if (result.outcome === 'passed') return failure && 'passes now: take it out of moto-tests.json';
  return failure ? undefined : `fails, and no reason is listed: ${result.said ?? ''}`;
}
