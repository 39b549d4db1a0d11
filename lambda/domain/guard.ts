/** What every step checks before it touches IAM. */
import { RotationError } from './errors';
import { compromisedKeys, intentsOf, TAGS } from './ledger';
import type { Roster, Secret, Secrets } from './ports';
import type { RosterSlice, SliceUser } from './slice';

export const STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;
export type Step = (typeof STEPS)[number];

/** Secrets Manager's event, checked. */
export interface StepEvent {
  readonly step: Step;
  readonly secretId: string;
  readonly token: string;
  /** Present when the rotation runs through an assumed role or across accounts; passed to PutSecretValue, never logged. */
  readonly rotationToken?: string;
}

/** @throws RotationError EVENT_INVALID */
export function parseStepEvent(event: unknown): StepEvent {
  const { SecretId, ClientRequestToken, Step, RotationToken } = (typeof event === 'object' && event !== null ? event : {}) as Record<string, unknown>;
  const step = STEPS.find((known) => known === Step);
  if (!step) throw new RotationError('EVENT_INVALID', 'the event names no step of a rotation');
  if (typeof SecretId !== 'string' || !/^[\w/+=.@:-]{1,2048}$/.test(SecretId)) throw new RotationError('EVENT_INVALID', 'the event names no secret');
  if (typeof ClientRequestToken !== 'string' || !/^[A-Za-z0-9-]{32,64}$/.test(ClientRequestToken)) throw new RotationError('EVENT_INVALID', 'the event has no token of 32 to 64 letters, digits and hyphens');
  if (RotationToken !== undefined && (typeof RotationToken !== 'string' || RotationToken.length > 256)) throw new RotationError('EVENT_INVALID', 'the event has a RotationToken that is not a short string');
  return { step, secretId: SecretId, token: ClientRequestToken, ...(RotationToken !== undefined && { rotationToken: RotationToken }) };
}

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
export async function identifySubject(secrets: Secrets, roster: Roster, accountId: string, secretId: string): Promise<Subject> {
  const secret = isElsewhere(secretId, accountId) ? undefined : await secrets.describe(secretId);
  if (!secret || secret.deletedAt) throw new RotationError('SECRET_UNKNOWN', 'there is no such secret in this account, or it is being deleted');
  const slice = await readSlice(roster, accountId);
  const user = slice.users.find((candidate) => candidate.secretName === secret.name);
  if (!user) throw new RotationError('SECRET_NOT_IN_ROSTER', `the secret ${secret.name} belongs to no user of the roster of account ${accountId}`);
  if (slice.generation < appliedGeneration(secret)) throw outdated(slice.generation, appliedGeneration(secret));
  return { secret, slice, user };
}

/** Not even looked for: another account's policy could let it be found, under the name of one of ours. */
export const isElsewhere = (secretId: string, accountId: string): boolean => secretId.startsWith('arn:') && secretId.split(':')[4] !== accountId;

/**
 * The account's slice of the roster.
 * @throws RotationError SLICE_MISSING or SLICE_INVALID: then nothing may be changed
 */
export async function readSlice(roster: Roster, accountId: string): Promise<RosterSlice> {
  const slice = await roster.read();
  if (!slice) throw new RotationError('SLICE_MISSING', `no roster is published for account ${accountId}`, 'publish the roster; nothing is changed until then');
  if (slice.accountId !== accountId) throw new RotationError('SLICE_INVALID', `the roster published for account ${accountId} is that of ${slice.accountId}`, 'publish the roster again; nothing is changed until then');
  return slice;
}

/** Generation of the roster that was last applied to this secret. */
export const appliedGeneration = (secret: Secret): number => Number(secret.tags[TAGS.generation] ?? 0);

export function outdated(found: number, applied: number): RotationError {
  return new RotationError('SLICE_OUTDATED', `the roster's generation ${found} is older than ${applied}, which was applied before`, 'publish the current roster; nothing is changed until then');
}

/**
 * A rotation that has made its key is finished whatever the roster says since: given up, it would leave a key that nobody knows.
 * @throws RotationError when this user is not to be rotated, or the token is not one of a rotation under way
 */
export function guardRotation({ secret, slice, user }: Subject, token: string, today: string): void {
  if (!isBegun(secret, token)) refuseResting(secret, slice, user, today);
  if (!secret.rotationEnabled) throw new RotationError('SECRET_ROTATION_DISABLED', `the secret ${secret.name} has no rotation enabled`);
  const stages = secret.versions[token];
  if (!stages) throw new RotationError('TOKEN_UNKNOWN', `the token is no version of the secret ${secret.name}`);
  if (!stages.includes('AWSPENDING') && !stages.includes('AWSCURRENT')) throw new RotationError('TOKEN_NOT_PENDING', `the version of the secret ${secret.name} is neither AWSPENDING nor AWSCURRENT`);
}

/** Whether a key was, or may have been, made for this version. */
export const isBegun = (secret: Secret, token: string): boolean => intentsOf(secret).some((intent) => intent.token === token) || (secret.versions[token]?.includes('AWSCURRENT') ?? false);

/** A compromised key is replaced in spite of an exemption. */
function refuseResting(secret: Secret, slice: RosterSlice, user: SliceUser, today: string): void {
  if (slice.state === 'leaving' || user.state === 'retired') throw new RotationError('USER_NOT_ROTATED', `${user.name} is being released or retired`);
  if (user.exempt && today <= user.exempt.until && compromisedKeys(secret).length === 0) throw new RotationError('USER_NOT_ROTATED', `${user.name} is exempt from rotation until ${user.exempt.until}`);
}

/** Calendar date in UTC, as the roster writes it. */
export const calendarDate = (at: Date): string => at.toISOString().slice(0, 10);
