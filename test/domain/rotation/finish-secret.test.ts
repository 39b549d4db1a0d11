/** Step finishSecret. */
import { ANN } from '../world';
import { codes, settled } from './fixture';

describe('finishSecret', () => {
  test('refuses a version without a value', async () => {
    const { world, current } = settled();
    expect(await world.step('finishSecret', world.startRotation())).toMatchObject({ code: 'PENDING_EMPTY' });
    expect(world.keyOf('AWSCURRENT')!.id).toBe(current.id);
  });

  test('refuses a key that is not Active', async () => {
    const { world, current } = settled();
    const token = world.startRotation();
    await world.step('createSecret', token);
    world.keys.find(({ id }) => id !== current.id)!.status = 'Inactive';
    expect(await world.step('finishSecret', token)).toMatchObject({ code: 'PENDING_KEY_NOT_ACTIVE' });
    expect(world.keyOf('AWSCURRENT')!.id).toBe(current.id);
  });

  test('refuses a key that IAM lists as Active and that does not work', async () => {
    const { world, current } = settled();
    const token = world.startRotation();
    for (const step of ['createSecret', 'setSecret', 'testSecret']) await world.step(step, token);
    const pending = world.keys.find(({ id }) => id !== current.id)!;
    Object.assign(pending, { secret: 'another-one-than-what-is-stored-xxxxxxxx' });
    expect(await world.step('finishSecret', token)).toMatchObject({ code: 'PENDING_KEY_NOT_ACTIVE' });
    expect(world.keyOf('AWSCURRENT')!.id).toBe(current.id);
    expect(world.secret.tags[`access-keys:retiring:${current.id}`]).toBeUndefined();
  });

  test('bears that a proved key is unknown once more in one place', async () => {
    const { world } = settled();
    const token = world.startRotation();
    for (const step of ['createSecret', 'setSecret', 'testSecret']) await world.step(step, token);
    const pending = world.keys.find(({ id }) => id === world.keyOf('AWSPENDING')!.id)!;
    const { createdAt } = pending;
    world.between = (index) =>
      void (pending.createdAt =
        world.calls[index] === 'sts:GetCallerIdentity' && world.calls[index - 1] !== 'sts:GetCallerIdentity'
          ? world.now
          : createdAt);
    expect(await world.step('finishSecret', token)).toBeUndefined();
    expect(world.keyOf('AWSCURRENT')!.id).toBe(pending.id);
  });

  test('whose AWSPENDING a rollback took off meanwhile has finished, and nobody is told of a failure', async () => {
    const { world, current } = settled();
    world.between = async (index) => {
      if (
        world.calls[index] !== 'secretsmanager:UpdateSecretVersionStage' ||
        world.calls[index - 1] !== 'secretsmanager:TagResource' ||
        codes(world)[0] !== 'rotated owner'
      )
        return;
      world.between = () => {};
      await world.operate({ command: 'rollback', secretName: ANN.secretName });
    };
    expect(await world.rotate()).toBeUndefined();
    expect(world.keyOf('AWSCURRENT')!.id).toBe(current.id);
    expect(codes(world)).toEqual(['rotated owner', 'rolled-back ROLLED_BACK owner+admin']);
  });

  test('on a promoted version whose notice failed tells the owner when it is called again', async () => {
    const { world } = settled();
    const token = world.startRotation();
    for (const step of ['createSecret', 'setSecret', 'testSecret']) await world.step(step, token);
    let failed = false;
    world.between = (index) => {
      if (world.calls[index] === 'sns:Publish' && !failed) {
        failed = true;
        world.faults.set(index, 'error');
      }
    };
    expect(await world.step('finishSecret', token)).toBeInstanceOf(Error);
    expect(codes(world)).toEqual(['rotation-partial AWS_FAILED admin']);
    expect(await world.rotate(token)).toBeUndefined();
    expect(codes(world)).toEqual(['rotation-partial AWS_FAILED admin', 'rotated owner']);
  });
});
