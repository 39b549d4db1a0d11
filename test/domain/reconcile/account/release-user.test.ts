/** Users and accounts that leave the roster. */
import { become, codes } from '../../life';
import { settled } from '../../settled';
import { ANN, sliceOf } from '../../world';

describe('leaving the roster', () => {
  test('a removed user who is put back is rotated again', async () => {
    const { world, secret } = await settled();
    world.slice = { ...sliceOf(), generation: 2 };
    await world.reconcile();
    expect(secret.rotationEnabled).toBe(false);
    world.slice = { ...sliceOf(ANN), generation: 3 };
    await world.reconcile();
    expect(secret.rotationEnabled).toBe(true);
    expect(secret.tags['access-keys:released']).toBeUndefined();
    expect(codes(world)).toEqual(['attention USER_RELEASED']);
  });

  test('is told to the admin once', async () => {
    const { world } = await settled();
    for (const generation of [2, 3, 4]) {
      world.slice = { ...sliceOf(), generation };
      await world.reconcile();
    }
    expect(world.notices.map(({ code, audience }) => [code, audience])).toEqual([['USER_RELEASED', ['admin']]]);
  });

  test('is not released while a rotation is outstanding, although somebody called it off', async () => {
    const { world, secret } = await settled();
    await world.step('createSecret', world.startRotation());
    become(world, { state: 'leaving' });
    await world.reconcile();
    secret.rotationEnabled = false;
    await world.reconcile();
    expect(world.report).toMatchObject({ released: false });
  });

  test('an account that leaves calls all off, keeps keys and secrets, and reports released', async () => {
    const { world, key, secret } = await settled();
    become(world, { state: 'leaving' });
    await world.reconcile();
    await world.reconcile();
    expect(secret.rotationEnabled).toBe(false);
    expect(key.status).toBe('Active');
    expect(world.report).toMatchObject({ released: true });
  });

  test('is not released while a rotation is under way, which is finished first', async () => {
    const { world } = await settled();
    const token = world.startRotation();
    await world.step('createSecret', token);
    become(world, { state: 'leaving' });
    await world.reconcile();
    expect(world.report).toMatchObject({ released: false });
    expect(await world.rotate(token)).toBeUndefined();
    await world.reconcile();
    await world.reconcile();
    expect(world.report).toMatchObject({ released: true });
    expect(world.works(world.keyOf('AWSCURRENT'))).toBe(true);
  });
});
