/** The previous key, from its rotation to its deletion. */
import type { SliceUser } from '../../../../lambda/contract/slice';
import { live } from '../../life';
import { ANN, sliceOf, World } from '../../world';

const codes = (world: World) =>
  world.notices.map(({ type, code, audience }) => [type, code, audience.join('+')].filter(Boolean).join(' '));

/** A user whose key was rotated once, with the previous key retiring. */
async function rotated(user: SliceUser = ANN) {
  const world = new World(user);
  const previous = world.addKey({ usedHoursAgo: 1 });
  world.addSecret(previous);
  await world.rotate();
  world.notices.length = 0;
  return { world, previous };
}

describe('the previous key', () => {
  test('stays Active for keepPreviousFor, Inactive for deleteInactiveAfter, then is deleted', async () => {
    const { world, previous } = await rotated();
    await live(world, 24 * 7 - 1);
    expect(previous.status).toBe('Active');
    await live(world, 2);
    expect(previous.status).toBe('Inactive');
    await live(world, 24 * 7 - 2);
    expect(world.keys).toContain(previous);
    await live(world, 4);
    expect(world.keys.map(({ id }) => id)).toEqual([world.keyOf('AWSCURRENT')!.id]);
    expect(codes(world)).toEqual(['previous-key-deactivated owner']);
    expect(world.keyOf('KEY_RETIRING')).toBeUndefined();
  });

  test('stays as long as its owner was told, though the roster says less since', async () => {
    const { world, previous } = await rotated();
    world.slice = sliceOf({ ...ANN, keepPreviousForHours: 48, deleteInactiveAfterHours: 0 });
    await live(world, 24 * 7 - 1);
    expect(previous.status).toBe('Active');
    world.slice = sliceOf(ANN);
    await live(world, 2);
    expect(previous.status).toBe('Inactive');
    world.slice = sliceOf({ ...ANN, deleteInactiveAfterHours: 0 });
    await live(world, 24 * 7 - 2);
    expect(world.keys).toContain(previous);
    await live(world, 4);
    expect(world.keys).not.toContain(previous);
  });

  test('that is still used is held, its owner warned at half time, the day before and at the end', async () => {
    const { world, previous } = await rotated();
    for (let hour = 0; hour < 24 * 10; hour++) {
      world.use(previous);
      await live(world, 1);
    }
    expect(previous.status).toBe('Active');
    expect(codes(world).filter((code) => code === 'previous-key-in-use owner')).toHaveLength(3);
    expect(codes(world)).toContain('attention KEY_STILL_USED admin');
    expect(world.notices[0]!.previousKeyLastUsed).toMatchObject({ service: 's3', region: 'us-east-1' });
  });

  test('that is still used is deactivated by whenStillUsed deactivate', async () => {
    const { world, previous } = await rotated({ ...ANN, whenStillUsed: 'deactivate' });
    for (let hour = 0; hour < 24 * 7 + 2; hour++) {
      if (previous.status === 'Active') world.use(previous);
      await live(world, 1);
    }
    expect(previous.status).toBe('Inactive');
  });

  test('is neither deactivated nor deleted when AWSCURRENT names it again', async () => {
    const { world, previous } = await rotated();
    const [oldVersion] = [...world.secret.versions].find(([, { value }]) => value?.includes(previous.id))!;
    for (const { stages } of world.secret.versions.values()) stages.delete('AWSCURRENT');
    world.secret.versions.get(oldVersion)!.stages.add('AWSCURRENT');
    await live(world, 24 * 30);
    expect(previous.status).toBe('Active');
    expect(world.keys).toContain(previous);
  });

  test('that somebody reactivated is kept for the whole time again', async () => {
    const { world, previous } = await rotated();
    await live(world, 24 * 7 + 2);
    expect(previous.status).toBe('Inactive');
    world.pass(1);
    previous.status = 'Active';
    await live(world, 24 * 7 - 1);
    expect(previous.status).toBe('Active');
  });

  test('whose deactivation fails is told to owner and admin, and retired later', async () => {
    const { world, previous } = await rotated();
    await live(world, 24 * 7 - 1);
    let failed = false;
    world.between = (index) => {
      if (world.calls[index] === 'iam:UpdateAccessKey Inactive' && !failed) {
        failed = true;
        world.faults.set(index, 'error');
      }
    };
    await live(world, 1);
    expect(codes(world)).toContain('retirement-failed AWS_FAILED owner+admin');
    await live(world, 2);
    expect(previous.status).toBe('Inactive');
  });

  test('is not taken for quiet when its last use cannot be read', async () => {
    const { world, previous } = await rotated();
    await live(world, 24 * 7 - 1);
    world.between = (index) => {
      if (world.calls[index] === 'iam:GetAccessKeyLastUsed') world.faults.set(index, 'error');
    };
    await live(world, 24);
    expect(previous.status).toBe('Active');
  });
});

describe('what finishSecret left undone', () => {
  test.each([
    'secretsmanager:UpdateSecretVersionStage',
    's3:PutObject event',
    'sns:Publish',
    'secretsmanager:TagResource',
  ])('is completed after a kill at %s', async (operation) => {
    const world = new World();
    world.addSecret(world.addKey({ usedHoursAgo: 1 }));
    const token = world.startRotation();
    for (const step of ['createSecret', 'setSecret', 'testSecret']) await world.step(step, token);
    const from = world.calls.length;
    let promoted = false;
    world.between = (index) => {
      promoted ||= world.keyOf('AWSCURRENT')!.id === world.keyOf('AWSPENDING')?.id;
      if (index > from && promoted && world.calls[index] === operation && world.faults.size === 0)
        world.faults.set(index, 'killed-before');
    };
    await world.step('finishSecret', token);
    expect(world.faults.size).toBe(1);
    await world.reconcile();
    expect(codes(world)).toEqual(['rotated owner']);
    expect(world.keyOf('AWSPENDING')).toBeUndefined();
  });

  test('a value put by hand is told to the admin once, and to no owner', async () => {
    const { world } = await rotated();
    const current = world.keyOf('AWSCURRENT')!;
    for (const { stages } of world.secret.versions.values()) stages.delete('AWSCURRENT');
    const value = JSON.stringify({
      user_name: 'ann',
      account_id: '333333333333',
      access_key_id: current.id,
      secret_access_key: current.secret,
    });
    world.secret.versions.set('by-hand-000000000000000000000000', { value, stages: new Set(['AWSCURRENT']) });
    await world.reconcile();
    await world.reconcile();
    expect(codes(world)).toEqual(['attention CURRENT_CHANGED admin']);
  });
});
