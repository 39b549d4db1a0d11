/** Schedule, first rotations, and rotations that are stuck, overdue or resting. */
import { type UserState, type RunBudget, lostCurrentKey } from './user-state';
import { outstanding } from '../ledger/versions';
import { reportStoredKey } from './stored-key';
import {
  endsHere,
  isSuspended,
  frozenUntil,
  nextFreeze,
  isExempt,
  exemptionNotice,
  exemptionEnd,
  thawedAt,
} from '../roster/suspension';
import { TAGS, failureTag, isCompromised, alertsOf, failureOf, leftSince, leftTag, type Failure } from '../ledger/tags';
import { isBegun } from '../ledger/intents';
import { rotationDueBy, scheduleOf } from '../roster/rotation-schedule';
import { lastFour } from '../keys/describe';
import { inWords } from '../time';
import { byHand } from '../notices/compose';
import { isUnsettled } from '../keys/last-key';
import { WAITS_FOR_STORED_KEY, howRoomComes } from '../rotation/make-room';
import type { ConditionCode } from '../../contract/codes';
import { codeOf, nameOf, reasonOf } from '../errors';

/** How long a failed or stuck rotation is left to Secrets Manager before it is started again. */
const RESTART_AFTER_MS = 3_600_000;

/** A rotation that was started has ended by then, and the report can show its key. */
const REPORT_AFTER_MS = 5 * 60_000;

/** So long after its window a rotation is late enough for somebody to look. */
const OVERDUE_MS = 24 * 3_600_000;

/** A failure is told when it happens; one that lasts for so long, every day. */
const FAILS_MS = 24 * 3_600_000;

/**
 * Never touches the schedule while AWSPENDING is outstanding.
 * @returns when to look again
 */
export async function reconcileSchedule(state: UserState, budget: RunBudget): Promise<(Date | undefined)[]> {
  const { secret, slice, user, now } = state;
  const pending = outstanding(secret);
  if (user.state !== 'retired') reportStoredKey(state, pending);
  const emergency = isEmergency(state);
  const rests = emergency ? endsHere(state) : isSuspended(state);
  const overdueAt = rests ? undefined : reportOverdue(state);
  if (rests)
    return [
      pending
        ? await letFinish(state, pending)
        : await pause(state, slice.state === 'leaving' ? 'leaving' : user.state === 'retired' ? 'retired' : 'exempt'),
      ...exemption(state),
    ];
  if (pending) return [await restart(state, pending), overdueAt];
  if (emergency && state.conditions.has('COMPROMISED_KEY_WORKS')) return [now, overdueAt];
  const frozen = emergency ? undefined : frozenUntil(state);
  if (frozen) {
    await pause(state, 'freeze');
    return [frozen, overdueAt];
  }
  const due = needsKey(state) ? await startRotation(state, budget) : await keepSchedule(state, budget);
  return [due, overdueAt, nextFreeze({ slice, now })];
}

/** Calls the rotation off; the ledger says that it was us. */
async function pause(
  { secrets, secret }: UserState,
  why: 'freeze' | 'exempt' | 'retired' | 'leaving',
): Promise<undefined> {
  if (!secret.rotationEnabled) return;
  await secrets.tag(secret.arn, { [TAGS.paused]: why });
  await secrets.cancelRotation(secret.arn);
}

/** A rotation that has made its key is finished; one that has not is given up, and the ledger says so when Secrets Manager reports it. */
async function letFinish(state: UserState, pending: string): Promise<Date | undefined> {
  if (state.pendingKeyId !== undefined || isBegun(state.secret, pending)) return restart(state, pending);
  await giveUp(state, pending);
  return state.now;
}

async function giveUp(state: UserState, pending: string): Promise<void> {
  await state.secrets.tag(
    state.secret.arn,
    failureTag({ token: pending, code: 'given-up', at: state.now, since: state.now }),
  );
  await state.secrets.moveStage(state.secret.arn, 'AWSPENDING', { from: pending });
}

function exemption(state: UserState): Date[] {
  const { user, now, conditions } = state;
  if (!isExempt(state) || !user.exempt) return [];
  const [notice, end] = [exemptionNotice(user.exempt.until), exemptionEnd(user.exempt.until)];
  if (now < notice) return [notice, end];
  conditions.set('EXEMPTION_ENDS', {
    reason: `the exemption of ${user.name} (${user.exempt.reason}, approved by ${user.exempt.approvedBy}) ends after ${user.exempt.until}`,
    nextStep:
      'rotation resumes by itself, the old key kept while it is used; extend the exemption in the roster if it must not',
    once: true,
  });
  return [end];
}

/** A key that was declared compromised, or whose stored secret is wrong, is as good as none. */
const needsKey = (state: UserState): boolean =>
  state.currentKeyId === undefined ||
  lostCurrentKey(state) ||
  isEmergency(state) ||
  state.conditions.has('CURRENT_VALUE_WRONG');

/** The current key was declared compromised: neither an exemption nor a freeze keeps its successor waiting. */
const isEmergency = ({ secret, currentKeyId }: UserState): boolean =>
  currentKeyId !== undefined && isCompromised(secret, currentKeyId);

/**
 * Tells of a key that should have been replaced. Once told it lasts until another key is current; a wait for room is
 * told as such, and starts the rotation when it ends.
 * @returns when it becomes overdue
 */
function reportOverdue(state: UserState): Date | undefined {
  const { user, existing, currentKeyId, secret, now, conditions } = state;
  const key = existing.find(({ id }) => id === currentKeyId);
  if (!key) return undefined;
  const dueBy = rotationDueBy(key, user);
  const at = new Date(Math.max(dueBy.getTime(), thawedAt(state).getTime()) + OVERDUE_MS);
  const told = alertsOf(secret).has('ROTATION_OVERDUE') && now > dueBy;
  const late = now > at && !frozenUntil(state) && hasRoom(state) && !alertsOf(secret).has('ROTATION_WAITS');
  if (told || late)
    conditions.set('ROTATION_OVERDUE', {
      reason: `the key …${lastFour(key.id)} of ${user.name} should have been rotated by ${inWords(dueBy)}`,
      nextStep:
        'a rotation is started; an earlier alert says why it was late, or Secrets Manager did not keep its schedule',
    });
  return now > at ? undefined : at;
}

async function keepSchedule(state: UserState, budget: RunBudget): Promise<Date | undefined> {
  const { user, secret, secrets, settings, existing, currentKeyId, now } = state;
  const key = existing.find(({ id }) => id === currentKeyId);
  const dueBy = key && rotationDueBy(key, user);
  const moved = secret.rotationFunctionArn !== undefined && secret.rotationFunctionArn !== settings.rotateFunctionArn;
  if (dueBy && now > dueBy) {
    const at = await startRotation(state, budget);
    if (!budget.waiting.has(user.name) && hasRoom(state)) await reportSchedule(state, moved);
    return at;
  }
  const wanted = scheduleOf(user);
  if (secret.rotationEnabled && secret.scheduleExpression === wanted && !moved) return dueBy;
  await secrets.rotate(secret.arn, wanted, false);
  await reportSchedule(state, moved);
  if (secret.tags[TAGS.paused]) await secrets.untag(secret.arn, [TAGS.paused]);
  return dueBy;
}

/** What somebody had done to the schedule, once whatever asks for the next rotation has mended it. */
async function reportSchedule(state: UserState, moved: boolean): Promise<void> {
  const { secret, notices } = state;
  if (moved)
    await notices.send(
      byHand(
        state,
        'ROTATION_FUNCTION_CHANGED',
        secret.rotationFunctionArn!,
        `the secret's rotation function was changed by hand to ${secret.rotationFunctionArn}`,
        'it was set back',
      ),
    );
  else if (
    !secret.rotationEnabled &&
    secret.scheduleExpression !== undefined &&
    !secret.tags[TAGS.paused] &&
    !secret.tags[TAGS.released]
  )
    await notices.send(
      byHand(
        state,
        'ROTATION_CANCELLED',
        '',
        "the secret's rotation was cancelled by hand",
        'it was scheduled again; to end it, take the user out of the roster',
      ),
    );
}

/** A first rotation, one for a key that is gone or cannot be used, or one that is late. */
async function startRotation(state: UserState, budget: RunBudget): Promise<Date | undefined> {
  const { user, secret, secrets, now } = state;
  if (!hasRoom(state)) return waitForRoom(state);
  if (budget.rotationsLeft <= 0) {
    budget.waiting.add(user.name);
    return now;
  }
  budget.rotationsLeft -= 1;
  await secrets.rotate(secret.arn, scheduleOf(user), true);
  if (secret.tags[TAGS.paused]) await secrets.untag(secret.arn, [TAGS.paused]);
  return new Date(now.getTime() + REPORT_AFTER_MS);
}

const hasRoom = (state: UserState): boolean =>
  state.existing.length < 2 || (state.user.unmanagedKeys === 'delete' && !isUnsettled(state));

function waitForRoom(state: UserState): undefined {
  if (isUnsettled(state) && !alertsOf(state.secret).has('ROTATION_WAITS')) return;
  const used = state.existing.map((key) => {
    const lastUse = state.lastUses.get(key.id);
    return `…${lastFour(key.id)} (${key.status}, ${lastUse?.used ? `last used ${inWords(lastUse.at)} by ${lastUse.service}` : 'never used'})`;
  });
  state.conditions.set('ROTATION_WAITS', {
    reason: `${state.user.name} has two keys, ${used.join(' and ')}, and a new one needs room`,
    nextStep: isUnsettled(state) ? WAITS_FOR_STORED_KEY : howRoomComes(state.user),
  });
}

/** A rotation that has not finished for an hour is attempted again, once there is room for its key. */
async function restart(state: UserState, pending: string): Promise<Date | undefined> {
  const { secret, secrets, now } = state;
  const failure = failureOf(secret)?.token === pending ? failureOf(secret) : undefined;
  const left = [failure?.at, leftSince(secret, pending)].filter((at) => at !== undefined);
  const again = new Date(now.getTime() + RESTART_AFTER_MS);
  if (left.length === 0) {
    await secrets.tag(secret.arn, leftTag(pending, now));
    return again;
  }
  const dueAt = new Date(Math.max(...left.map((at) => at.getTime())) + RESTART_AFTER_MS);
  const lacksRoom = state.pendingKeyId === undefined && !hasRoom(state);
  reportOutstanding(state, { failure, lacksRoom, late: now >= dueAt });
  if (now < dueAt) return dueAt;
  if (lacksRoom) return undefined;
  await secrets.tag(secret.arn, leftTag(pending, now));
  await startAgain(state, pending);
  return again;
}

/** Once told, a condition lasts until the rotation has ended: an attempt in between is not its end. */
function reportOutstanding(
  state: UserState,
  {
    failure,
    lacksRoom,
    late,
  }: { readonly failure: Failure | undefined; readonly lacksRoom: boolean; readonly late: boolean },
): void {
  const { secret, conditions, user, now } = state;
  const lasting = (code: ConditionCode): boolean => late || alertsOf(secret).has(code);
  if (failure && !lacksRoom && now.getTime() >= failure.since.getTime() + FAILS_MS)
    conditions.set('ROTATION_FAILS', {
      reason: `the rotation of ${user.name} has failed since ${inWords(failure.since)}, last with ${failure.code}`,
      nextStep: 'it is attempted again every hour; the alert of its first failure says why',
    });
  if (!failure && lasting('ROTATION_UNFINISHED'))
    conditions.set('ROTATION_UNFINISHED', {
      reason: `a rotation of ${user.name} began and did not end, and the rotate function did not say why`,
      nextStep: 'it is attempted again every hour; look whether the function runs at all',
    });
  if (lacksRoom && lasting('ROTATION_WAITS')) waitForRoom(state);
}

/**
 * Secrets Manager refuses while a rotation is outstanding, and attempts that one again: its own answer is no failure.
 * One that was called off may stay off through that; nobody would ever finish it, so it is given up and the next starts over.
 */
async function startAgain(state: UserState, pending: string): Promise<void> {
  const { secret, secrets, user, log } = state;
  try {
    await secrets.rotate(secret.arn, scheduleOf(user), true);
  } catch (error) {
    log.warn('the outstanding rotation could not be started again', {
      secret: secret.name,
      code: codeOf(error),
      reason: reasonOf(error),
    });
    if (secret.rotationEnabled || nameOf(error) !== 'InvalidRequestException') return;
    const after = await secrets.describe(secret.arn);
    if (after?.rotationEnabled === false && outstanding(after) === pending) await giveUp(state, pending);
  }
}
