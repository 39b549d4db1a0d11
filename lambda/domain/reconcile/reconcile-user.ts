/** One user in a run of reconcile: compare what the roster wants with what is, do what is due. */
import { keepDeactivated } from './keys/compromised-keys';
import { resolvedNotice, reportConditions, type Condition, type Conditions } from './conditions';
import { RotationError } from '../errors';
import { leasedUntil } from '../ledger/lease';
import { alertsOf, failureOf, isCompromised, TAGS } from '../ledger/tags';
import { intentsOf } from '../ledger/intents';
import { retirementsOf } from '../ledger/retirements';
import { versionWith, outstanding } from '../ledger/versions';
import { comeBack, finishOffboarding, isOffboarded, offboard } from './offboard-user';
import type { KeyAdministration, Secret, User } from '../ports';
import type { UserReport } from '../../contract/report';
import { awaitsUse } from '../keys/retirement-schedule';
import type { SliceUser } from '../../contract/slice';
import { closeRotation } from '../rotation/close-rotation';
import { rotatedNotice } from '../notices/compose';
import { reconcileKeys } from './keys/reconcile-keys';
import { reconcileSchedule } from './reconcile-schedule';
import { applyPolicy } from './secret/apply-policy';
import { isOwnKeyStored, repairLedger } from './secret/repair-ledger';
import { ensureSecret, noticeForeignCurrent } from './secret/reconcile-secret';
import { soonest, type Due } from './due';
import { readAgain, readUserState, type UserOutcome, type UserState } from './user-state';
import type { Run, RunBudget } from './context';
import { reportUnknownKeys } from './keys/report-unknown-keys';
import { reportRecordedFailure } from './report-recorded-failure';
import { reportOf, reportOfRetired } from './user-report';

/**
 * Brings one user's secret, schedule and keys to what the roster says. Does one thing after another and may be cut off
 * anywhere: the next run starts from what is. Leaves a secret alone that an operator is at work on.
 * @throws what an AWS call threw; nothing is half done that a later run does not complete
 */
export async function reconcileUser(run: Run, user: SliceUser, budget: RunBudget): Promise<UserOutcome> {
  const iam = run.keys.of(user.name, `reconcile-${run.settings.accountId}`);
  const found = await iam.user();
  if (found) run.usersById.set(found.id, user);
  const secret = await ensureSecret(run, user, iam, found);
  if (!secret || secret.deletedAt) return withoutSecret(run, user, iam, found, secret);
  const conditions: Conditions = new Map();
  const now = run.clock.now();
  const read = await readUserState({ ...run, user, secret, iam, conditions, unsent: [], now }, found !== undefined);
  const leased = leasedUntil(secret, now);
  const isBack = user.state === 'active' && !leased && found !== undefined && isSame(read, found);
  const state = isBack ? await comeBack(read) : read;
  if (isUndeleted(secret)) conditions.set('SECRET_NOT_DELETED', LASTING);
  const { due, waits } = leased ? { due: leased, waits: false } : await bringAbout(state, conditions, found, budget);
  return {
    ...(state.unsent.length > 0 && { unsent: state.unsent[0] }),
    report: reportOf(state, [...conditions.keys()]),
    due,
    awaitsUse: retirementsOf(secret).some((retirement) => awaitsUse(retirement, user, now)),
    failing: isFailing(secret),
    waits,
  };
}

/** What one run did for a user, besides what it reports. */
interface Done {
  readonly due: Due;
  readonly waits: boolean;
}

/** The secret is deleted after everything else that is written on it. */
async function bringAbout(
  state: UserState,
  conditions: Conditions,
  found: User | undefined,
  budget: RunBudget,
): Promise<Done> {
  const { due, waits } = await doWhatIsDue(state, found, budget);
  const repeated = await reportConditions(state, conditions);
  const isGone = isOffboarded(state, found !== undefined && isSame(state, found));
  return { due: soonest([due, repeated, isGone ? await deleteSecret(state, conditions) : 'on-change']), waits };
}

const isUndeleted = (secret: Secret): boolean => alertsOf(secret).has('SECRET_NOT_DELETED');
/** Neither repeated nor over until it was attempted again. */
const LASTING: Condition = { reason: 'it could not be deleted', nextStep: 'it is retried automatically', once: true };

async function deleteSecret(state: UserState, conditions: Conditions): Promise<Due> {
  const { notices, secret, now } = state;
  if (await finishOffboarding(state)) {
    if (isUndeleted(secret))
      await notices.send(resolvedNotice(state, 'SECRET_NOT_DELETED', now)).catch(() => undefined);
    return 'on-change';
  }
  await reportConditions(state, conditions);
  return 'next-run';
}

/** The rotate function reported a failure, or did not finish within an hour. */
export function isFailing(secret: Secret): boolean {
  const token = outstanding(secret);
  return token !== undefined && (failureOf(secret)?.token === token || alertsOf(secret).has('ROTATION_UNFINISHED'));
}

/** What an earlier step finds out and a later one must know is handed on. */
async function doWhatIsDue(state: UserState, found: User | undefined, budget: RunBudget): Promise<Done> {
  const { user } = state;
  if (!found || !isSame(state, found)) {
    if (user.state !== 'retired') reportLostUser(state, found);
    return { due: 'on-change', waits: false };
  }
  if (await repairLedger(state, found)) return { due: 'next-run', waits: false };
  const compromisedKeyWorks = await keepDeactivated(state);
  const policyDue = await applyPolicy(state, found);
  await reportRecordedFailure(state);
  await finishRotation(state);
  const storedValueFails = await noticeForeignCurrent(state);
  await reportUnknownKeys(state);
  const keysDue = await reconcileKeys(state);
  const after = keysDue === 'next-run' ? await readAgain(state) : state;
  const schedule = await reconcileSchedule(after, budget, { compromisedKeyWorks, storedValueFails });
  const offboardingDue = user.state === 'retired' ? await offboard(after) : 'on-change';
  return { due: soonest([policyDue, keysDue, schedule.due, offboardingDue]), waits: schedule.waits };
}

function reportLostUser({ conditions, user }: UserState, found: User | undefined): void {
  conditions.set(found ? 'USER_REPLACED' : 'USER_MISSING', {
    reason: found
      ? `the IAM user ${user.name} was deleted and created again`
      : `the IAM user ${user.name} no longer exists`,
    nextStep:
      'nothing is changed; remove the user from the roster, or delete the secret so that the new user is adopted',
  });
}

/**
 * A user that retires and has none any more; or one whose secret was made just now, which Secrets Manager may find a
 * little later: https://github.com/hashicorp/terraform-provider-aws/issues/18406
 * @throws RotationError USER_MISSING
 */
async function withoutSecret(
  run: Run,
  user: SliceUser,
  iam: KeyAdministration,
  found: User | undefined,
  secret: Secret | undefined,
): Promise<UserOutcome> {
  const isAwaited = !secret && user.state !== 'retired';
  if (isAwaited && !found) throw userMissing(run, user);
  const report: UserReport = found
    ? await reportOfRetired(iam, user, run.clock.now())
    : { userName: user.name, secretName: user.secretName, keys: [], conditions: [] };
  const nothingElse = { awaitsUse: false, failing: false, waits: false };
  return isAwaited
    ? { report: { ...report, conditions: [] }, due: 'next-run', ...nothingElse }
    : { report, due: 'on-change', ...nothingElse };
}

const userMissing = ({ settings }: Run, user: SliceUser): RotationError =>
  new RotationError(
    'USER_MISSING',
    `there is no IAM user ${user.name} in account ${settings.accountId}`,
    'create the user or remove it from the roster',
  );

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
  unsent,
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
  try {
    await closeRotation(secrets, notices, secret, versionId, notice);
  } catch (error) {
    unsent.push(error);
  }
}
