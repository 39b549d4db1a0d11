/** What lasts is told until it is over, and what is over is not told before. */
import type { RosterSlice } from '../../../lambda/contract/slice';
import { settled } from '../settled';
import { ANN, sliceOf, World } from '../world';

const DAY = 24;
const codes = (world: World): string[] =>
  world.notices.map(({ type, code }) => (code === undefined ? type : `${type} ${code}`));
const EXEMPT = { reason: 'vendor appliance', approvedBy: 'ciso@example.com', until: '2027-06-30' };

/** Hour by hour, with Secrets Manager attempting whatever is outstanding. */
async function live(world: World, hours: number, each: () => void = () => {}): Promise<void> {
  for (let hour = 0; hour < hours; hour++) {
    world.pass(1);
    each();
    await world.reconcile();
    if (world.outstanding) await world.rotate(world.outstanding);
  }
}

const become = (world: World, change: Partial<RosterSlice>): void => {
  world.slice = { ...sliceOf(world.user), generation: 2, ...change };
};

const refuse = (world: World, call: string): void => {
  world.between = (index) => void (world.calls[index] === call && world.faults.set(index, 'error'));
};

function putByHand(world: World, key: { id: string; secret: string }): void {
  for (const { stages } of world.secret.versions.values()) stages.delete('AWSCURRENT');
  world.secret.versions.set('edited-000000000000000000000000000', {
    value: JSON.stringify({
      access_key_id: key.id,
      secret_access_key: key.secret,
      user_name: 'ann',
      account_id: '333333333333',
    }),
    stages: new Set(['AWSCURRENT']),
  });
}

describe('a rotation that goes on failing', () => {
  test('is told at its first failure, every day from the next, and when it is over', async () => {
    const { world, key } = await settled();
    world.startRotation();
    refuse(world, 'iam:CreateAccessKey');
    await live(world, 3 * DAY + 3, () => world.use(key));
    expect(codes(world)).toEqual([
      'rotation-failed AWS_FAILED',
      'attention ROTATION_FAILS',
      'attention ROTATION_FAILS',
      'attention ROTATION_FAILS',
    ]);
    expect(world.notices[1]!.reason).toContain('AWS_FAILED');
    world.between = () => {};
    await live(world, 2, () => world.use(key));
    expect(codes(world).slice(4)).toEqual(['rotated', 'resolved ROTATION_FAILS']);
  });

  test('of a key that is overdue stays overdue until another key is current', async () => {
    const { world, key } = await settled();
    refuse(world, 'iam:CreateAccessKey');
    await live(world, 65 * DAY, () => world.use(key));
    expect(codes(world)).toContain('attention ROTATION_OVERDUE');
    expect(codes(world)).not.toContain('resolved ROTATION_OVERDUE');
    world.between = () => {};
    await live(world, 2, () => world.use(key));
    expect(codes(world)).toContain('resolved ROTATION_OVERDUE');
  });
});

test('a rotation that waited for room is told as waiting, not as overdue when its wait ends', async () => {
  const { world, key } = await settled({ ...ANN, unmanagedKeys: 'hold' });
  const theirs = world.addKey({ ageHours: 30 * DAY, usedHoursAgo: 1 });
  await live(world, 70 * DAY, () => world.use(key));
  expect(new Set(codes(world))).toEqual(new Set(['action-needed ROTATION_WAITS', 'attention ROTATION_WAITS']));
  world.keys = world.keys.filter((other) => other !== theirs);
  await live(world, 3, () => world.use(key));
  expect(codes(world).slice(-2)).toEqual(['resolved ROTATION_WAITS', 'rotated']);
});

describe('a current key that does not work', () => {
  test('is not told as resolved by a freeze', async () => {
    const { world, key } = await settled();
    key.status = 'Inactive';
    become(world, { limits: { maxFirstRotationsPerRun: 20, freeze: [{ from: '2026-11-26', to: '2026-11-30' }] } });
    await live(world, 4 * DAY);
    expect(codes(world)).toContain('stored-key-unusable CURRENT_KEY_INACTIVE');
    expect(codes(world)).not.toContain('resolved CURRENT_KEY_INACTIVE');
  });

  test('is not told as resolved by a rotation that fails', async () => {
    const { world } = await settled();
    world.keys = [];
    refuse(world, 'iam:CreateAccessKey');
    await live(world, 12);
    expect(codes(world)).toEqual(['attention CURRENT_KEY_MISSING', 'rotation-failed AWS_FAILED']);
    world.between = () => {};
    await live(world, 2);
    expect(codes(world).slice(2)).toEqual(['rotated', 'resolved CURRENT_KEY_MISSING']);
  });

  test.each([
    ['exempt', { exempt: EXEMPT }, {}],
    ['of an account that leaves', {}, { state: 'leaving' as const }],
  ])('is told for a user who is %s', async (_, user, change) => {
    const { world, key } = await settled({ ...ANN, ...user });
    become(world, change);
    key.status = 'Inactive';
    await live(world, 2);
    world.keys = [];
    await live(world, 2);
    expect(codes(world)).toEqual([
      'stored-key-unusable CURRENT_KEY_INACTIVE',
      'stored-key-unusable CURRENT_KEY_MISSING',
      'resolved CURRENT_KEY_INACTIVE',
    ]);
    expect(world.outstanding).toBeUndefined();
  });

  test('because a value put by hand holds the wrong secret for it is told, and rotated; the key stays while it is used', async () => {
    const { world, key } = await settled();
    putByHand(world, { id: key.id, secret: 'mistyped' });
    await live(world, 3, () => world.use(key));
    expect(codes(world)).toEqual([
      'attention CURRENT_CHANGED',
      'attention CURRENT_VALUE_WRONG',
      'rotated',
      'resolved CURRENT_VALUE_WRONG',
    ]);
    expect(world.works(world.keyOf('AWSCURRENT'))).toBe(true);
    await live(world, 20 * DAY, () => world.use(key));
    expect(key.status).toBe('Active');
  });

  test('is not looked for in the minutes that IAM takes to list a key that a rotation made', async () => {
    const { world } = await settled();
    await world.rotate();
    const current = world.keyOf('AWSCURRENT')!.id;
    const hidden = world.keys.filter(({ id }) => id === current);
    world.keys = world.keys.filter(({ id }) => id !== current);
    await world.reconcile();
    expect([codes(world), world.outstanding]).toEqual([['rotated'], undefined]);
    world.keys.push(...hidden);
  });

  test.each(['retire', 'delete'] as const)(
    'because it is missing, while two others exist, leaves both alone: unmanagedKeys %s',
    async (unmanagedKeys) => {
      const { world } = await settled({ ...ANN, unmanagedKeys });
      world.keys = [];
      const others = [
        world.addKey({ ageHours: 2_000, usedHoursAgo: 500 }),
        world.addKey({ ageHours: 2_000, usedHoursAgo: 700 }),
      ];
      await live(world, 20 * DAY);
      expect(world.keys).toEqual(others);
      expect(others.map(({ status }) => status)).toEqual(['Active', 'Active']);
      expect(codes(world)).toContain('stored-key-unusable CURRENT_KEY_MISSING');
    },
  );
});

describe('what somebody did to the schedule while the key was overdue', () => {
  test('another function is told and set back', async () => {
    const { world, secret } = await settled();
    world.pass(62 * DAY);
    secret.functionArn = 'arn:aws:lambda:us-east-1:333333333333:function:theirs';
    await world.reconcile();
    expect(codes(world)).toContain('attention ROTATION_FUNCTION_CHANGED');
    expect(secret.functionArn).toContain('access-keys-rotate');
  });

  test('a cancelled rotation is told and started', async () => {
    const { world, secret } = await settled();
    world.pass(62 * DAY);
    secret.rotationEnabled = false;
    await world.reconcile();
    expect(codes(world)).toContain('attention ROTATION_CANCELLED');
    expect(secret.rotationEnabled).toBe(true);
  });
});

describe('a resource policy', () => {
  test('that somebody took away is put back, and told', async () => {
    const { world, secret } = await settled();
    const policy = secret.policy!;
    delete secret.policy;
    await world.reconcile();
    expect([secret.policy, codes(world)]).toEqual([policy, ['attention POLICY_CHANGED']]);
  });

  test('that is changed to the same thing on another day is told again', async () => {
    const { world, secret } = await settled();
    for (const hours of [30, 1]) {
      secret.policy = '{"Version":"2012-10-17","Statement":[]}';
      await live(world, hours);
    }
    expect(codes(world)).toEqual(['attention POLICY_CHANGED', 'attention POLICY_CHANGED']);
  });
});

test('a retirement that goes on failing reaches owner and admin once a day, and the admin when it is over', async () => {
  const { world } = await settled();
  await world.rotate();
  await live(world, 7 * DAY - 1);
  world.notices.length = 0;
  const publishes = (): number => world.calls.filter((call) => call === 'sns:Publish').length;
  const before = publishes();
  refuse(world, 'iam:UpdateAccessKey Inactive');
  for (let run = 0; run < 12 * 27; run++) {
    world.pass(1 / 12);
    await world.reconcile();
  }
  expect(world.notices.map(({ type, audience, code }) => [type, audience, code])).toEqual([
    ['retirement-failed', ['owner', 'admin'], 'AWS_FAILED'],
    ['retirement-failed', ['owner', 'admin'], 'AWS_FAILED'],
  ]);
  expect(publishes() - before).toBe(2);
  expect(world.report!.users[0]!.conditions).toEqual(['RETIREMENT_FAILED']);
  world.between = () => {};
  await live(world, 1);
  expect(codes(world).slice(2)).toEqual(['previous-key-deactivated', 'resolved RETIREMENT_FAILED']);
});

test('a user who did not exist, and then does, is told as resolved', async () => {
  const world = new World();
  world.userExists = false;
  await world.reconcile();
  world.userExists = true;
  await world.reconcile();
  expect(codes(world).slice(0, 2)).toEqual(['attention USER_MISSING', 'resolved USER_MISSING']);
});

test.each([
  ['goes on', true],
  ['starts over, where RotateSecret does not turn it on again,', false],
])(
  'removing a user in the middle of a rotation leaves both keys stored, tells of the second, and %s when the user is back',
  async (_, enablesRefused) => {
    const { world, key } = await settled();
    Object.assign(world, { enablesRefused });
    const token = world.startRotation();
    await world.step('createSecret', token);
    world.slice = { ...sliceOf(), generation: 2 };
    await live(world, 3);
    expect(world.notices.find(({ code }) => code === 'USER_RELEASED')!.nextStep).toContain('AWSPENDING');
    expect([world.keyOf('AWSCURRENT')!.id, world.keyOf('AWSPENDING')!.id]).toEqual(world.keys.map(({ id }) => id));
    world.slice = { ...sliceOf(world.user), generation: 3 };
    await live(world, 4, () => world.use(key));
    expect(world.works(world.keyOf('AWSCURRENT'))).toBe(true);
    expect([world.secret.rotationEnabled, world.outstanding]).toEqual([true, undefined]);
    if (enablesRefused) expect(world.keyOf('AWSCURRENT')!.id).not.toBe(key.id);
    else expect(world.keys.map(({ id }) => id)).toEqual([key.id]);
  },
);

test('a key that was stored and tried, and whose version lost AWSPENDING, retires like one that nobody knows', async () => {
  const { world, key } = await settled();
  const token = world.startRotation();
  await world.step('createSecret', token);
  const tried = world.keys.find(({ id }) => id === world.keyOf('AWSPENDING')!.id)!;
  tried.lastUse = { used: true, at: world.now, service: 'sts', region: 'us-east-1' };
  world.secret.versions.get(token)!.stages.clear();
  await live(world, 20 * 24, () => world.use(key));
  expect(world.keys.map(({ id }) => id)).toEqual([key.id]);
});
