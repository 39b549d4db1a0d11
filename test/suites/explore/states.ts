/** Where a rotation can start from. */
import type { AccessKeyPair } from '../../../lambda/domain/ports';
import { printSecretValue } from '../../../lambda/domain/secret-value';
import type { SliceUser } from '../../../lambda/contract/slice';
import { ACCOUNT, ANN, World } from '../../domain/world';

const SEED_COMPATIBLE: SliceUser = { ...ANN, keepPreviousForHours: 0, quietForHours: 0, unmanagedKeys: 'delete' };

function withKey(user: SliceUser = ANN): World {
  const world = new World(user);
  world.addSecret(world.addKey({ usedHoursAgo: 1 }));
  return world;
}

function withRetiring(state: 'active' | 'deactivating' | 'inactive', status: 'Active' | 'Inactive'): World {
  const world = withKey();
  const retiring = world.addKey({ status, ageHours: 900, usedHoursAgo: 500 });
  world.secret.tags[`access-keys:retiring:${retiring.id}`] = `${state} 2026-11-10T00:00:00.000Z 0 -`;
  return world;
}

async function rotated(): Promise<World> {
  const world = withKey();
  await world.rotate();
  await world.reconcile();
  return world;
}

async function afterLoss(world: World): Promise<World> {
  await world.reconcile();
  world.loseSecret();
  await world.reconcile();
  await world.operate({ command: 'rotate', secretName: ANN.secretName });
  return world;
}

/** How those around a rotation behave. */
export interface Habits {
  /** Days for which the owner goes on with the key that was current when the rotation began. */
  readonly usesPreviousForDays?: number;
  /** Somebody does what the notices of a stored key that does not work say, some hours later. */
  readonly followsNotices?: true;
  /** What becomes of the mails to the owner. */
  readonly mail?: World['mail'];
  /** Secrets Manager takes a rotation for finished once AWSCURRENT has moved, whatever finishSecret answers. */
  readonly givesUpAfterPromotion?: boolean;
}

export interface State {
  /** A new world, the same every time. */
  readonly make: () => World | Promise<World>;
  readonly habits?: Habits;
}

const WORLDS: Readonly<Record<string, State['make']>> = {
  'fresh user': () => {
    const world = new World();
    world.addSecret();
    return world;
  },
  'one key, adopted': () => {
    const world = new World();
    world.addKey({ usedHoursAgo: 1 });
    world.addSecret();
    return world;
  },
  'a current key': () => withKey(),
  'a current and an unmanaged, unused key': () => {
    const world = withKey();
    world.addKey({ ageHours: 900 });
    return world;
  },
  'a current and an unmanaged, Inactive key': () => {
    const world = withKey();
    world.addKey({ status: 'Inactive', ageHours: 900, usedHoursAgo: 500 });
    return world;
  },
  'a current and an Inactive retiring key': () => withRetiring('inactive', 'Inactive'),
  'retirement half done': () => withRetiring('deactivating', 'Active'),
  'interrupted after CreateAccessKey': async () => {
    const world = withKey();
    const token = world.startRotation();
    world.between = (index) =>
      void (world.calls[index] === 'iam:CreateAccessKey' && world.faults.set(index, 'killed-after'));
    await world.step('createSecret', token);
    world.between = () => {};
    world.faults.clear();
    world.pass(0.2);
    return world;
  },
  'the current key missing in IAM': () => {
    const world = withKey();
    world.keys = [];
    return world;
  },
  'a value edited by hand': () => {
    const world = withKey();
    const [version] = [...world.secret.versions.values()];
    const value = JSON.stringify({ ...(JSON.parse(version!.value!) as object), note: 'mine' });
    version!.stages.clear();
    world.secret.versions.set('by-hand-000000000000000000000000', { value, stages: new Set(['AWSCURRENT']) });
    return world;
  },
  'AWSPENDING left on the current version': () => {
    const world = withKey();
    [...world.secret.versions.values()][0]!.stages.add('AWSPENDING');
    return world;
  },
  'a value edited by hand that names another key': () => {
    const world = withKey();
    const other = world.addKey({ ageHours: 100, usedHoursAgo: 60 });
    const [version] = [...world.secret.versions.values()];
    version!.stages = new Set(['AWSPREVIOUS']);
    world.secret.versions.set('by-hand-000000000000000000000000', {
      value: valueOf(other),
      stages: new Set(['AWSCURRENT']),
    });
    return world;
  },
  'two keys, both used': () => {
    const world = new World();
    world.addKey({ usedHoursAgo: 1 });
    world.addKey({ usedHoursAgo: 2 });
    world.addSecret();
    return world;
  },
  'a current and an unmanaged key that is used': () => {
    const world = withKey();
    world.addKey({ usedHoursAgo: 2 });
    return world;
  },
  'AWSPENDING left on another version': () => {
    const world = withKey();
    world.secret.versions.set('stale-000000000000000000000000000', {
      value: valueOf(world.addKey({ ageHours: 100 })),
      stages: new Set(['AWSPENDING']),
    });
    return world;
  },
  "AWSPENDING left with another user's key": () => {
    const world = withKey();
    world.secret.versions.set('stale-000000000000000000000000000', {
      value: valueOf(world.addOthersKey()),
      stages: new Set(['AWSPENDING']),
    });
    return world;
  },
  'a secret without a value': () => {
    const world = new World();
    world.addSecret();
    [...world.secret.versions.values()][0]!.value = undefined;
    return world;
  },
  'rolled back': async () => {
    const world = withKey();
    await world.rotate();
    await world.operate({ command: 'rollback', secretName: ANN.secretName });
    for (const days of [1, 7, 1, 7, 1]) {
      world.pass(24 * days);
      await world.reconcile();
    }
    return world;
  },
  'the behaviour of the single-account rotator': () => withKey(SEED_COMPATIBLE),
};

const valueOf = (key: AccessKeyPair): string => printSecretValue({ userName: ANN.name, accountId: ACCOUNT, key });

export const STATES: Readonly<Record<string, State>> = {
  ...Object.fromEntries(Object.entries(WORLDS).map(([name, make]) => [name, { make }])),
  'a current key that its owner goes on using': { make: () => withKey(), habits: { usesPreviousForDays: 9 } },
  'a used current key, which stops when its time is over': {
    make: () => withKey({ ...ANN, whenStillUsed: 'deactivate' }),
    habits: { usesPreviousForDays: 9 },
  },
  'a used current key, which stops, and no mail is sent': {
    make: () => withKey({ ...ANN, whenStillUsed: 'deactivate' }),
    habits: { usesPreviousForDays: 16, mail: 'is never sent' },
  },
  'a current key, and the mail about the next one bounces': { make: () => withKey(), habits: { mail: 'bounces' } },
  'a current key, no attempt after its promotion': { make: () => withKey(), habits: { givesUpAfterPromotion: true } },
  'a current key that its owner deactivated, and the previous one': {
    make: async () => {
      const world = await rotated();
      world.keys.find(({ id }) => id === world.keyOf('AWSCURRENT')!.id)!.status = 'Inactive';
      await world.reconcile();
      return world;
    },
    habits: { followsNotices: true },
  },
  'a secret in the place of one that was deleted, one key': {
    make: () => afterLoss(withKey()),
    habits: { followsNotices: true },
  },
  'a secret in the place of one that was deleted, two keys': {
    make: async () => afterLoss(await rotated()),
    habits: { followsNotices: true },
  },
};
