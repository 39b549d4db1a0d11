/** A user in the middle of life beside secrets that are not the roster's, and what of it may never change. */
import { inspect } from 'node:util';
import { TAGS } from '../../../lambda/domain/ledger/tags';
import { World } from '../world';

export const ARN = 'arn:aws:secretsmanager:us-east-1:333333333333:secret:/access-key/ann-AbCdEf';
export const TRAVERSAL = '/access-key/../database';
export const [REPLACED, REMOVED, CURRENT, PENDING] = ['0', '1', '2', '3'].map(
  (number) => `token-${number.padStart(30, '0')}`,
) as [string, string, string, string];

/** Ann has rotated three times and is about to rotate again; beside her secret are some that are not the roster's. */
export async function settled(): Promise<World> {
  const world = new World();
  for (const name of ['/access-key/ben', 'database', TRAVERSAL]) {
    world.secrets.set(name, {
      name,
      versions: new Map([
        [PENDING, { stages: new Set(['AWSPENDING']) }],
        ['version-of-somebody-else-0000000000', { value: '{}', stages: new Set(['AWSCURRENT']) }],
      ]),
      tags: {},
      schedule: 'rate(30 days)',
      policy: '{}',
      rotationEnabled: true,
    });
  }
  world.addSecret(world.addKey({ usedHoursAgo: 1 }));
  for (const _ of [REPLACED, REMOVED, CURRENT]) {
    expect(await world.rotate()).toBeUndefined();
    world.keys = world.keys.filter(({ id }) => id === world.keyOf('AWSCURRENT')!.id);
  }
  expect(world.startRotation()).toBe(PENDING);
  clear(world);
  return world;
}

/** What happened before is of no interest. */
export function clear(world: World): void {
  for (const record of [world.calls, world.notices, world.recorded, world.logLines]) record.length = 0;
}

const EVIDENCE = 'access-keys:steps';

/** Every key, and every secret with its versions, labels, tags, schedule, policy and rotation, in words. */
export const stateOf = ({ keys, secrets }: World): string =>
  inspect(
    {
      keys,
      secrets: [...secrets.values()].map((secret) => ({ ...secret, tags: { ...secret.tags, [EVIDENCE]: undefined } })),
    },
    { depth: Infinity, maxArrayLength: null, maxStringLength: null },
  );
export const iamCalls = (world: World): string[] => world.calls.filter((call) => call.startsWith('iam:'));
export const told = (world: World): string[] =>
  world.notices.map(
    ({ type, code, audience, userName, secretName }) =>
      `${type} ${code} of ${userName || 'nobody'} in ${secretName} to ${audience.join()}`,
  );

/** That a failure was told is remembered, and is all that may be. */
export function withoutFailure(world: World): World {
  delete world.secret.tags[TAGS.failed];
  delete world.secret.tags['access-keys:failure-reported'];
  return world;
}
