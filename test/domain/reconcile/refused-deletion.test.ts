import { ANN, World } from '../world';

test('a secret that may not be deleted is one condition a day, with the command, and nobody reads that it is deleted', async () => {
  const world = new World({ ...ANN, state: 'retired' });
  world.addSecret();
  world.between = (index) =>
    void (world.calls[index] === 'secretsmanager:DeleteSecret' && world.faults.set(index, 'error'));
  for (let hour = 0; hour < 48; hour++) {
    await world.reconcile();
    world.pass(1);
  }
  const told = world.notices.map(({ type, code }) => `${type} ${code}`);
  expect(told).toEqual(['attention USER_RETIRED', 'attention SECRET_NOT_DELETED', 'attention SECRET_NOT_DELETED']);
  expect(world.notices[0]!.reason).toContain('is about to be deleted');
  expect(world.notices[1]!.command).toContain(`delete-secret --region us-east-1 --secret-id ${ANN.secretName}`);
  world.between = () => {};
  await world.reconcile();
  expect(world.secret.deletedAt).toBeDefined();
  expect(world.notices.at(-1)).toMatchObject({ type: 'resolved', code: 'SECRET_NOT_DELETED' });
});
