/** Every code stands in docs/errors.md with its cause and cure. */
export const ROTATION_ERROR_CODES = [
  'EVENT_INVALID',
  'SECRET_UNKNOWN',
  'SECRET_NOT_IN_ROSTER',
  'SECRET_ROTATION_DISABLED',
  'SECRET_VALUE_INVALID',
  'SECRET_VALUE_FOREIGN',
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
  'SECRET_BUSY',
  'KEY_REPLACED',
  'CIRCUIT_OPEN',
  'ROLLBACK_IMPOSSIBLE',
  'KEY_NOT_STORED',
  'KEY_IDENTITY_WRONG',
  'KEY_NOT_PROPAGATED',
] as const;

export type RotationErrorCode = (typeof ROTATION_ERROR_CODES)[number];

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

/** Code for notices and logs: ours, else the service's own error name. */
export function codeOf(error: unknown): string {
  if (error instanceof RotationError) return error.code;
  return error instanceof Error ? error.name : 'UnknownError';
}

/**
 * What a person may read of a failure. A foreign error's message could quote what was sent,
 * so only its name is passed on.
 */
export function reasonOf(error: unknown): string {
  return error instanceof RotationError ? error.message : `an AWS call failed with ${codeOf(error)}`;
}
