/** Where an emulator is known to differ from AWS: data, with a reason and a source each. */
import differences from './differences.json';
import type { Target } from './aws';

export interface Difference {
  readonly case: string;
  readonly target: Target['name'];
  readonly observed: unknown;
  readonly reason: string;
  readonly source: string;
}

export const DIFFERENCES = differences as readonly Difference[];

/** As JSON has it, so that what was observed can be compared with data. */
const plain = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) => (part === undefined ? null : part));

/**
 * @returns what is wrong: an unlisted difference, one that is listed otherwise, or a listed one that is none any more
 */
export function judge(
  name: string,
  target: Target['name'],
  expected: unknown,
  observed: unknown,
  differences = DIFFERENCES,
): string | undefined {
  const listed = differences.find((difference) => difference.case === name && difference.target === target);
  if (!listed)
    return plain(observed) === plain(expected) ? undefined : `expected ${plain(expected)}\n   found ${plain(observed)}`;
  if (plain(observed) === plain(expected)) return 'no longer differs: take it out of differences.json';
  return plain(observed) === plain(listed.observed)
    ? undefined
    : `differs otherwise than differences.json says\n   listed ${plain(listed.observed)}\n   found ${plain(observed)}`;
}
