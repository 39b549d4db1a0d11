/** Steps testSecret and setSecret. */
import { settled } from './fixture';

describe('testSecret', () => {
  test('demands three successes in a row', async () => {
    const { world } = settled();
    await world.rotate();
    const proofs = world.calls.filter((name) => name === 'sts:GetCallerIdentity');
    expect(proofs.length).toBeGreaterThan(3);
  });

  test('of a version without a value tries role and user only', async () => {
    const { world } = settled();
    const token = world.startRotation();
    expect(await world.step('testSecret', token)).toBeUndefined();
    expect(world.calls).toContain('iam:GetUser');
    expect(world.calls).not.toContain('sts:GetCallerIdentity');
  });

  test('fails in time when the key never works, the current key unchanged', async () => {
    const { world, current } = settled();
    const token = world.startRotation();
    await world.step('createSecret', token);
    world.keys.find(({ id }) => id !== current.id)!.status = 'Inactive';
    expect(await world.step('testSecret', token)).toMatchObject({ code: 'KEY_NOT_PROPAGATED' });
    expect(world.keyOf('AWSCURRENT')!.id).toBe(current.id);
  });

  test('fails for a user that was deleted and created again', async () => {
    const { world } = settled();
    world.secret.tags['access-keys:user-id'] = 'AIDAFORMER';
    world.keys = [];
    world.addKey();
    expect(await world.rotate()).toMatchObject({ code: 'USER_REPLACED' });
    expect(world.keys).toHaveLength(1);
  });
});

describe('setSecret', () => {
  test('activates a pending key that was deactivated', async () => {
    const { world, current } = settled();
    const token = world.startRotation();
    await world.step('createSecret', token);
    const pending = world.keys.find(({ id }) => id !== current.id)!;
    pending.status = 'Inactive';
    expect(await world.step('setSecret', token)).toBeUndefined();
    expect(pending.status).toBe('Active');
  });
});
