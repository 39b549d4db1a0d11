/** Every code that a notice, a report or a log entry can carry; each has its row in docs/errors.md. */

/** What the product itself refuses, or finds that it cannot go on with. */
export const ROTATION_ERROR_CODES = [
  'EVENT_INVALID',
  'SECRET_UNKNOWN',
  'SECRET_NOT_IN_ROSTER',
  'SECRET_ROTATION_DISABLED',
  'SECRET_VALUE_INVALID',
  'SECRET_VALUE_FOREIGN',
  'SECRET_NOT_OURS',
  'SLICE_MISSING',
  'SLICE_INVALID',
  'SLICE_OUTDATED',
  'TOKEN_UNKNOWN',
  'TOKEN_NOT_PENDING',
  'PENDING_EMPTY',
  'PENDING_KEY_GONE',
  'PENDING_KEY_NOT_ACTIVE',
  'USER_MISSING',
  'USER_REFUSED',
  'USER_REPLACED',
  'USER_NOT_ROTATED',
  'CURRENT_KEY_MISSING',
  'ROOM_NONE',
  'ROOM_PENDING',
  'POLICY_REFUSED',
  'SECRET_BUSY',
  'KEY_REPLACED',
  'LEDGER_INVALID',
  'CIRCUIT_OPEN',
  'ROLLBACK_IMPOSSIBLE',
  'KEY_IDENTITY_WRONG',
  'KEY_NOT_PROPAGATED',
] as const;
export type RotationErrorCode = (typeof ROTATION_ERROR_CODES)[number];

/** What an AWS service answered, by kind. */
export const AWS_FAILURE_CODES = [
  'AWS_DENIED',
  'AWS_THROTTLED',
  'AWS_NOT_FOUND',
  'AWS_LIMIT',
  'AWS_KMS',
  'AWS_UNANSWERED',
  'AWS_FAILED',
] as const;
export type AwsFailureCode = (typeof AWS_FAILURE_CODES)[number];

/** Why something failed: ours, or the kind of AWS's answer. */
export type FailureCode = RotationErrorCode | AwsFailureCode;

/** What lasts: reported when it begins, daily while it lasts, and when it is over. */
export const CONDITION_CODES = [
  'KEY_STILL_USED',
  'OWNER_NOT_NOTIFIED',
  'ROTATION_WAITS',
  'CURRENT_KEY_COMPROMISED',
  'COMPROMISED_KEY_WORKS',
  'CURRENT_KEY_INACTIVE',
  'CURRENT_KEY_MISSING',
  'SECRET_LOST',
  'LEDGER_INVALID',
  'CURRENT_VALUE_WRONG',
  'RETIREMENT_FAILED',
  'SECRET_NOT_DELETED',
  'ROTATION_FAILS',
  'ROTATION_UNFINISHED',
  'ROTATION_OVERDUE',
  'READER_MISSING',
  'READER_DELETED',
  'RETIREMENT_WAITS',
  'EXEMPTION_ENDS',
  'USER_MISSING',
  'USER_REPLACED',
] as const;
export type ConditionCode = (typeof CONDITION_CODES)[number];

/** What is in an account's report only. */
export const REPORT_CODES = ['KEYS_LEFT', 'USER_NOT_REACHED'] as const;
export type ReportCode = (typeof REPORT_CODES)[number];

/** What happened once. */
export const OCCURRENCE_CODES = [
  'OWNER_UNREACHABLE',
  'POLICY_CHANGED',
  'ROTATION_CANCELLED',
  'ROTATION_FUNCTION_CHANGED',
  'CURRENT_CHANGED',
  'SECRET_RESTORED',
  'ROTATION_FAILED',
  'ROTATION_ABANDONED',
  'COMPROMISED_KEY_ACTIVE',
  'PREVIOUS_KEY_DEACTIVATED',
  'UNKNOWN_KEY',
  'KEY_COMPROMISED',
  'ROTATION_COMMANDED',
  'ROLLBACK_COMMANDED',
  'ROLLED_BACK',
  'USER_RETIRES',
  'USER_RETIRED',
  'USER_RESTORED',
  'USER_RELEASED',
  'USER_MOVED',
  'SECRET_ADOPTED',
  'SCHEDULE_CHANGED',
] as const;
export type OccurrenceCode = (typeof OCCURRENCE_CODES)[number];

export type NoticeCode = FailureCode | ConditionCode | OccurrenceCode;
