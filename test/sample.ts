/** What `npm test` draws from what is too much for every run. */
import path from 'node:path';
import { seededRandom, type Random } from '../lib/simulator/local-organization/random';

/** Printed by `closing-line.js`; TEST_SEED repeats it. */
export const SEED = process.env.TEST_SEED!;

/** TEST_SAMPLE=all, as before a release: everything is tried, and at its full length. */
export const TRIES_ALL = process.env.TEST_SAMPLE === 'all';

/** As many of these as said, in their order. @param name of what is drawn, so that two draws differ */
export function sample<One>(size: number, all: readonly One[], name: string): readonly One[] {
  if (TRIES_ALL) return all;
  const chosen = new Set(drawn(all, size, seededRandom(`${SEED} ${name}`)));
  return all.filter((one) => chosen.has(one));
}

export function drawn<One>(all: readonly One[], size: number, random: Random): One[] {
  const left = [...all];
  return Array.from({ length: Math.min(size, all.length) }, () => left.splice(random.integer(left.length), 1)[0]!);
}

/** @returns what stands for `test` in a file of so many tests, of which so many are drawn */
export function testsDrawn(size: number, outOf: number): (name: string, body: () => Promise<void>) => void {
  const file = expect.getState().testPath ?? '';
  const chosen = sample(size, [...Array(outOf).keys()], path.basename(file));
  let next = 0;
  return (name, body) => {
    if (next === outOf) throw new Error(`${file} has more than the ${outOf} tests that some are drawn out of`);
    if (chosen.includes(next++)) test(name, body);
  };
}
