/** One user in a run of reconcile: compare what the roster wants with what is, do what is due. */
import { keepDeactivated } from './compromised-keys';
import { resolvedNotice, reportConditions, type Condition, type Conditions } from './conditions';
import { RotationError } from '../errors';
import { leasedUntil } from '../ledger/lease';
import { alertsOf, failureOf, isCompromised, TAGS } from '../ledger/tags';
import { intentsOf } from '../ledger/intents';
import { retirementsOf } from '../ledger/retirements';
import { versionWith, outstanding } from '../ledger/versions';
import { comeBack, end, isOver, offboard } from './offboard-user';
import type { Secret, User } from '../ports';
import type { UserReport } from '../../contract/report';
import { awaitsUse } from '../keys/retirement-schedule';
import type { RosterSlice, SliceUser } from '../../contract/slice';
import { closeRotation } from '../rotation/close-rotation';
import { rotatedNotice } from '../notices/compose';
import { reconcileKeys } from './reconcile-keys';
import { reconcileSchedule } from './reconcile-schedule';
import { applyPolicy } from './apply-policy';
import { isOwnKeyStored, repairLedger } from './repair-ledger';
import { ensureSecret, noticeForeignCurrent } from './reconcile-secret';
import {
  readUserState,
  type ReconcilePorts,
  type ReconcileSettings,
  type RunBudget,
  type UserOutcome,
  type UserState,
} from './user-state';
import { reportOf, reportOfRetired } from './user-report';

/**
 * Brings one user's secret, schedule and keys to what the roster says. Does one thing after another and may be cut off
 * anywhere: the next run starts from what is. Leaves a secret alone that an operator is at work on.
 * @param held asks for the keys that a secret of this user held before, where there is none now
 * @throws what an AWS call threw; nothing is half done that a later run does not complete
 */
export async function reconcileUser(
  ports: ReconcilePorts,
  settings: ReconcileSettings,
  slice: RosterSlice,
  user: SliceUser,
  budget: RunBudget,
  held: () => Promise<readonly string[]>,
): Promise<UserOutcome> {
  const iam = ports.keys.of(user.name, `reconcile-${settings.accountId}`);
  const found = await iam.user();
  const secret = await ensureSecret(ports, settings, slice, user, found, held);
  if (!secret && user.state !== 'retired')
    return found
      ? soon(await reportOfRetired(iam, user, ports.clock.now()), ports.clock.now())
      : refuseMissing(settings, user);
  if (!secret || secret.deletedAt)
    return nothingLeft(
      found
        ? await reportOfRetired(iam, user, ports.clock.now())
        : { userName: user.name, secretName: user.secretName, keys: [], conditions: [] },
    );
  const conditions: Conditions = new Map();
  const read = await readUserState(
    { ...ports, settings, slice, user, secret, iam, conditions, unsent: [], now: ports.clock.now() },
    found !== undefined,
  );
  const leased = leasedUntil(secret, read.now);
  const known = found !== undefined && isSame(read, found);
  const state = known && !leased && user.state === 'active' ? await comeBack(read) : read;
  if (isUndeleted(secret)) conditions.set('SECRET_NOT_DELETED', LASTING);
  const due = leased
    ? [leased]
    : [...(await tend(state, found, budget)), await reportConditions(ports, state, conditions, state.now)];
  if (!leased && isOver(state, known)) due.push(await endUser(ports, state));
  return {
    ...(state.unsent.length > 0 && { unsent: state.unsent[0] }),
    report: reportOf(state),
    due: due.filter((at): at is Date => at !== undefined),
    awaitsUse: retirementsOf(secret).some((retirement) => awaitsUse(retirement, user, state.now)),
    failing: isFailing(secret),
  };
}

const isUndeleted = (secret: Secret): boolean => alertsOf(secret).has('SECRET_NOT_DELETED');
/** Neither repeated nor over until it was attempted again. */
const LASTING: Condition = { reason: 'it could not be deleted', nextStep: 'it is attempted again', once: true };

/** After everything else that is written on the secret. @returns when to look again at one that could not be deleted */
async function endUser(ports: ReconcilePorts, state: UserState): Promise<Date | undefined> {
  const { conditions, secret, now } = state;
  if (await end(state)) {
    if (isUndeleted(secret))
      await ports.notices.send(resolvedNotice(state, 'SECRET_NOT_DELETED', now)).catch(() => undefined);
    return undefined;
  }
  await reportConditions(ports, state, conditions, now);
  return now;
}

/** The rotate function told of a failure, or did not come to an end in an hour. */
export function isFailing(secret: Secret): boolean {
  const token = outstanding(secret);
  return token !== undefined && (failureOf(secret)?.token === token || alertsOf(secret).has('ROTATION_UNFINISHED'));
}

async function tend(state: UserState, found: User | undefined, budget: RunBudget): Promise<(Date | undefined)[]> {
  const { user } = state;
  if (!found || !isSame(state, found)) {
    if (user.state === 'retired') return [];
    state.conditions.set(found ? 'USER_REPLACED' : 'USER_MISSING', {
      reason: found
        ? `the IAM user ${user.name} was deleted and created again`
        : `the IAM user ${user.name} no longer exists`,
      nextStep:
        'nothing is changed; take the user out of the roster or delete the secret, so that the new user is adopted',
    });
    return [];
  }
  if (await repairLedger(state, found)) return [state.now];
  await keepDeactivated(state);
  const policyDue = await applyPolicy(state, found);
  await finishRotation(state);
  await noticeForeignCurrent(state);
  const due = [policyDue, ...(await reconcileKeys(state)), ...(await reconcileSchedule(state, budget))];
  if (user.state === 'retired') due.push(await offboard(state));
  return due;
}

function refuseMissing(settings: ReconcileSettings, user: SliceUser): never {
  throw new RotationError(
    'USER_MISSING',
    `there is no IAM user ${user.name} in account ${settings.accountId}`,
    'create the user or take it out of the roster',
  );
}

/** Secrets Manager may find a new secret a little later: https://github.com/hashicorp/terraform-provider-aws/issues/18406 */
const soon = (report: UserReport, now: Date): UserOutcome => ({
  ...nothingLeft({ ...report, conditions: [] }),
  due: [now],
});

const nothingLeft = (report: UserReport): UserOutcome => ({ report, due: [], awaitsUse: false, failing: false });

const isSame = (state: UserState, found: User): boolean =>
  (state.secret.tags[TAGS.userId] ?? found.id) === found.id || isOwnKeyStored(state);

/** A version that our rotation promoted and whose owner was not told: completes what finishSecret left, once its key works. */
async function finishRotation({
  secrets,
  notices,
  secret,
  slice,
  user,
  currentKeyId,
  existing,
  now,
}: UserState): Promise<void> {
  const versionId = versionWith(secret, 'AWSCURRENT');
  if (!versionId || !currentKeyId) return;
  const ours = intentsOf(secret).some(({ token }) => token === versionId);
  if (
    existing.some(({ id, status }) => id === currentKeyId && status !== 'Active') &&
    !isCompromised(secret, currentKeyId)
  )
    return;
  const told = secret.tags[TAGS.notified] === versionId;
  if ((told || !ours) && !secret.versions[versionId]?.includes('AWSPENDING')) return;
  const notice = async () =>
    rotatedNotice({
      subject: { secret, slice, user },
      versionId,
      currentKeyId,
      existing,
      now,
    });
  await closeRotation(secrets, notices, secret, versionId, notice);
}
