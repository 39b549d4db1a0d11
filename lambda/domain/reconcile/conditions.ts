/** Standing conditions an admin should know of: told once, again daily while they last, and when they are over. */
import { digest } from '../digest';
import type { Subject } from '../roster/subject';
import { alertsOf, alertTag, alertTagKey, isAlertOwed } from '../ledger/tags';
import type { ConditionCode } from '../../contract/codes';
import type { NoticeEvent, NoticeHead, NoticeOf } from '../../contract/notice';
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
export async function reportConditions(
  ports: { readonly secrets: Secrets; readonly notices: Notices },
  subject: Subject & { readonly unsent: unknown[] },
  conditions: Conditions,
  now: Date,
): Promise<Date | undefined> {
  const { secret } = subject;
  const told = alertsOf(secret);
  for (const [code, condition] of conditions) {
    const last = told.get(code);
    const owed = isAlertOwed(secret, code);
    if (last && !owed && (condition.once || now.getTime() - last.getTime() < REPEAT_MS)) continue;
    const at = owed && last ? last : now;
    if (!owed) await ports.secrets.tag(secret.arn, alertTag(code, at, true));
    told.set(code, at);
    await attempt(subject, async () => {
      await ports.notices.send(conditionNotice(subject, code, condition, now, at));
      await ports.secrets.tag(secret.arn, alertTag(code, at));
    });
  }
  for (const [code, last] of told) {
    if (conditions.has(code)) continue;
    await attempt(subject, async () => {
      if (!isAlertOwed(secret, code)) await ports.notices.send(resolvedNotice(subject, code, now, last));
      await ports.secrets.untag(secret.arn, [alertTagKey(code)]);
    });
  }
  const repeats = [...told]
    .filter(([code]) => conditions.has(code) && !conditions.get(code)?.once)
    .map(([, at]) => at.getTime() + REPEAT_MS);
  return repeats.length > 0 ? new Date(Math.min(...repeats)) : undefined;
}

async function attempt({ unsent }: { readonly unsent: unknown[] }, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    unsent.push(error);
  }
}

function conditionNotice(
  subject: Subject,
  code: ConditionCode,
  { reason, nextStep, command, notice }: Condition,
  now: Date,
  at: Date,
): NoticeEvent {
  return {
    ...noticeBase(subject, now, at),
    id: digest(subject.secret.arn, code, at.toISOString()),
    reason,
    nextStep,
    ...(command !== undefined && { command }),
    ...(notice ?? { type: 'attention', audience: ['admin'], code }),
  };
}
