/** Schedule, first rotations, and rotations that are stuck, overdue or resting. */
import { lostCurrentKey, type UserState } from './user-state';
import type { RunBudget } from './context';
import { soonest, type Due } from './due';
import { outstanding } from '../ledger/versions';
import { announceFirstRotation, waitsForDate } from './announce-first-rotation';
import { askOwner } from './ask-owner';
import { reportStoredKey } from './keys/stored-key';
import {
  endsHere,
  isSuspended,
  frozenUntil,
  nextFreeze,
  isExempt,
  exemptionNotice,
  thawedAt,
} from '../roster/suspension';
import {
  TAGS,
  failureTag,
  isCompromised,
  alertsOf,
  failureOf,
  leftSince,
  leftTag,
  movedBackAt,
  type Failure,
} from '../ledger/tags';
import { GIVEN_UP, isWait } from '../ledger/failure-reports';
import { isBegun } from '../ledger/intents';
import { hoursOfSchedule, rotationDueBy, scheduleOf } from '../roster/rotation-schedule';
import { lastFour } from '../keys/describe';
import { DAY_MS, HOUR_MS, inWords, MINUTE_MS } from '../time';
import { byHand } from '../notices/compose';
import { isUnsettled } from '../keys/last-key';
import { WAITS_FOR_STORED_KEY, howRoomComes } from '../rotation/make-room';
import { endOfDay } from '../../contract/freezes-and-exemptions';
import type { ConditionCode } from '../../contract/codes';
import type { NoticeEvent } from '../../contract/notice';
import { codeOf, nameOf, reasonOf } from '../errors';
import type { AccessKey, Secret } from '../ports';

/** How long a failed or stuck rotation is left to Secrets Manager before it is started again. */
const RESTART_AFTER_MS = HOUR_MS;

/** A rotation that was started has ended by then, and the report can show its key. */
const REPORT_AFTER_MS = 5 * MINUTE_MS;

/** So long after its window a rotation is late enough for somebody to look. */
const OVERDUE_MS = DAY_MS;

/** A failure is reported when it happens; one that lasts for so long, every day. */
const FAILS_MS = DAY_MS;

/** What earlier steps of the same run found out about the current key. */
export interface Findings {
  /** A key that was declared compromised could not be deactivated: it could read its successor. */
  readonly compromisedKeyWorks: boolean;
  /** The stored secret is not that of the key that it names. */
  readonly storedValueFails: boolean;
}

export interface Scheduled {
  readonly due: Due;
  /** A rotation is due, for which this run had no place left. */
  readonly waits: boolean;
}

const lookAgain = (due: Due): Scheduled => ({ due, waits: false });

/** Never touches the schedule while AWSPENDING is outstanding. */
export async function reconcileSchedule(state: UserState, budget: RunBudget, findings: Findings): Promise<Scheduled> {
  const { secret, user } = state;
  const pending = outstanding(secret);
  if (user.state !== 'retired') reportStoredKey(state, pending);
  const emergency = isEmergency(state);
  if (emergency ? endsHere(state) : isSuspended(state)) return lookAgain(await suspend(state, pending));
  const overdueAt = reportOverdue(state);
  const { due, waits } = pending
    ? lookAgain(await restart(state, pending))
    : await startOrKeep(state, budget, { ...findings, emergency });
  return { due: soonest([due, overdueAt]), waits };
}

async function startOrKeep(
  state: UserState,
  budget: RunBudget,
  findings: Findings & { readonly emergency: boolean },
): Promise<Scheduled> {
  const { emergency, compromisedKeyWorks, storedValueFails } = findings;
  if (emergency && compromisedKeyWorks) return lookAgain('next-run');
  const frozen = emergency ? undefined : frozenUntil(state);
  if (frozen) {
    await pause(state, 'freeze');
    return lookAgain(frozen);
  }
  const needsKey =
    isMoved(state) || emergency || storedValueFails || state.currentKeyId === undefined || lostCurrentKey(state);
  const { due, waits } = needsKey ? await startRotation(state, budget) : await keepSchedule(state, budget);
  return { due: soonest([due, nextFreeze(state) ?? 'on-change']), waits };
}

/** What went along from a former secret is replaced at once, so that it is known until when whoever reads that one has time. */
const isMoved = ({ secret }: UserState): boolean =>
  secret.tags[TAGS.moved] !== undefined && secret.tags[TAGS.notified] === undefined;

/** A user whose rotations rest: exempt, retired, or of an account that leaves. */
async function suspend(state: UserState, pending: string | undefined): Promise<Due> {
  const due = pending ? await letFinish(state, pending) : await pause(state, whySuspended(state));
  return soonest([due, reportExemption(state)]);
}

type PauseReason = 'freeze' | 'exempt' | 'retired' | 'leaving';

function whySuspended({ slice, user }: UserState): PauseReason {
  if (slice.state === 'leaving') return 'leaving';
  return user.state === 'retired' ? 'retired' : 'exempt';
}

/** Calls the rotation off; the ledger says that it was us. */
async function pause({ secrets, secret }: UserState, why: PauseReason): Promise<Due> {
  if (!secret.rotationEnabled) return 'on-change';
  await secrets.tag(secret.arn, { [TAGS.paused]: why });
  await secrets.cancelRotation(secret.arn);
  return 'on-change';
}

/** A rotation that has made its key is finished; one that has not is given up, and the ledger says so when Secrets Manager reports it. */
async function letFinish(state: UserState, pending: string): Promise<Due> {
  if (state.pendingKeyId !== undefined || isBegun(state.secret, pending)) return restart(state, pending);
  await giveUp(state, pending);
  return 'next-run';
}

async function giveUp(state: UserState, pending: string): Promise<void> {
  await state.secrets.tag(
    state.secret.arn,
    failureTag({ token: pending, code: GIVEN_UP, at: state.now, since: state.now }),
  );
  await state.secrets.moveStage(state.secret.arn, 'AWSPENDING', { from: pending });
}

function reportExemption(state: UserState): Due {
  const { user, now, conditions } = state;
  if (!isExempt(state) || !user.exempt) return 'on-change';
  const [notice, end] = [exemptionNotice(user.exempt.until), endOfDay(user.exempt.until)];
  if (now < notice) return notice;
  conditions.set('EXEMPTION_ENDS', {
    reason: `the exemption of ${user.name} (${user.exempt.reason}, approved by ${user.exempt.approvedBy}) ends after ${user.exempt.until}`,
    nextStep:
      'rotation resumes automatically, and the old key is kept while it is used; to prevent this, extend the exemption in the roster',
    once: true,
  });
  return end;
}

/** The current key was declared compromised: neither an exemption nor a freeze keeps its successor waiting. */
const isEmergency = ({ secret, currentKeyId }: UserState): boolean =>
  currentKeyId !== undefined && isCompromised(secret, currentKeyId);

/**
 * Reports a key that should have been replaced. Once reported it lasts until another key is current; a wait for room is
 * reported as such, and starts the rotation when it ends.
 * @returns when it becomes overdue
 */
function reportOverdue(state: UserState): Due {
  const { user, existing, currentKeyId, secret, now, conditions } = state;
  const key = existing.find(({ id }) => id === currentKeyId);
  if (!key) return 'on-change';
  const dueBy = rotationDueBy(key, user, movedBackAt(secret, now));
  const at = new Date(Math.max(dueBy.getTime(), thawedAt(state).getTime()) + OVERDUE_MS);
  const wasReported = alertsOf(secret).has('ROTATION_OVERDUE') && now > dueBy;
  const late = now > at && !frozenUntil(state) && isLateBySchedule(state, key);
  if (wasReported || late)
    conditions.set('ROTATION_OVERDUE', {
      reason: `the key …${lastFour(key.id)} of ${user.name} should have been rotated by ${inWords(dueBy)}`,
      nextStep:
        'a rotation is started; either an earlier alert explains the delay, or Secrets Manager did not keep its schedule',
    });
  return now > at ? 'on-change' : at;
}

/**
 * Secrets Manager should have replaced this key by the schedule that is in force. What the roster made due just now, by a
 * shorter period, is started by us; what is outstanding for less than a day, or waits for room, is not late.
 */
function isLateBySchedule(state: UserState, key: AccessKey): boolean {
  const { secret, now } = state;
  const pending = outstanding(secret);
  const failure = failureOf(secret);
  const begunAt = pending && ((failure?.token === pending ? failure.since : undefined) ?? leftSince(secret, pending));
  if (pending && (!begunAt || now.getTime() - begunAt.getTime() < OVERDUE_MS)) return false;
  const hours = hoursOfSchedule(secret.scheduleExpression);
  const dueBy = hours === undefined ? undefined : rotationDueBy(key, { rotateEveryHours: hours });
  const isLate = dueBy === undefined || now.getTime() > dueBy.getTime() + OVERDUE_MS;
  return isLate && hasRoom(state) && !alertsOf(secret).has('ROTATION_WAITS');
}

async function keepSchedule(state: UserState, budget: RunBudget): Promise<Scheduled> {
  const { user, secret, secrets, settings, existing, currentKeyId, now } = state;
  const key = existing.find(({ id }) => id === currentKeyId);
  const dueBy = key && rotationDueBy(key, user, movedBackAt(secret, now));
  const moved = secret.rotationFunctionArn !== undefined && secret.rotationFunctionArn !== settings.rotateFunctionArn;
  if (dueBy && now > dueBy) {
    const scheduled = await startRotation(state, budget);
    if (!scheduled.waits && hasRoom(state)) await reportSchedule(state, moved);
    return scheduled;
  }
  const wanted = scheduleOf(user);
  const other = secret.scheduleExpression !== wanted || secret.rotationWindow !== undefined;
  if (!secret.rotationEnabled || other || moved) {
    await secrets.rotate(secret.arn, wanted, false);
    await reportSchedule(state, moved);
    if (secret.tags[TAGS.paused]) await secrets.untag(secret.arn, [TAGS.paused]);
  }
  if (secret.tags[TAGS.schedule] !== String(user.rotateEveryHours))
    await secrets.tag(secret.arn, { [TAGS.schedule]: String(user.rotateEveryHours) });
  return lookAgain(dueBy ?? 'on-change');
}

/** What somebody had done to the schedule, once whatever asks for the next rotation has mended it. */
async function reportSchedule(state: UserState, moved: boolean): Promise<void> {
  const { secret, notices } = state;
  const wasCancelled =
    !secret.rotationEnabled &&
    secret.scheduleExpression !== undefined &&
    !secret.tags[TAGS.paused] &&
    !secret.tags[TAGS.released];
  if (secret.tags[TAGS.adopted]) return;
  if (moved) await notices.send(functionChanged(state, secret.rotationFunctionArn!));
  else if (wasCancelled) await notices.send(rotationCancelled(state));
  else if (wasRescheduled(state)) await notices.send(scheduleChanged(state));
}

/** Another schedule than the one that we set last, or a window, which we never set. */
function wasRescheduled({ secret }: UserState): boolean {
  const { [TAGS.schedule]: noted } = secret.tags;
  const { scheduleExpression: found, rotationWindow } = secret;
  if (found === undefined) return false;
  return (
    rotationWindow !== undefined || (noted !== undefined && found !== scheduleOf({ rotateEveryHours: Number(noted) }))
  );
}

function scheduleChanged(state: UserState): NoticeEvent {
  const { scheduleExpression = '', rotationWindow } = state.secret;
  const found = `${scheduleExpression}${rotationWindow ? ` within ${rotationWindow}` : ''}`;
  const reason = `the secret's rotation schedule was changed manually to ${found}`;
  return byHand(
    state,
    'SCHEDULE_CHANGED',
    found,
    reason,
    'it was set back; for another one change rotateEvery in the roster',
  );
}

const functionChanged = (state: UserState, foundArn: string): NoticeEvent =>
  byHand(
    state,
    'ROTATION_FUNCTION_CHANGED',
    foundArn,
    `the secret's rotation function was changed manually to ${foundArn}`,
    'it was set back',
  );

const rotationCancelled = (state: UserState): NoticeEvent =>
  byHand(
    state,
    'ROTATION_CANCELLED',
    '',
    "the secret's rotation was cancelled manually",
    'it was scheduled again; to stop rotation, remove the user from the roster',
  );

/** A first rotation, one for a key that is gone or cannot be used, or one that is late. */
async function startRotation(state: UserState, budget: RunBudget): Promise<Scheduled> {
  const { user, secret, secrets, now } = state;
  if (waitsForDate(state)) return lookAgain(await announceFirstRotation(state));
  if (!hasRoom(state)) {
    reportNoRoom(state);
    return lookAgain('on-change');
  }
  if (budget.rotationsLeft <= 0) return { due: 'next-run', waits: true };
  budget.rotationsLeft -= 1;
  await secrets.rotate(secret.arn, scheduleOf(user), true);
  if (secret.tags[TAGS.paused]) await secrets.untag(secret.arn, [TAGS.paused]);
  return lookAgain(new Date(now.getTime() + REPORT_AFTER_MS));
}

const hasRoom = (state: UserState): boolean =>
  state.existing.length < 2 || (state.user.unmanagedKeys === 'delete' && !isUnsettled(state));

function reportNoRoom(state: UserState): void {
  if (isUnsettled(state) && !alertsOf(state.secret).has('ROTATION_WAITS')) return;
  const used = state.existing.map((key) => {
    const lastUse = state.lastUses.get(key.id);
    return `…${lastFour(key.id)} (${key.status}, ${lastUse?.used ? `last used ${inWords(lastUse.at)} by ${lastUse.service}` : 'never used'})`;
  });
  state.conditions.set('ROTATION_WAITS', {
    reason: `${state.user.name} has two keys, ${used.join(' and ')}, and a new key needs a free slot`,
    nextStep: isUnsettled(state) ? WAITS_FOR_STORED_KEY : howRoomComes(state.user),
    ...(state.existing.every(({ status }) => status === 'Active') &&
      !isUnsettled(state) && { notice: askOwner(state, 'ROTATION_WAITS', state.existing) }),
  });
}

/** A rotation that has not finished for an hour is attempted again, once there is room for its key. */
async function restart(state: UserState, pending: string): Promise<Due> {
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
  const hasWaited = !lacksRoom && state.pendingKeyId === undefined && alertsOf(secret).has('ROTATION_WAITS');
  const isUntested = !lacksRoom && failure !== undefined && isWait(failure.code) && isLeftSince(secret, failure);
  if (!hasWaited)
    reportOutstanding(state, { failure: isUntested ? undefined : failure, lacksRoom, late: now >= dueAt });
  if (now < dueAt && !hasWaited) return dueAt;
  if (lacksRoom) return 'on-change';
  await secrets.tag(secret.arn, leftTag(pending, now));
  await startAgain(state, pending);
  return again;
}

/** It was started again, and what came of that is not known yet. */
const isLeftSince = (secret: Secret, { token, at }: Failure): boolean =>
  (leftSince(secret, token)?.getTime() ?? 0) >= at.getTime();

/** How an outstanding rotation stands. */
interface Outstanding {
  readonly failure: Failure | undefined;
  readonly lacksRoom: boolean;
  readonly late: boolean;
}

/** Once reported, a condition lasts until the rotation has finished: an attempt in between does not end it. */
function reportOutstanding(state: UserState, { failure, lacksRoom, late }: Outstanding): void {
  const { secret, conditions, user, now } = state;
  const lasting = (code: ConditionCode): boolean => late || alertsOf(secret).has(code);
  if (failure && !lacksRoom && now.getTime() >= failure.since.getTime() + FAILS_MS)
    conditions.set('ROTATION_FAILS', {
      reason: `the rotation of ${user.name} has failed since ${inWords(failure.since)}, last with ${failure.code}`,
      nextStep: 'it is retried every hour; the alert about its first failure explains the reason',
    });
  if (!failure && lasting('ROTATION_UNFINISHED'))
    conditions.set('ROTATION_UNFINISHED', {
      reason: `a rotation of ${user.name} started but never finished, and the rotate function reported no error`,
      nextStep: 'it is retried every hour; check whether the function runs at all',
    });
  if (lacksRoom && lasting('ROTATION_WAITS')) reportNoRoom(state);
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
