/** From every starting state a few of the single faults of a rotation with its retirement, run to rest: `npm run explore` tries them all. */
import { seededRandom } from '../../../lib/simulator/local-organization/random';
import { exploreSome, replayCommand } from './parts';
import { STATES } from './states';
import { SEED } from '../../sample';

const SIZE = 20;

test.each(Object.keys(STATES))('%s: every promise holds, whichever call fails and how', async (state) => {
  const { schedules, outOf, findings } = await exploreSome(state, SIZE, seededRandom(`${SEED} ${state}`));
  expect(findings.map(({ schedule, problems }) => `${problems.join('; ')}: ${replayCommand(schedule)}`)).toEqual([]);
  expect(schedules).toBe(1 + SIZE);
  expect(outOf).toBeGreaterThan(250);
});
