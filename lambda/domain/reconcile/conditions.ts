/** Standing conditions an admin should know of: told once, again daily while they last, and when they are over. */
import { eventId } from '../digest';
import type { Subject } from '../roster/subject';
import { alertsOf, alertTagKey } from '../ledger/tags';
import type { ConditionCode } from '../../contract/codes';
import type { NoticeHead, NoticeOf } from '../../contract/notice';
import type { Notices, Secrets } from '../ports';
import { noticeBase } from '../notices/compose';

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
export type ConditionNotice = Omit<NoticeOf<'retirement-failed'>, Told> | Omit<NoticeOf<'stored-key-unusable'>, Told>;

export type Conditions = Map<ConditionCode, Condition>;

const REPEAT_MS = 24 * 3_600_000;

export function resolvedNotice(subject: Subject, code: ConditionCode, now: Date, last = now): NoticeOf<'resolved'> {
  return {
    ...noticeBase(subject, now, last),
    id: eventId(subject.secret.arn, code, last.toISOString(), 'resolved'),
    type: 'resolved',
    audience: ['admin'],
    code,
    reason: 'the condition is over',
  };
}

/**
 * Tells of what is new, of what still lasts a day later, and of what is over; the ledger remembers.
 * @returns when the next repetition is due
 */
export async function tellConditions(
  ports: { readonly secrets: Secrets; readonly notices: Notices },
  subject: Subject,
  conditions: Conditions,
  now: Date,
): Promise<Date | undefined> {
  const { secret } = subject;
  const told = alertsOf(secret);
  for (const [code, condition] of conditions) {
    const last = told.get(code);
    if (last && (condition.once || now.getTime() - last.getTime() < REPEAT_MS)) continue;
    const { reason, nextStep, command, notice } = condition;
    await ports.notices.send({
      ...noticeBase(subject, now),
      id: eventId(secret.arn, code, now.toISOString()),
      reason,
      nextStep,
      ...(command !== undefined && { command }),
      ...(notice ?? { type: 'attention', audience: ['admin'], code }),
    });
    await ports.secrets.tag(secret.arn, { [alertTagKey(code)]: now.toISOString() });
    told.set(code, now);
  }
  for (const [code, last] of told) {
    if (conditions.has(code)) continue;
    await ports.notices.send(resolvedNotice(subject, code, now, last));
    await ports.secrets.untag(secret.arn, [alertTagKey(code)]);
  }
  const repeats = [...told]
    .filter(([code]) => conditions.has(code) && !conditions.get(code)?.once)
    .map(([, at]) => at.getTime() + REPEAT_MS);
  return repeats.length > 0 ? new Date(Math.min(...repeats)) : undefined;
}
