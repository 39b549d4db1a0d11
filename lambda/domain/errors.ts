import type { AwsFailureCode, FailureCode, RotationErrorCode } from '../contract/codes';

/** A failure that the product understands. The message is one sentence without a secret value; `nextStep` says what happens or helps. */
export class RotationError extends Error {
  constructor(
    readonly code: RotationErrorCode,
    message: string,
    readonly nextStep?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = code;
  }
}

/** Code for notices, reports and logs: ours, else the kind of AWS's answer. */
export function codeOf(error: unknown): FailureCode {
  return error instanceof RotationError ? error.code : kindOf(nameOf(error));
}

/** What the error calls itself: the name that AWS gave it, to branch on. */
export const nameOf = (error: unknown): string => (error instanceof Error ? error.name : 'UnknownError');

/**
 * What a person may read of a failure. A foreign error's message could quote what was sent,
 * so only its name is passed on.
 */
export function reasonOf(error: unknown): string {
  return error instanceof RotationError ? error.message : `an AWS call failed with ${nameOf(error)}`;
}

/** First match wins: KMS has denials of its own. */
const KINDS: readonly (readonly [AwsFailureCode, RegExp])[] = [
  ['AWS_KMS', /^KMS|^(Encryption|Decryption)Failure/],
  ['AWS_DENIED', /AccessDenied|AuthorizationError|Unauthorized|^Forbidden$|^403$/],
  ['AWS_THROTTLED', /Throttl|TooManyRequests|SlowDown|RequestLimitExceeded/],
  ['AWS_NOT_FOUND', /NotFound|^NoSuch/],
  ['AWS_LIMIT', /LimitExceeded/],
  ['AWS_UNANSWERED', /Timeout|^E(CONN|PIPE|HOST|NET|AI_)|^Networking/],
];

const kindOf = (name: string): AwsFailureCode => KINDS.find(([, form]) => form.test(name))?.[0] ?? 'AWS_FAILED';
