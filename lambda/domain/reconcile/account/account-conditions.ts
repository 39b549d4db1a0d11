/** What the admins are notified of about an account, or about a user without a secret. */
import { codeOf, reasonOf, RotationError } from '../../errors';
import { digest } from '../../digest';
import { calendarDate } from '../../time';
import type { FailureCode, NoticeCode } from '../../../contract/codes';
import type { NoticeHead } from '../../../contract/notice';
import { REPEAT_CONDITION_MS, type ReconcileSettings, type RunWithoutRoster } from '../context';

/**
 * Conditions that no secret's ledger can remember: reported once a day by a warm function.
 * @param userName empty where the account as a whole is meant
 */
export async function reportAccountConditions(run: RunWithoutRoster, userName: string, error: unknown): Promise<void> {
  const { clock, cache, settings, notices, log } = run;
  const now = clock.now();
  const code = codeOf(error);
  const subject = `${userName} ${code}`;
  const last = cache.reported.get(subject);
  log.error('reconcile could not do its work', { user: userName, code, reason: reasonOf(error) });
  if (last && now.getTime() - last.getTime() < REPEAT_CONDITION_MS) return;
  await notices.send({
    ...accountNotice(settings, userName, code, now),
    type: 'attention',
    code,
    reason: reasonOf(error),
    nextStep: (error instanceof RotationError && error.nextStep) || 'it is retried automatically',
  });
  cache.reported.set(subject, now);
}

/** What was reported of a user without a ledger is over. */
export async function resolveUser(run: RunWithoutRoster, userName: string): Promise<void> {
  const { cache } = run;
  for (const subject of cache.reported.keys()) {
    const [name, code] = subject.split(' ');
    if (name !== userName) continue;
    await reportResolved(run, userName, code as FailureCode, 'the condition is over');
    cache.reported.delete(subject);
  }
}

export async function reportResolved(
  { clock, settings, notices }: RunWithoutRoster,
  userName: string,
  code: NoticeCode,
  reason: string,
): Promise<void> {
  const now = clock.now();
  await notices.send({
    ...accountNotice(settings, userName, code, now),
    id: digest(settings.accountId, userName, code, 'resolved', now.toISOString()),
    type: 'resolved',
    code,
    reason,
  });
}

const accountNotice = (
  { accountId, region }: ReconcileSettings,
  userName: string,
  code: NoticeCode,
  now: Date,
): NoticeHead => ({
  schemaVersion: 2,
  day: calendarDate(now),
  id: digest(accountId, userName, code, calendarDate(now)),
  audience: ['admin'],
  accountId,
  region,
  userName,
  secretName: '',
  occurredAt: now.toISOString(),
});
