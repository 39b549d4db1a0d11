/** One user in a run of reconcile: what it works with, and what was read at its beginning. */
import type { AccessKey, KeyAdministration, LastUse, Secret } from '../ports';
import type { SliceUser } from '../../contract/slice';
import type { Condition } from './conditions';
import type { ConditionCode } from '../../contract/codes';
import type { Run } from './context';
import type { Due } from './due';
import type { UserReport } from '../../contract/report';
import { ownKeyUnder } from '../secret-value';
import { isFormers, LIST_LAG_MS } from '../ledger/tags';
import { versionWith } from '../ledger/versions';
import { intentsOf } from '../ledger/intents';
import { withLease } from '../ledger/lease';
import { codeOf } from '../errors';

export interface UserState extends Run {
  readonly user: SliceUser;
  readonly secret: Secret;
  readonly iam: KeyAdministration;
  readonly existing: readonly AccessKey[];
  readonly lastUses: ReadonlyMap<string, LastUse>;
  readonly currentKeyId: string | undefined;
  readonly pendingKeyId: string | undefined;
  /** When the user was looked at. */
  readonly now: Date;
  /** What is found is only written here: whatever a later step has to know of an earlier one is handed to it. */
  readonly conditions: { set(code: ConditionCode, condition: Condition): unknown };
  /** Why notices of this user could not be sent: they stay owed, stop nothing else, and fail the run at its end. */
  readonly unsent: unknown[];
}

export interface UserOutcome {
  readonly report: UserReport;
  readonly due: Due;
  /** A use of a retiring key would make something due at once. */
  readonly awaitsUse: boolean;
  /** A rotation of this user failed and is outstanding. */
  readonly failing: boolean;
  /** A rotation is due, for which this run had no place left. */
  readonly waits: boolean;
  /** Why a notice could not be sent, which is owed. */
  readonly unsent?: unknown;
}

/**
 * Reads the user's keys and what the secret holds.
 * @throws RotationError SECRET_VALUE_INVALID or SECRET_VALUE_FOREIGN: taken for the user's, another's value would leave
 * the user's own key in no version, to be retired
 */
export async function readUserState(
  base: Omit<UserState, 'existing' | 'lastUses' | 'currentKeyId' | 'pendingKeyId'>,
  userExists: boolean,
): Promise<UserState> {
  const { secret, iam } = base;
  const existing = userExists ? await iam.list() : [];
  const lastUses = new Map<string, LastUse>();
  for (const key of existing) lastUses.set(key.id, await iam.lastUse(key.id));
  const keyIds = existing.map(({ id }) => id);
  const current = isFormers(secret) ? undefined : await ownKeyUnder(base, 'AWSCURRENT', { keyIds });
  const hasPending = versionWith(secret, 'AWSPENDING') !== undefined;
  const pending = hasPending ? await ownKeyUnder(base, 'AWSPENDING', { keyIds }) : undefined;
  return { ...base, existing, lastUses, currentKeyId: current?.id, pendingKeyId: pending?.id };
}

/** What is so after something was done for the user: nothing is reported from what was read before it. */
export const readAgain = async (state: UserState): Promise<UserState> =>
  readUserState({ ...state, secret: (await state.secrets.describe(state.secret.arn)) ?? state.secret }, true);

/**
 * The key that AWSCURRENT names is not in IAM. One that a rotation stored minutes ago is not missed yet: IAM's lists
 * lag behind.
 */
export function lostCurrentKey({ currentKeyId, existing, secret, settings, now }: UserState): boolean {
  if (currentKeyId === undefined || existing.some(({ id }) => id === currentKeyId)) return false;
  const current = versionWith(secret, 'AWSCURRENT');
  return !intentsOf(secret).some(
    ({ token, at }) => token === current && now.getTime() - at.getTime() < settings.rotateTimeoutMs + LIST_LAG_MS,
  );
}

/**
 * Runs the act under the lease on a reading of its own: what the run read before may be over.
 * @returns undefined when somebody else is at work on the secret, and the next run looks again
 */
export async function withFreshState<T>(
  state: UserState,
  act: (fresh: UserState) => Promise<T>,
): Promise<T | undefined> {
  try {
    return await withLease(state, async (secret) => act(await readUserState({ ...state, secret }, true)));
  } catch (error) {
    if (codeOf(error) === 'SECRET_BUSY') return undefined;
    throw error;
  }
}
