/** What the admins are notified of about an account, or about a user without a secret. */
import { codeOf, reasonOf, RotationError } from '../../errors';
import { digest } from '../../digest';
import { calendarDate, HOUR_MS } from '../../time';
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
  cache.overSince.delete(subject);
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

/** So long it must have gone well before it counts as over: full passes come hourly, and some fail in them alone. */
const CALM_MS = 2 * HOUR_MS;
const mustBeCalm = (code: string): boolean => code.startsWith('AWS_') || code === 'CIRCUIT_OPEN';

/** What was reported of a user without a ledger is over. */
export const resolveUser = (run: RunWithoutRoster, userName: string): Promise<void> =>
  resolveWhere(run, ({ name }) => name === userName);

/** The roster could be read. */
export const resolveRoster = (run: RunWithoutRoster): Promise<void> =>
  resolveWhere(run, ({ name, code }) => name === '' && code !== 'CIRCUIT_OPEN' && code !== 'SLICE_OUTDATED');

/** No longer do so many rotations fail. */
export const resolveCircuit = (run: RunWithoutRoster): Promise<void> =>
  resolveWhere(run, ({ name, code }) => name === '' && code === 'CIRCUIT_OPEN');

async function resolveWhere(
  run: RunWithoutRoster,
  isOver: (reported: { readonly name: string; readonly code: string }) => boolean,
): Promise<void> {
  const { cache, clock } = run;
  for (const subject of cache.reported.keys()) {
    const [name = '', code = ''] = subject.split(' ');
    if (!isOver({ name, code })) continue;
    const since = cache.overSince.get(subject) ?? clock.now();
    cache.overSince.set(subject, since);
    if (mustBeCalm(code) && clock.now().getTime() - since.getTime() < CALM_MS) continue;
    await reportResolved(run, name, code as FailureCode, 'the condition is over');
    cache.reported.delete(subject);
    cache.overSince.delete(subject);
  }
}

async function reportResolved(
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
