/** A seed is a life, to the byte, whether runs that can do nothing are run or skipped. */
import { TRIES_ALL } from '../../sample';
import { play } from './one-account';

const DAYS = TRIES_ALL ? { seeds: 8, skipping: 15 } : { seeds: 3, skipping: 4 };

it('the same seed gives the same bytes, another seed another life', async () => {
  const [first, second, other] = [
    await play({ days: DAYS.seeds }),
    await play({ days: DAYS.seeds }),
    await play({ days: DAYS.seeds, seed: 2 }),
  ];
  expect(JSON.stringify(second.report)).toBe(JSON.stringify(first.report));
  expect(JSON.stringify(other.report.events)).not.toBe(JSON.stringify(first.report.events));
});

it('skipped runs change nothing', async () => {
  const [skipping, everyRun] = [
    await play({ days: DAYS.skipping, seed: 3 }),
    await play({ days: DAYS.skipping, seed: 3, everyRun: true }),
  ];
  expect(skipping.skippedRuns).toBeGreaterThan(DAYS.skipping * 100);
  expect(everyRun.skippedRuns).toBe(0);
  expect(JSON.stringify(skipping.report)).toBe(JSON.stringify(everyRun.report));
});
