/** What was read may be over when it is acted on: whoever deactivates, deletes or brings back a key looks again. */
import type { SliceUser } from '../../../lambda/contract/slice';
import { ANN, sliceOf, World } from '../world';

const rollback = { command: 'rollback', secretName: ANN.secretName };
const emergency = { command: 'rotate', secretName: ANN.secretName, compromised: true };
const DAY = 24;
const codes = (world: World): string[] => world.notices.map(({ type, code }) => code ?? type);

function settled(user: SliceUser = ANN) {
  const world = new World(user);
  const key = world.addKey({ ageHours: 30 * DAY, usedHoursAgo: 1 });
  const secret = world.addSecret(key);
  secret.tags['access-keys:notified'] = [...secret.versions.keys()][0]!;
  return { world, key, secret };
}

async function rotated(user: SliceUser = ANN) {
  const { world, key, secret } = settled(user);
  await world.rotate();
  await world.reconcile();
  world.notices.length = 0;
  return { world, secret, previous: key, newer: world.keys.find(({ id }) => id === world.keyOf('AWSCURRENT')!.id)! };
}

async function live(world: World, hours: number, each: () => void = () => {}): Promise<void> {
  for (let hour = 0; hour < hours; hour++) {
    world.pass(1);
    each();
    await world.reconcile();
  }
}

/** The deed is done to its end right before the nth such call from now on. */
function rightBefore(world: World, call: string, deed: () => unknown, nth = 1): void {
  let left = nth;
  world.between = async (index) => void (world.calls[index] === call && --left === 0 && (await deed()));
}

const moveCurrent = (world: World, keyId: string): void => {
  const versions = [...world.secret.versions.values()];
  for (const { stages } of versions) stages.delete('AWSPREVIOUS');
  for (const { stages } of versions) if (stages.delete('AWSCURRENT')) stages.add('AWSPREVIOUS');
  versions.find(({ value }) => value?.includes(keyId))!.stages.add('AWSCURRENT');
};

const retire = (world: World): void => {
  world.slice = { ...sliceOf({ ...world.user, state: 'retired' }), generation: 2 };
};

describe('a rollback between what reconcile reads of a secret', () => {
  test('leaves the newer key, which nobody has used yet, to its retirement', async () => {
    const { world, newer } = await rotated();
    world.pass(1);
    rightBefore(world, 'iam:ListAccessKeys', () => world.operate(rollback));
    await world.reconcile();
    expect(world.keys).toContain(newer);
    expect(newer.status).toBe('Active');
    expect(world.keyOf('KEY_RETIRING')!.id).toBe(newer.id);
    expect(world.secret.tags[`access-keys:retiring:${newer.id}`]).toMatch(/^active /);
  });

  test('leaves the newer key where unmanaged ones are deleted', async () => {
    const { world, newer, secret } = await rotated({ ...ANN, unmanagedKeys: 'delete' });
    world.pass(3 * DAY);
    for (const tag of Object.keys(secret.tags)) if (tag.startsWith('access-keys:intent:')) delete secret.tags[tag];
    rightBefore(world, 'iam:ListAccessKeys', () => world.operate(rollback));
    await world.reconcile();
    expect(newer.status).toBe('Active');
    expect(world.keys).toContain(newer);
  });

  test('keeps the previous key, whose time was just over, and alarms nobody', async () => {
    const { world, previous, newer } = await rotated();
    await live(world, 7 * DAY - 1);
    world.notices.length = 0;
    world.pass(1);
    rightBefore(world, 'secretsmanager:GetResourcePolicy', () => world.operate(rollback));
    await world.reconcile();
    expect([world.keyOf('AWSCURRENT')!.id, previous.status, newer.status]).toEqual([previous.id, 'Active', 'Active']);
    expect(world.keyOf('KEY_RETIRING')!.id).toBe(newer.id);
    expect(codes(world)).toEqual(['ROLLED_BACK']);
  });
});

describe('a key that an older version names', () => {
  test('retires though nobody has used it, instead of being taken for an orphan', async () => {
    const { world, previous, newer } = await rotated();
    moveCurrent(world, previous.id);
    await world.reconcile();
    expect(newer.status).toBe('Active');
    await live(world, 3 * DAY, () => world.use(previous));
    expect(newer.status).toBe('Active');
    await live(world, 5 * DAY, () => world.use(previous));
    expect(newer.status).toBe('Inactive');
  });

  test('does not make room for a new one while it is Active', async () => {
    const { world, previous, newer } = await rotated();
    const token = world.startRotation();
    moveCurrent(world, previous.id);
    world.pass(1);
    expect(await world.step('createSecret', token)).toMatchObject({ code: 'ROOM_NONE' });
    expect(newer.status).toBe('Active');
  });

  test('is not what rotations that delete unmanaged keys delete', async () => {
    const { world, previous, newer, secret } = await rotated({ ...ANN, unmanagedKeys: 'delete' });
    for (const tag of Object.keys(secret.tags)) if (tag.startsWith('access-keys:intent:')) delete secret.tags[tag];
    const token = world.startRotation();
    moveCurrent(world, previous.id);
    world.pass(5 * DAY);
    expect(await world.step('createSecret', token)).toMatchObject({ code: 'ROOM_NONE' });
    expect(newer.status).toBe('Active');
  });
});

test('an orphan that is used before it is deleted stays', async () => {
  const { world, key } = settled();
  const token = world.startRotation();
  rightBefore(world, 'iam:CreateAccessKey', () => world.faults.set(world.calls.length - 1, 'killed-after'));
  await world.step('createSecret', token);
  const orphan = world.keys.find(({ id }) => id !== key.id)!;
  world.pass(1);
  rightBefore(world, 'secretsmanager:GetResourcePolicy', () => world.use(orphan));
  await world.reconcile();
  expect(world.keys).toContain(orphan);
});

test('a deactivated key that somebody reactivates before it is deleted stays', async () => {
  const { world, previous } = await rotated();
  await live(world, 14 * DAY - 1);
  expect(previous.status).toBe('Inactive');
  world.pass(1);
  rightBefore(world, 'secretsmanager:GetResourcePolicy', () => void (previous.status = 'Active'));
  await world.reconcile();
  expect(world.keys).toContain(previous);
  expect(previous.status).toBe('Active');
});

test('the label of the key that retires next stays when one is forgotten that made room', async () => {
  const { world, previous, newer } = await rotated();
  await live(world, 11 * DAY, () => world.use(newer));
  expect(previous.status).toBe('Inactive');
  expect(await world.rotate()).toBeUndefined();
  await world.reconcile();
  expect(world.keys).not.toContain(previous);
  expect(world.keyOf('KEY_RETIRING')!.id).toBe(newer.id);
  expect(await world.operate(rollback)).toContain(`…${newer.id.slice(-4)} again`);
});

describe('the emergency', () => {
  test('after a rollback that came in between deactivates what is current then, and deletes it not', async () => {
    const { world, previous } = await rotated();
    rightBefore(world, 'secretsmanager:DescribeSecret', () => world.operate(rollback), 2);
    expect(await world.operate(emergency)).toContain(`…${previous.id.slice(-4)} is permanently deactivated`);
    expect(world.keyOf('AWSCURRENT')!.id).toBe(previous.id);
    expect(world.keys).toContain(previous);
    expect(await world.rotate()).toBeUndefined();
    expect(world.works(world.keyOf('AWSCURRENT'))).toBe(true);
  });

  test('while a rotation has made its key leaves that one alone, and the rotation finishes', async () => {
    const { world, key } = settled();
    const token = world.startRotation();
    await world.step('createSecret', token);
    expect(await world.operate(emergency)).toContain('is retried');
    expect(key.status).toBe('Inactive');
    expect(await world.rotate(token)).toBeUndefined();
    expect(world.works(world.keyOf('AWSCURRENT'))).toBe(true);
  });

  test('goes on when nobody can say when the key was last used', async () => {
    const { world } = settled();
    rightBefore(world, 'iam:GetAccessKeyLastUsed', () => world.faults.set(world.calls.length - 1, 'error'));
    expect(await world.operate(emergency)).toContain('could not be read');
    expect(await world.rotate()).toBeUndefined();
  });

  test('is stronger than a user who comes back at the same time', async () => {
    const { world, key } = settled();
    retire(world);
    await live(world, 12 * DAY);
    expect(key.status).toBe('Inactive');
    world.notices.length = 0;
    world.slice = { ...sliceOf(ANN), generation: 3 };
    rightBefore(world, 'iam:UpdateAccessKey Active', () => world.operate(emergency));
    await world.reconcile();
    expect(key.status).toBe('Inactive');
    expect(world.notices.find(({ code }) => code === 'USER_RESTORED')!.reason).toContain('stays deactivated');
  });
});

describe('the end of a user who retires', () => {
  test('waits when its key is used right before it is deleted: key and secret stay', async () => {
    const { world, key, secret } = settled();
    retire(world);
    await live(world, 14 * DAY);
    expect(key.status).toBe('Inactive');
    world.pass(1);
    rightBefore(world, 'secretsmanager:GetResourcePolicy', () => world.use(key));
    await world.reconcile();
    expect([world.keys.includes(key), secret.deletedAt]).toEqual([true, undefined]);
    await live(world, 3 * DAY);
    expect([world.keys.includes(key), secret.deletedAt !== undefined]).toEqual([false, true]);
  });

  test('says nothing of a deactivation that it did not do', async () => {
    const { world, key, secret } = settled();
    retire(world);
    await live(world, 7 * DAY);
    world.notices.length = 0;
    world.pass(1);
    const theirs = world.addKey({ ageHours: 10, usedHoursAgo: 1 });
    secret.versions.set('by-hand-0000000000000000000000000', {
      value: JSON.stringify({
        user_name: 'ann',
        account_id: '333333333333',
        access_key_id: theirs.id,
        secret_access_key: theirs.secret,
      }),
      stages: new Set(),
    });
    rightBefore(world, 'secretsmanager:GetResourcePolicy', () => moveCurrent(world, theirs.id));
    await world.reconcile();
    expect(key.status).toBe('Active');
    expect(codes(world)).not.toContain('previous-key-deactivated');
  });

  test('keeps the secret until a previous key that is still used has retired too', async () => {
    const { world, previous, newer, secret } = await rotated();
    retire(world);
    await live(world, 20 * DAY, () => world.use(previous));
    expect(world.keys).toEqual([previous]);
    expect([previous.status, newer.status, secret.deletedAt]).toEqual(['Active', 'Inactive', undefined]);
    await live(world, 12 * DAY);
    expect([world.keys, secret.deletedAt !== undefined]).toEqual([[], true]);
  });
});

describe('the lease', () => {
  test('is held from the moment on in which its label has moved', async () => {
    const { world: rehearsed } = await rotated();
    const from = rehearsed.calls.length;
    await rehearsed.operate(rollback);
    const calls = rehearsed.calls.slice(from);
    const taken = calls.indexOf(
      'secretsmanager:UpdateSecretVersionStage',
      calls.indexOf('secretsmanager:UpdateSecretVersionStage') + 1,
    );
    expect(calls.length - taken).toBeGreaterThan(10);
    for (let call = taken + 1; call < calls.length; call++) {
      const { world } = await rotated();
      let second: string | Error | undefined;
      const at = world.calls.length + call;
      world.between = async (index) => void (index === at && (second = await world.operate(rollback)));
      expect(await world.operate(rollback)).toContain('again');
      expect({ call, second }).toEqual({ call, second: expect.objectContaining({ code: 'SECRET_BUSY' }) });
    }
  });

  test('that cannot be given back runs out, and what was done under it counts', async () => {
    const { world, previous } = await rotated();
    await live(world, 7 * DAY - 1);
    world.notices.length = 0;
    world.pass(1);
    world.between = (index) => {
      if (world.calls[index] === 'secretsmanager:UntagResource' && world.secret.tags['access-keys:lease'])
        world.faults.set(index, 'error');
    };
    await world.reconcile();
    expect(previous.status).toBe('Inactive');
    expect(codes(world)).toEqual(['previous-key-deactivated']);
  });

  test('that somebody else takes meanwhile puts the deletion of an orphan off, and alarms nobody', async () => {
    const { world, key, secret } = settled();
    const token = world.startRotation();
    rightBefore(world, 'iam:CreateAccessKey', () => world.faults.set(world.calls.length - 1, 'killed-after'));
    await world.step('createSecret', token);
    const orphan = world.keys.find(({ id }) => id !== key.id)!;
    world.pass(1);
    rightBefore(
      world,
      'secretsmanager:GetResourcePolicy',
      () => void (secret.tags['access-keys:lease'] = new Date(world.now.getTime() + 60_000).toISOString()),
    );
    await world.reconcile();
    expect(world.keys).toContain(orphan);
    expect(codes(world)).toEqual([]);
    world.pass(1);
    await world.reconcile();
    expect(world.keys).not.toContain(orphan);
  });
});
