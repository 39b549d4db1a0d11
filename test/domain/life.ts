/** What tests make of a world: hours go by, somebody acts between two calls, labels move, the roster changes. */
import type { RosterSlice, SliceUser } from '../../lambda/contract/slice';
import { sliceOf, type World } from './world';

/** Types of notices, with the code where there is no other word for them. */
export const codes = (world: World): string[] =>
  world.notices.map(({ type, code }) => (type === 'attention' || type === 'resolved' ? `${type} ${code}` : type));

export const DAY = 24;

export async function live(world: World, hours: number, each: () => void = () => {}): Promise<void> {
  for (let hour = 0; hour < hours; hour++) {
    world.pass(1);
    each();
    await world.reconcile();
  }
}

/** The same by quarters of a day, for the long ways. */
export async function liveDays(world: World, days: number, each: () => void = () => {}): Promise<void> {
  for (let quarter = 0; quarter < days * 4; quarter++) {
    world.pass(6);
    each();
    await world.reconcile();
  }
}

/** A deed right before each call of that name, from now on. */
export function rightBefore(world: World, name: string, deed: () => void): void {
  world.between = (call) => void (world.calls[call] === name && deed());
}

export function label(world: World, stage: string, { id, secret }: { id: string; secret: string }): void {
  for (const { stages } of world.secret.versions.values()) stages.delete(stage);
  world.secret.versions.set('edited-000000000000000000000000000', {
    value: JSON.stringify({
      access_key_id: id,
      secret_access_key: secret,
      user_name: 'ann',
      account_id: '333333333333',
    }),
    stages: new Set([stage]),
  });
}

export const become = (world: World, change: Partial<RosterSlice>, user: Partial<SliceUser> = {}): void => {
  world.slice = { ...sliceOf({ ...world.user, ...user }), generation: (world.slice?.generation ?? 0) + 1, ...change };
};

/** What this run has called since it began to read again for an act; nothing while it has not. */
export function sinceReadAgain({ calls }: World): readonly string[] {
  const run = calls.slice(calls.lastIndexOf('s3:GetObject slice'));
  const again = run.indexOf('iam:ListAccessKeys', run.indexOf('iam:ListAccessKeys') + 1);
  return again < 0 ? [] : run.slice(again);
}

/** Somebody puts another key under the label before the second look at it since a pass read again for an act, or before the first. */
export function moveAtLastLook(
  world: World,
  stage: 'AWSCURRENT' | 'AWSPENDING',
  key: { id: string; secret: string },
  looks = 2,
): void {
  world.between = (call) => {
    if (
      world.calls[call] !== 'secretsmanager:GetSecretValue' ||
      sinceReadAgain(world).filter((name) => name === 'secretsmanager:GetSecretValue').length < looks
    )
      return;
    world.between = () => {};
    label(world, stage, key);
  };
}
