/** What CloudTrail tells of rotations: the only word when the function never ran. */
import { digest } from '../../digest';
import { isElsewhere } from '../../roster/subject';
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

/** Tells the admins of a failure that the rotate function itself did not tell of. Events of secrets that are none of ours are not looked at. */
export async function reportRotationFailure(
  { secrets, notices, clock, slice }: Run,
  { name, secretId, at }: RotationFailure,
): Promise<void> {
  const user = slice.users.find(({ secretName }) => isSecretOf(slice.accountId, secretName, secretId));
  const secret = user && (await secrets.describe(secretId));
  if (!secret) return;
  const failure = failureOf(secret);
  const happenedAt = new Date(at).getTime() || clock.now().getTime();
  const told = failure && Math.abs(happenedAt - failure.at.getTime()) < RECORDED_WITHIN_MS;
  const open = outstanding(secret) !== undefined;
  if (told) return;
  await notices.send({
    ...noticeBase({ slice, user, secret }, clock.now()),
    id: digest(secret.arn, name, at),
    type: 'attention',
    audience: ['admin'],
    code: name === 'RotationAbandoned' ? 'ROTATION_ABANDONED' : 'ROTATION_FAILED',
    reason: `Secrets Manager reported ${name}, and the rotate function left no record of a failure: it did not run, or was cut off`,
    nextStep: `${open ? 'it is attempted again' : 'nothing is outstanding any more'}; if this comes again, look whether the function runs at all: its permission, its concurrency, its logs`,
  });
}

/** By name, or by an ARN of the account that ends in the name, a hyphen and six characters. */
export function isSecretOf(accountId: string, secretName: string, secretId: string): boolean {
  if (isElsewhere(secretId, accountId)) return false;
  const name = secretId.split(':').slice(6).join(':');
  return secretId === secretName || (name.startsWith(`${secretName}-`) && name.length === secretName.length + 7);
}
