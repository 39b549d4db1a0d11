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

/** The call of AWS that failed; an adapter adds it to the error as `call`. */
export interface FailedCall {
  /** As IAM's actions are written: `iam:CreateAccessKey`. */
  readonly operation: string;
  /** A name or an ARN. */
  readonly resource?: string;
}

const HOW: Readonly<Record<AwsFailureCode, string>> = {
  AWS_DENIED: 'was denied',
  AWS_THROTTLED: 'was throttled',
  AWS_NOT_FOUND: 'named something that does not exist',
  AWS_LIMIT: 'exceeded a quota',
  AWS_KMS: 'could not use the KMS key',
  AWS_UNANSWERED: 'timed out',
  AWS_FAILED: 'failed',
};
/** Whose own words help, such as the kind of policy that denies. Others could quote what was sent. */
const QUOTED: readonly FailureCode[] = ['AWS_DENIED', 'AWS_LIMIT', 'AWS_KMS'];
/** A message about one of these is never quoted: the request or its answer holds the secret. */
const HOLDS_SECRET = /:(PutSecretValue|CreateSecret|GetSecretValue|CreateAccessKey)$/;
const LONGEST_QUOTE = 300;

/**
 * What a person may read of a failure: of AWS's, which call it was, about what, and what came of it. AWS's own message is
 * added where it says why, as of a denial, and the request holds no secret; a denial is quoted even then, for it names
 * actions, resources and policies only.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
 */
export function reasonOf(error: unknown): string {
  if (error instanceof RotationError) return error.message;
  const { call } = (error ?? {}) as { call?: FailedCall };
  if (!call) return `an AWS call failed with ${nameOf(error)}`;
  const code = codeOf(error) as AwsFailureCode;
  const mayQuote = code === 'AWS_DENIED' || (QUOTED.includes(code) && !HOLDS_SECRET.test(call.operation));
  const message = mayQuote ? (error as Error).message.slice(0, LONGEST_QUOTE).replace(/\.\s*$/, '') : '';
  return `${call.operation}${call.resource ? ` on ${call.resource}` : ''} ${HOW[code]} (${nameOf(error)}${message && `: ${message}`})`;
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
