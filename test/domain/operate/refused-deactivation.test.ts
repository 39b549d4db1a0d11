/** A compromised key that cannot be deactivated: what is reported is what is so. */
import { ANN, World } from '../world';

const NOTICES = ['KEY_COMPROMISED', 'COMPROMISED_KEY_WORKS'];

async function compromised(): Promise<{ world: World; key: World['keys'][number] }> {
  const world = new World({ ...ANN });
  const key = world.addKey({ usedHoursAgo: 1 });
  world.addSecret(key);
  await world.reconcile();
  world.between = (index) =>
    void (world.calls[index] === 'iam:UpdateAccessKey Inactive' && world.faults.set(index, 'error'));
  await world.operate({ command: 'rotate', secretName: ANN.secretName, compromised: true });
  return { world, key };
}

async function runs(world: World, count: number): Promise<void> {
  for (let run = 0; run < count; run++) {
    world.pass(1);
    await world.reconcile();
  }
}

test('it is one condition a day that says that the key works and which command stops it, and nobody reads that it was deactivated', async () => {
  const { world, key } = await compromised();
  await runs(world, 47);
  const told = world.notices.filter(({ code }) => NOTICES.includes(code ?? ''));
  expect(told.map(({ code, audience }) => [code, audience])).toEqual([
    ['COMPROMISED_KEY_WORKS', ['admin']],
    ['COMPROMISED_KEY_WORKS', ['admin']],
  ]);
  expect(told[0]).toMatchObject({
    reason: expect.stringContaining('still works'),
    command: `aws iam update-access-key --user-name ann --access-key-id ${key.id} --status Inactive`,
  });
});

test('no successor is made, because the compromised key could read it', async () => {
  const { world } = await compromised();
  const before = world.rotationsAsked;
  await runs(world, 30);
  expect([world.rotationsAsked, world.keys.length]).toEqual([before, 1]);
});

test('once it can be deactivated it is, owner and admins are notified once, and the condition is over', async () => {
  const { world, key } = await compromised();
  await runs(world, 3);
  world.between = () => {};
  await runs(world, 1);
  expect(key.status).toBe('Inactive');
  expect(world.notices.filter(({ type }) => type === 'key-compromised')).toMatchObject([
    { audience: ['owner', 'admin'], code: 'KEY_COMPROMISED', previousKey: { kind: 'inactive', keyId: key.id } },
  ]);
  expect(world.notices.map(({ type, code }) => `${type} ${code}`)).toContain('resolved COMPROMISED_KEY_WORKS');
  await runs(world, 2);
  expect(world.outstanding).toBeDefined();
});

test('while nothing can be sent the key is deactivated all the same, and reported later', async () => {
  const { world, key } = await compromised();
  world.between = (index) => void (world.calls[index] === 'sns:Publish' && world.faults.set(index, 'error'));
  world.pass(1);
  await world.reconcile().catch(() => undefined);
  expect(key.status).toBe('Inactive');
  world.between = () => {};
  await runs(world, 1);
  expect(world.notices.filter(({ type }) => type === 'key-compromised')).toHaveLength(1);
});
