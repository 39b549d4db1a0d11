/** Under which day an event lies: that of its occasion, whatever happens to the attempts to write it. */
import { eventPath } from '../../../lambda/contract/names';
import { ANN, World } from '../world';
import type { Said } from '../said';

const paths = (world: World, type: Said['type']): string[] => [
  ...new Set(world.recorded.filter((event) => event.type === type).map(eventPath)),
];

/** Nothing reaches the admin topic until `over` is called. */
function withoutTopic(world: World): () => void {
  world.between = (index) => void (world.calls[index] === 'sns:Publish' && world.faults.set(index, 'error'));
  return () => {
    world.between = () => {};
  };
}

async function lateInTheEvening(): Promise<World> {
  const world = new World({ ...ANN, keepPreviousForHours: 24, quietForHours: 24 });
  world.now = new Date('2026-11-24T23:30:00Z');
  world.addSecret(world.addKey());
  return world;
}

test('a rotation that is completed after midnight writes the same object', async () => {
  const world = await lateInTheEvening();
  const over = withoutTopic(world);
  await world.rotate();
  world.pass(1);
  over();
  await world.reconcile();
  expect(world.notices.map(({ type }) => type)).toContain('rotated');
  expect(paths(world, 'rotated')).toEqual([expect.stringContaining('/2026-11-24/')]);
});

test('a deactivation that is reported after midnight lies under the day on which it was done, at its instant', async () => {
  const world = await lateInTheEvening();
  await world.rotate();
  world.pass(24);
  const over = withoutTopic(world);
  await world.reconcile().catch(() => undefined);
  world.pass(1);
  over();
  await world.reconcile();
  expect(world.notices.map(({ type }) => type)).toContain('previous-key-deactivated');
  expect(paths(world, 'previous-key-deactivated')).toEqual([expect.stringContaining('/2026-11-25/')]);
});

test('the notice of a rotation has its four steps, each with the invocation that did it', async () => {
  const world = await lateInTheEvening();
  await world.rotate();
  const { steps = [] } = world.notices.find(({ type }) => type === 'rotated')!;
  expect(steps.map(({ step }) => step)).toEqual(['createSecret', 'setSecret', 'testSecret', 'finishSecret']);
  expect(steps.every(({ requestId, at }) => /^attempt-\d+$/.test(requestId) && at.startsWith('2026-11-24T23:'))).toBe(
    true,
  );
});
