/** When the admins were last notified of a failed rotation of a user: at most once a day, however many attempts fail. */
import { alertsOf, failureOf, PREFIX, type Failure } from './tags';
import type { Secret } from '../ports';
import { DAY_MS } from '../time';

const REPORTED = `${PREFIX}failure-reported`;

/** `partial`: the new key is live, and something after that failed. */
export type FailureKind = 'failed' | 'partial';

interface FailureReport {
  readonly at: Date;
  readonly token: string;
  readonly kind: FailureKind;
}

export const failureReportTag = ({ at, token, kind }: FailureReport): Record<string, string> => ({
  [REPORTED]: [at.toISOString(), token, kind].join(' '),
});

function reportOf(secret: Secret): FailureReport | undefined {
  const [at, token = '', kind] = secret.tags[REPORTED]?.split(' ') ?? [];
  return at === undefined ? undefined : { at: new Date(at), token, kind: kind === 'partial' ? 'partial' : 'failed' };
}

/** Conditions that are repeated daily and name the cause: beside one of them a report says nothing new. */
const SAYING_SO = ['ROTATION_FAILS', 'ROTATION_UNFINISHED', 'ROTATION_WAITS'] as const;

/**
 * Whether a failure is to be reported. Of the same rotation once, and of others once a day; that a new key is live is another
 * thing to report than that none is.
 * @param since when the first attempt of this rotation failed
 */
export function isReportDue(
  secret: Secret,
  { token, at, since }: Pick<Failure, 'token' | 'at' | 'since'>,
  kind: FailureKind,
): boolean {
  const last = reportOf(secret);
  if (kind === 'partial') return last?.token !== token || last.kind !== 'partial';
  if (SAYING_SO.some((code) => alertsOf(secret).has(code))) return false;
  return last === undefined || (last.at < since && at.getTime() - last.at.getTime() >= DAY_MS);
}

/**
 * The failure that the rotate function recorded and could not report. One that is a moment old may be on its way.
 * @param settledMs so old a failure must be
 */
export function unreportedFailure(secret: Secret, now: Date, settledMs: number): Failure | undefined {
  const failure = failureOf(secret);
  if (!failure || failure.code === GIVEN_UP || now.getTime() - failure.at.getTime() < settledMs) return undefined;
  return isReportDue(secret, failure, 'failed') ? failure : undefined;
}

/** Recorded of a rotation that reconcile called off. */
export const GIVEN_UP = 'given-up';

/** The function found no room for a key: a wait, which is reported as one, and no failure that has lasted once it is over. */
export const isWait = (code: string): boolean => code === 'ROOM_NONE' || code === 'ROOM_PENDING';
