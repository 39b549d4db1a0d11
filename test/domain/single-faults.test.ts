/** Every single fault at every call of a rotation with its retirement, run to rest: the first part of `npm run explore`. */
import { explore } from '../explore/parts';

const STATES = ['fresh user', 'a current key', 'a current and an Inactive retiring key', 'the behaviour of the single-account rotator'];

test.each(STATES)('%s: every promise holds, whichever call fails and how', async (state) => {
  const { schedules, findings } = await explore({ state, kind: 'singles' });
  expect(findings).toEqual([]);
  expect(schedules).toBeGreaterThan(250);
});
