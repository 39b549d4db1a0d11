/** What every step checks before it touches IAM. */
import type { Secret, Secrets, Roster } from '../ports';
import type { RosterSlice, SliceUser } from '../../contract/slice';
import { RotationError } from '../errors';
import { TAGS } from '../ledger/tags';
import { DAY_MS } from '../time';

export interface Subject {
  readonly secret: Secret;
  readonly slice: RosterSlice;
  readonly user: SliceUser;
}

/**
 * Finds whose secret it is, by the name that DescribeSecret answers: an ARN cannot be parsed back into a name,
 * because names may contain hyphens.
 * @throws RotationError when the secret is not one of this account's roster, or the slice cannot be trusted
 */
export async function identifySubject(
  secrets: Secrets,
  roster: Roster,
  accountId: string,
  secretId: string,
  now: Date,
): Promise<Subject> {
  const secret = isElsewhere(secretId, accountId) ? undefined : await secrets.describe(secretId);
  if (!secret || secret.deletedAt)
    throw new RotationError('SECRET_UNKNOWN', 'there is no such secret in this account, or it is being deleted');
  const slice = await readSlice(roster, accountId);
  const user = slice.users.find((candidate) => candidate.secretName === secret.name);
  if (!user)
    throw new RotationError(
      'SECRET_NOT_IN_ROSTER',
      `the secret ${secret.name} belongs to no user of the roster of account ${accountId}`,
    );
  const applied = appliedGeneration(secret, now);
  if (slice.generation < applied) throw outdated(slice.generation, applied);
  return { secret, slice, user };
}

/** Not even looked for: another account's policy could let it be found, under the name of one of ours. */
export const isElsewhere = (secretId: string, accountId: string): boolean =>
  secretId.startsWith('arn:') && secretId.split(':')[4] !== accountId;

/**
 * The account's slice of the roster.
 * @throws RotationError SLICE_MISSING or SLICE_INVALID: then nothing may be changed
 */
export async function readSlice(roster: Roster, accountId: string): Promise<RosterSlice> {
  const slice = await roster.read();
  if (!slice)
    throw new RotationError(
      'SLICE_MISSING',
      `no roster is published for account ${accountId}`,
      'publish the roster; nothing is changed until then',
    );
  if (slice.accountId !== accountId)
    throw new RotationError(
      'SLICE_INVALID',
      `the roster published for account ${accountId} is that of ${slice.accountId}`,
      'publish the roster again; nothing is changed until then',
    );
  return slice;
}

/** Generation of the roster that was last applied to this secret; none where that cannot have been published yet. */
export function appliedGeneration(secret: Secret, now: Date): number {
  const noted = Number(secret.tags[TAGS.generation] ?? 0);
  return isPossibleGeneration(noted, now) ? noted : 0;
}

/** Generations are the second of their publication, or one more than the one before. */
export const isPossibleGeneration = (generation: number, now: Date): boolean =>
  generation <= (now.getTime() + DAY_MS) / 1_000;

export function outdated(found: number, applied: number): RotationError {
  return new RotationError(
    'SLICE_OUTDATED',
    `the roster's generation ${found} is older than ${applied}, which has already been applied`,
    'publish the current roster; nothing is changed until then',
  );
}
