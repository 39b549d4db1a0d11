/** Standing conditions an admin should know of: told once, again daily while they last, and when they are over. */
import { digest } from '../digest';
import type { Subject } from '../roster/subject';
import { alertsOf, alertTag, alertTagKey, isAlertOwed } from '../ledger/tags';
import type { ConditionCode } from '../../contract/codes';
import type { NoticeEvent, NoticeHead, NoticeOf } from '../../contract/notice';
import { noticeBase } from '../notices/compose';
import { REPEAT_CONDITION_MS } from './context';
import { soonest, type Due } from './due';
import type { UserState } from './user-state';

export interface Condition {
  readonly reason: string;
  readonly nextStep: string;
  /** What cures it, exactly, as one would type it. */
  readonly command?: string;
  /** Told when it begins and when it ends, not daily in between. */
  readonly once?: true;
  /** What the notice says beyond reason and next step, and to whom: `attention` to the admins unless given. */
  readonly notice?: ConditionNotice;
}

type Told = Exclude<keyof NoticeHead, 'audience'> | 'reason' | 'nextStep' | 'command';
export type ConditionNotice =
  | Omit<NoticeOf<'retirement-failed'>, Told>
  | Omit<NoticeOf<'stored-key-unusable'>, Told>
  | Omit<NoticeOf<'action-needed'>, Told>;

export type Conditions = Map<ConditionCode, Condition>;

export function resolvedNotice(subject: Subject, code: ConditionCode, now: Date, last = now): NoticeOf<'resolved'> {
  return {
    ...noticeBase(subject, now, last),
    id: digest(subject.secret.arn, code, last.toISOString(), 'resolved'),
    type: 'resolved',
    audience: ['admin'],
    code,
    reason: 'the condition is over',
  };
}

/**
 * Tells of what is new, of what still lasts a day later, and of what is over; the ledger remembers, before each is sent, so
 * that a notice is repeated as it was. What cannot be sent stays owed and stops nothing.
 * @returns when the next repetition is due
 */
export async function reportConditions(state: UserState, conditions: Conditions): Promise<Due> {
  const { secret } = state;
  const reported = alertsOf(secret);
  for (const [code, condition] of conditions) {
    const at = dueReport(state, code, condition, reported.get(code));
    if (!at) continue;
    reported.set(code, at);
    await report(state, code, condition, at);
  }
  for (const [code, last] of reported) if (!conditions.has(code)) await resolve(state, code, last);
  return soonest(
    [...reported]
      .filter(([code]) => conditions.has(code) && !conditions.get(code)?.once)
      .map(([, at]) => new Date(at.getTime() + REPEAT_CONDITION_MS)),
  );
}

/** The instant of the notice that is due, which one that is still owed has already; undefined when none is. */
function dueReport(
  { secret, now }: UserState,
  code: ConditionCode,
  { once }: Condition,
  last: Date | undefined,
): Date | undefined {
  if (!last) return now;
  if (isAlertOwed(secret, code)) return last;
  return once || now.getTime() - last.getTime() < REPEAT_CONDITION_MS ? undefined : now;
}

async function report(state: UserState, code: ConditionCode, condition: Condition, at: Date): Promise<void> {
  const { secret, secrets, notices } = state;
  if (!isAlertOwed(secret, code)) await secrets.tag(secret.arn, alertTag(code, at, true));
  await attempt(state, async () => {
    await notices.send(conditionNotice(state, code, condition, at));
    await secrets.tag(secret.arn, alertTag(code, at));
  });
}

async function resolve(state: UserState, code: ConditionCode, last: Date): Promise<void> {
  const { secret, secrets, notices, now } = state;
  await attempt(state, async () => {
    if (!isAlertOwed(secret, code)) await notices.send(resolvedNotice(state, code, now, last));
    await secrets.untag(secret.arn, [alertTagKey(code)]);
  });
}

async function attempt({ unsent }: UserState, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    unsent.push(error);
  }
}

function conditionNotice(
  state: UserState,
  code: ConditionCode,
  { reason, nextStep, command, notice }: Condition,
  at: Date,
): NoticeEvent {
  return {
    ...noticeBase(state, state.now, at),
    id: digest(state.secret.arn, code, at.toISOString()),
    reason,
    nextStep,
    ...(command !== undefined && { command }),
    ...(notice && isDueToOwner(state, code, notice, at) ? notice : { type: 'attention', audience: ['admin'], code }),
  };
}

const MONDAY = 1;

/** What an owner need not do today is mailed when it begins, and then on Mondays; the admins have it daily. */
function isDueToOwner({ secret }: UserState, code: ConditionCode, { type }: ConditionNotice, at: Date): boolean {
  const isFirst = !alertsOf(secret).has(code) || isAlertOwed(secret, code);
  return type !== 'action-needed' || isFirst || at.getUTCDay() === MONDAY;
}
