/** Every single fault at every call of a rotation with its retirement, run to rest: the first part of `npm run explore`. */
import { explore } from '../explore/parts';
import { STATES } from '../explore/states';

test.each(Object.keys(STATES))('%s: every promise holds, whichever call fails and how', async (state) => {
  const { schedules, findings } = await explore({ state, kind: 'singles' });
  expect(findings).toEqual([]);
  expect(schedules).toBeGreaterThan(250);
});
