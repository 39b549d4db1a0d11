/** What the admins hear of an account, or of a user without a secret. */
import { codeOf, reasonOf, RotationError } from '../errors';
import { digest } from '../digest';
import { calendarDate } from '../time';
import type { Cache } from './cache';
import type { FailureCode, NoticeCode } from '../../contract/codes';
import type { NoticeHead } from '../../contract/notice';
import type { ReconcilePorts, ReconcileSettings } from './user-state';

/** A condition that lasts is told once a day. */
export const REPEAT_MS = 24 * 3_600_000;

/** Conditions that no secret's ledger can remember: told once a day by a warm function. */
export async function reportAccountConditions(
  ports: ReconcilePorts,
  settings: ReconcileSettings,
  cache: Cache,
  userName: string,
  error: unknown,
): Promise<void> {
  const now = ports.clock.now();
  const code = codeOf(error);
  const subject = `${userName} ${code}`;
  const last = cache.told.get(subject);
  ports.log.error('reconcile could not do its work', { user: userName, code, reason: reasonOf(error) });
  if (last && now.getTime() - last.getTime() < REPEAT_MS) return;
  await ports.notices.send({
    ...accountNotice(settings, userName, code, now),
    type: 'attention',
    code,
    reason: reasonOf(error),
    nextStep: (error instanceof RotationError && error.nextStep) || 'it is attempted again by itself',
  });
  cache.told.set(subject, now);
}

/** What was told of a user without a ledger is over. */
export async function resolveUser(
  ports: ReconcilePorts,
  settings: ReconcileSettings,
  cache: Cache,
  userName: string,
): Promise<void> {
  for (const subject of cache.told.keys()) {
    const [name, code] = subject.split(' ');
    if (name !== userName) continue;
    await reportResolved(ports, settings, userName, code as FailureCode, 'the condition is over');
    cache.told.delete(subject);
  }
}

export async function reportResolved(
  ports: ReconcilePorts,
  settings: ReconcileSettings,
  userName: string,
  code: NoticeCode,
  reason: string,
): Promise<void> {
  const now = ports.clock.now();
  await ports.notices.send({
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
