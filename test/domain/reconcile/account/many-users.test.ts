/** Many users at once: turns, and the breaker that keeps a bad day small. */
import type { SliceUser } from '../../../../lambda/contract/slice';
import { codes } from '../../life';
import { ANN, sliceOf, World } from '../../world';

type StoredSecret = World['secret'];

const others = (count: number): SliceUser[] =>
  Array.from({ length: count }, (_, index) => ({ ...ANN, name: `u${index}`, secretName: `/access-key/u${index}` }));

test('users who wait for their first rotation are looked at when it is their turn', async () => {
  const world = new World();
  world.slice = { ...sliceOf(...others(10)), limits: { maxFirstRotationsPerRun: 3, freeze: [] } };
  await world.reconcile();
  for (const [turn, started] of [
    [1, 6],
    [2, 9],
    [3, 10],
  ] as const) {
    const before = world.calls.length;
    world.pass(1 / 60);
    await world.reconcile({ name: 'RotationAbandoned', secretId: 'of another product', at: '' });
    expect(world.calls.slice(before).filter((call) => call === 'iam:GetUser')).toHaveLength(turn === 3 ? 1 : 3);
    expect(
      [...world.secrets.values()].filter(({ versions }) =>
        [...versions.values()].some(({ stages }) => stages.has('AWSPENDING')),
      ),
    ).toHaveLength(started);
  }
});

describe('many failures', () => {
  test('stop new rotations but one as a probe, and are told with their end', async () => {
    const world = new World();
    world.slice = sliceOf(...others(8));
    await world.reconcile();
    const pending = (): number =>
      [...world.secrets.values()].filter(({ versions }) =>
        [...versions.values()].some(({ stages }) => stages.has('AWSPENDING')),
      ).length;
    expect(pending()).toBe(8);
    for (const secret of world.secrets.values()) {
      const [token] = [...secret.versions].find(([, { stages }]) => stages.has('AWSPENDING'))!;
      secret.tags['access-keys:failed'] = `${token} AccessDenied ${world.now.toISOString()}`;
    }
    await world.reconcile();
    world.slice = { ...sliceOf(...others(8), ...others(20).slice(8)), generation: 2 };
    world.notices.length = 0;
    await world.reconcile();
    expect(codes(world)).toContain('attention CIRCUIT_OPEN');
    expect(pending()).toBe(9);
    for (const secret of world.secrets.values())
      for (const { stages } of secret.versions.values()) stages.delete('AWSPENDING');
    await world.reconcile();
    await world.reconcile();
    expect(codes(world)).not.toContain('resolved CIRCUIT_OPEN');
    world.pass(2);
    await world.reconcile();
    await world.reconcile();
    expect(codes(world)).toContain('resolved CIRCUIT_OPEN');
  });

  test.each([
    [9, 100, 1],
    [10, 100, 0],
    [2, 9, 1],
    [3, 9, 0],
  ])('%i of %i let a new container start %i more than its probe', async (failing, users, more) => {
    const world = new World();
    world.slice = { ...sliceOf(...others(users)), limits: { maxFirstRotationsPerRun: failing, freeze: [] } };
    await world.reconcile();
    const started = (): StoredSecret[] =>
      [...world.secrets.values()].filter(({ versions }) =>
        [...versions.values()].some(({ stages }) => stages.has('AWSPENDING')),
      );
    for (const secret of started()) {
      const [token] = [...secret.versions].find(([, { stages }]) => stages.has('AWSPENDING'))!;
      secret.tags['access-keys:failed'] = `${token} AccessDenied ${world.now.toISOString()}`;
    }
    world.slice = { ...world.slice, limits: { maxFirstRotationsPerRun: 2, freeze: [] } };
    world.forget();
    await world.reconcile();
    expect(started()).toHaveLength(failing + 1 + more);
  });
});
