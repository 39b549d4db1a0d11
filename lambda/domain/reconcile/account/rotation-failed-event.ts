/** What CloudTrail tells of rotations: the only word when the function never ran. */
import { digest } from '../../digest';
import { isElsewhere } from '../../roster/subject';
import { failureReportTag, isReportDue } from '../../ledger/failure-reports';
import { failureOf } from '../../ledger/tags';
import type { Run } from '../context';
import { noticeBase } from '../../notices/compose';
import { outstanding } from '../../ledger/versions';

export interface RotationFailure {
  readonly name: 'RotationFailed' | 'RotationAbandoned' | 'TestRotationFailed';
  /** ARN or name. */
  readonly secretId: string;
  /** ISO 8601. */
  readonly at: string;
}

const NAMES: readonly string[] = ['RotationFailed', 'RotationAbandoned', 'TestRotationFailed'];
/**
 * The function records a failure right before Secrets Manager hears of it, and an older record is of the attempt before;
 * the labels of its version may be gone by then.
 */
const RECORDED_WITHIN_MS = 60_000;

/**
 * Reads an EventBridge event of Secrets Manager.
 * @returns undefined for anything else
 */
export function rotationFailureOf(event: unknown): RotationFailure | undefined {
  const { source, time, detail } = (typeof event === 'object' && event !== null ? event : {}) as {
    source?: unknown;
    time?: unknown;
    detail?: { eventName?: unknown; additionalEventData?: { SecretId?: unknown } } | null;
  };
  const name = detail?.eventName;
  if (source !== 'aws.secretsmanager' || typeof name !== 'string' || !NAMES.includes(name)) return undefined;
  const secretId = detail?.additionalEventData?.SecretId;
  return {
    name: name as RotationFailure['name'],
    secretId: typeof secretId === 'string' ? secretId : '',
    at: typeof time === 'string' ? time : '',
  };
}

/**
 * Reports a failure of which the rotate function itself left no record, at most once a day and user. Events of secrets that
 * are none of ours are not looked at.
 */
export async function reportRotationFailure(
  { secrets, notices, clock, slice }: Run,
  { name, secretId, at }: RotationFailure,
): Promise<void> {
  const user = slice.users.find(({ secretName }) => isSecretOf(slice.accountId, secretName, secretId));
  const secret = user && (await secrets.describe(secretId));
  if (!secret) return;
  const failure = failureOf(secret);
  const now = clock.now();
  const happenedAt = new Date(new Date(at).getTime() || now.getTime());
  if (failure && Math.abs(happenedAt.getTime() - failure.at.getTime()) < RECORDED_WITHIN_MS) return;
  const token = outstanding(secret) ?? '-';
  if (!isReportDue(secret, { token, at: now, since: happenedAt }, 'failed')) return;
  await notices.send({
    ...noticeBase({ slice, user, secret }, now),
    id: digest(secret.arn, name, at),
    type: 'attention',
    audience: ['admin'],
    code: name === 'RotationAbandoned' ? 'ROTATION_ABANDONED' : 'ROTATION_FAILED',
    reason: `Secrets Manager reported ${name}, and the rotate function recorded no reason`,
    nextStep: `${outstanding(secret) ? 'it is retried automatically' : 'no rotation is outstanding'}; check its logs for whether the function ran; if it did not, check its permission and its concurrency`,
  });
  await secrets.tag(secret.arn, failureReportTag({ at: now, token, kind: 'failed' }));
}

/** By name, or by an ARN of the account that ends in the name, a hyphen and six characters. */
export function isSecretOf(accountId: string, secretName: string, secretId: string): boolean {
  if (isElsewhere(secretId, accountId)) return false;
  const name = secretId.split(':').slice(6).join(':');
  return secretId === secretName || (name.startsWith(`${secretName}-`) && name.length === secretName.length + 7);
}
