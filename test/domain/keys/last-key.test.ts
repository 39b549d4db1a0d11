/** Nothing that retires touches an Active key of a user while AWSCURRENT does not name a key that exists and is Active. */
import { ownerEvent } from '../../../lambda/domain/mail/owner-event';
import { mailWords } from '../../../lambda/domain/mail/wording';
import { printSecretValue } from '../../../lambda/domain/secret-value';
import type { Said } from '../said';
import type { SliceUser } from '../../../lambda/contract/slice';
import { settled } from '../settled';
import { follow } from '../follow';
import { ACCOUNT, ANN, sliceOf, World } from '../world';

type Key = World['keys'][number];

/** Hourly, with a use of the key each day. */
async function live(world: World, days: number, used: () => Key | undefined = () => undefined): Promise<void> {
  for (let hour = 0; hour < days * 24; hour++) {
    const key = used();
    if (key && hour % 24 === 0) world.use(key);
    world.pass(1);
    await world.reconcile();
  }
}

const activeKeys = (world: World): string[] =>
  world.keys.filter(({ status }) => status === 'Active').map(({ id }) => id);

/** The owner has a new key, and deactivates that one by mistake. */
async function withDeactivatedCurrent(user: SliceUser = ANN) {
  const { world, key: old } = await settled(user);
  expect(await world.rotate()).toBeUndefined();
  const current = world.keys.find(({ id }) => id !== old.id)!;
  world.pass(1);
  current.status = 'Inactive';
  world.notices.length = 0;
  return { world, old, current };
}

describe('while the stored key is deactivated by its owner', () => {
  test.each([
    ['is kept', ANN],
    ['is kept, whatever the roster says of keys in use', { ...ANN, whenStillUsed: 'deactivate' as const }],
    [
      'is kept where nothing is waited for',
      { ...ANN, keepPreviousForHours: 0, quietForHours: 0, unmanagedKeys: 'delete' as const },
    ],
  ])('the previous key %s for as long as that lasts', async (_, user) => {
    const { world, old } =
      user.keepPreviousForHours === 0 ? await withUnfinishedTail(user) : await withDeactivatedCurrent(user);
    await live(world, 40);
    expect(activeKeys(world)).toEqual([old.id]);
  });
});

describe('what is said of a stored key that its owner deactivated', () => {
  test('reaches owner and admins once a day: which key it is, which one works, and the command that cures it', async () => {
    const { world, old, current } = await withDeactivatedCurrent();
    await live(world, 5, () => old);
    expect(world.notices.length).toBe(5);
    for (const notice of world.notices) {
      expect(notice).toMatchObject({
        type: 'stored-key-unusable',
        code: 'CURRENT_KEY_INACTIVE',
        audience: ['owner', 'admin'],
        currentKeyId: current.id,
        workingKeyIds: [old.id],
      });
      expect(notice.reason).toContain(`the key …${old.id.slice(-4)} (last used`);
    }
    expect(world.notices[0]!.command).toBe(
      `aws iam update-access-key --user-name ann --access-key-id ${current.id} --status Active`,
    );
  });

  test('sends nobody to the dead key: the mail names the one that works and no command that fetches', async () => {
    const { world, old } = await withDeactivatedCurrent();
    await live(world, 1);
    const text = mailOf(world.notices[0]!);
    expect(text).toContain(`Continue to use the key …${old.id.slice(-4)}`);
    expect(text).not.toMatch(/get-secret-value|profile/);
  });

  test('is followed word by word: within the hour it is over, and the previous key has all its time again', async () => {
    const { world, old, current } = await withDeactivatedCurrent();
    await live(world, 20, () => old);
    await follow(world, world.notices.at(-1)!.command!);
    world.notices.length = 0;
    await live(world, 1 / 24);
    expect(world.notices.map(({ type, code }) => `${type} ${code}`)).toEqual(['resolved CURRENT_KEY_INACTIVE']);
    expect(world.works(world.keyOf('AWSCURRENT'))).toBe(true);
    await live(world, 6.9);
    expect(activeKeys(world)).toEqual([old.id, current.id]);
    await live(world, 8);
    expect(activeKeys(world)).toEqual([current.id]);
  });

  test('has another way for whoever meant it: a rollback, after which the stored key works and the other is gone for good', async () => {
    const { world, old, current } = await withDeactivatedCurrent();
    await live(world, 10, () => old);
    expect(world.notices.at(-1)!.nextStep).toContain(
      'node bin/access-keys.js rollback --account 333333333333 --user ann',
    );
    await world.operate({ command: 'rollback', secretName: ANN.secretName });
    const rolledBack = world.notices.at(-1)!;
    expect(rolledBack).toMatchObject({ type: 'rolled-back', previousKey: { kind: 'inactive', keyId: current.id } });
    expect(world.keyOf('AWSCURRENT')!.id).toBe(old.id);
    await live(world, 9, () => old);
    expect(world.keys.map(({ id }) => id)).toEqual([old.id]);
  });

  test('has another way where there is no other key: a rotation', async () => {
    const { world, key } = await settled();
    key.status = 'Inactive';
    await live(world, 1);
    expect(world.notices[0]!.reason).toContain('no other key of ann works');
    expect(world.notices[0]!.nextStep).toContain('node bin/access-keys.js rotate --account 333333333333 --user ann');
    await world.operate({ command: 'rotate', secretName: ANN.secretName });
    expect(await world.rotate(world.outstanding)).toBeUndefined();
    expect(world.works(world.keyOf('AWSCURRENT'))).toBe(true);
  });
});

test('a rotated key that was deactivated before its owner heard of it is announced once it works', async () => {
  const { world } = await settled();
  world.between = (index) => void (world.calls[index] === 'sns:Publish' && world.faults.set(index, 'error'));
  await world.rotate();
  world.between = () => {};
  const current = world.keys.at(-1)!;
  current.status = 'Inactive';
  world.notices.length = 0;
  await live(world, 1);
  expect(world.notices.map(({ code }) => code)).toEqual(['ROTATION_FAILED', 'CURRENT_KEY_INACTIVE']);
  current.status = 'Active';
  await live(world, 1);
  expect(world.notices.slice(2).map(({ type }) => type)).toEqual(['rotated', 'resolved']);
});

describe('a key that is deactivated between the reading and the act', () => {
  test('keeps the previous one', async () => {
    const { world, old, current } = await settledTwice();
    await live(world, 6.9);
    world.between = (index) => {
      const lists = world.calls
        .slice(world.calls.lastIndexOf('s3:GetObject slice'))
        .filter((call) => call === 'iam:ListAccessKeys').length;
      if (world.calls[index] === 'iam:ListAccessKeys' && lists === 3) current.status = 'Inactive';
    };
    await live(world, 3);
    expect(current.status).toBe('Inactive');
    expect(activeKeys(world)).toEqual([old.id]);
  });
});

describe('the exceptions', () => {
  test('a retired user: every key of it goes, though the stored one was deactivated by hand', async () => {
    const { world } = await withDeactivatedCurrent();
    world.slice = { ...world.slice!, generation: 2, users: [{ ...ANN, state: 'retired' }] };
    await live(world, 40);
    expect(world.keys).toEqual([]);
  });

  test('an emergency whose key has no successor yet: the previous key makes room for it', async () => {
    const { world, current } = await settledTwice();
    world.between = (index) => void (world.calls[index] === 'iam:DeleteAccessKey' && world.faults.set(index, 'error'));
    await world.operate({ command: 'rotate', compromised: true, secretName: ANN.secretName });
    world.between = () => {};
    await live(world, 20);
    expect(world.keys.map(({ id }) => id)).toEqual([current.id]);
    expect(world.outstanding).toBeDefined();
  });
});

describe('a secret that was deleted by hand, without recovery,', () => {
  /** The owner has taken up the newer key, or goes on with the older one. */
  async function withLostSecret(user: SliceUser = ANN) {
    const { world, key: old } = await settled(user);
    await world.rotate();
    const newer = world.keys.at(-1)!;
    await live(world, 4, () => old);
    world.notices.length = 0;
    world.secrets.clear();
    return { world, old, newer };
  }

  test('whose user has one key is reported, and its first rotation follows at once; the key goes once its owner has the new one', async () => {
    const { world, key } = await settled();
    world.secrets.clear();
    await live(world, 2 / 24, () => key);
    expect(world.notices[0]).toMatchObject({ type: 'attention', code: 'SECRET_LOST', audience: ['admin'] });
    expect(world.notices[0]!.nextStep).toBe('a rotation is started');
    expect(await world.rotate(world.outstanding)).toBeUndefined();
    expect(world.notices.at(-1)).toMatchObject({ type: 'rotated', previousKey: { kind: 'works', keyId: key.id } });
    await live(world, 20, () => key);
    expect(key.status).toBe('Active');
    await live(world, 20);
    expect(world.keys.map(({ id }) => id)).toEqual([world.keyOf('AWSCURRENT')!.id]);
    expect(world.notices.map(({ code }) => code)).toContain('SECRET_LOST');
    expect(world.notices.filter(({ type, code }) => type === 'resolved' && code === 'SECRET_LOST')).toHaveLength(1);
  });

  test.each([
    ['the built-in settings', {}],
    ['unmanagedKeys delete', { unmanagedKeys: 'delete' as const }],
    ['unmanagedKeys hold', { unmanagedKeys: 'hold' as const }],
    ['keys that are deactivated in use', { whenStillUsed: 'deactivate' as const }],
  ])('whose user has two keeps both, with %s: nobody knows which is in use', async (_, settings) => {
    const { world, old, newer } = await withLostSecret({ ...ANN, ...settings });
    await live(world, 40);
    expect(activeKeys(world)).toEqual([old.id, newer.id]);
    const told = world.notices.filter(({ code }) => code === 'SECRET_LOST');
    expect(told).toHaveLength(40);
    expect(told[0]).toMatchObject({
      type: 'stored-key-unusable',
      audience: ['owner', 'admin'],
      workingKeyIds: [old.id, newer.id],
    });
    expect(world.notices.map(({ code }) => code)).not.toContain('ROTATION_WAITS');
  });

  test.each([
    ['taken up by its owner', 'newer'],
    ['not taken up yet', 'old'],
  ])('is cured within the hour by the command of the notice, the newer key %s', async (_, which) => {
    const { world, old, newer } = await withLostSecret();
    const daily = which === 'newer' ? newer : old;
    await live(world, 3, () => daily);
    await follow(world, world.notices.filter(({ code }) => code === 'SECRET_LOST').at(-1)!.command!);
    expect(activeKeys(world)).toEqual([daily.id]);
    await live(world, 1 / 24);
    expect(await world.rotate(world.outstanding)).toBeUndefined();
    expect(world.works(world.keyOf('AWSCURRENT'))).toBe(true);
    await live(world, 30, () => daily);
    expect(daily.status).toBe('Active');
    await live(world, 20);
    expect(world.keys.map(({ id }) => id)).toEqual([world.keyOf('AWSCURRENT')!.id]);
  });

  test("never offers the owner's key for deletion because of one that a rotation made and never stored", async () => {
    const { world, old, newer } = await withLostSecret();
    world.keys = world.keys.filter((key) => key !== old);
    world.between = (index) =>
      void (world.calls[index] === 'iam:CreateAccessKey' && world.faults.set(index, 'killed-after'));
    await live(world, 1);
    await world.rotate(world.outstanding);
    world.between = () => {};
    await live(world, 4);
    const told = world.notices.filter(({ code }) => code === 'SECRET_LOST');
    expect(told.length).toBeGreaterThan(0);
    expect(told.map(({ command }) => command).filter(Boolean)).toEqual([]);
    expect(world.keys.map(({ id }) => id)).toContain(newer.id);
  });

  test('offers no key for deletion while both are in use', async () => {
    const { world, old, newer } = await withLostSecret();
    world.use(old);
    world.use(newer);
    await live(world, 1);
    expect(world.notices[0]!.command).toBeUndefined();
    expect(world.notices[0]!.nextStep).toContain('both keys are in use');
  });

  test('whose other key is Inactive already waits for that one to be deleted, and no longer', async () => {
    const { world, old, newer } = await withLostSecret();
    old.status = 'Inactive';
    await live(world, 9, () => newer);
    expect(world.keys.map(({ id }) => id)).toEqual([newer.id]);
    expect(await world.rotate(world.outstanding)).toBeUndefined();
    expect(world.works(world.keyOf('AWSCURRENT'))).toBe(true);
  });

  test('is still known as lost to a new container, after days in which none could be made in its place', async () => {
    const { world, old, newer } = await withLostSecret();
    world.between = (index) =>
      void (world.calls[index] === 'secretsmanager:CreateSecret' && world.faults.set(index, 'error'));
    for (let day = 0; day < 3; day++) {
      await live(world, 1);
      world.forget();
    }
    expect(world.report!.unknown).toMatchObject([{ userName: 'ann', heldKeys: [old.id, newer.id] }]);
    world.between = () => {};
    await live(world, 40);
    expect(activeKeys(world)).toEqual([old.id, newer.id]);
  });

  test('is not made anew while the last report cannot be read: what it held would be forgotten', async () => {
    const { world } = await withLostSecret();
    world.forget();
    world.between = (index) => void (world.calls[index] === 's3:GetObject report' && world.faults.set(index, 'error'));
    await live(world, 1);
    expect(world.secrets.size).toBe(0);
    expect(world.notices.map(({ code }) => code)).toEqual(['AWS_FAILED']);
  });

  test('lost a second time before anything is settled is lost as before', async () => {
    const { world, old, newer } = await withLostSecret();
    await live(world, 2);
    world.secrets.clear();
    world.forget();
    await live(world, 40);
    expect(activeKeys(world)).toEqual([old.id, newer.id]);
  });

  test('is settled by a person who puts the value of a key that works', async () => {
    const { world, old, newer } = await withLostSecret();
    await live(world, 1);
    for (const { stages } of world.secret.versions.values()) stages.delete('AWSCURRENT');
    world.secret.versions.set('by-hand-000000000000000000000000', {
      value: printSecretValue({ userName: 'ann', accountId: ACCOUNT, key: newer }),
      stages: new Set(['AWSCURRENT']),
    });
    await live(world, 27, () => newer);
    expect(world.keys.map(({ id }) => id)).toEqual([newer.id]);
    expect(world.secret.tags['access-keys:lost']).toBeUndefined();
    expect(old).toBeDefined();
  });
});

describe('before a first rotation, which IAM refuses', () => {
  test('of two keys that nobody uses the last Active one stays', async () => {
    const world = new World();
    const [first, second] = [world.addKey({ ageHours: 900 }), world.addKey({ ageHours: 800 })];
    world.between = (index) => void (world.calls[index] === 'iam:CreateAccessKey' && world.faults.set(index, 'error'));
    await live(world, 3);
    second.status = 'Inactive';
    await live(world, 30);
    expect(activeKeys(world)).toEqual([first.id]);
  });
});

async function settledTwice() {
  const { world, key: old } = await settled();
  expect(await world.rotate()).toBeUndefined();
  return { world, old, current: world.keys.find(({ id }) => id !== old.id)! };
}

function mailOf(notice: Said): string {
  const event = ownerEvent(JSON.stringify(notice), {
    accountId: ACCOUNT,
    eventId: notice.id,
    day: notice.day,
    key: '',
  })!;
  const { subject, paragraphs, steps } = mailWords(
    event,
    { kind: 'owner', address: 'ann@example.com', user: ANN },
    sliceOf(ANN),
  );
  return [subject, ...paragraphs, ...steps.flatMap(({ text, command }) => [text, command ?? ''])].join('\n');
}

/** `keepPreviousFor: 0d`: finishSecret died before its tail, and the owner deactivates the new key before the tail is completed. */
async function withUnfinishedTail(user: SliceUser) {
  const { world, key: old } = await settled(user);
  world.pass(72);
  world.between = (index) =>
    void (world.calls[index] === 'iam:UpdateAccessKey Inactive' && world.faults.set(index, 'error'));
  await world.rotate();
  world.between = () => {};
  world.keys.find(({ id }) => id !== old.id)!.status = 'Inactive';
  return { world, old };
}
