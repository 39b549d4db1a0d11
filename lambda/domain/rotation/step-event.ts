import { RotationError } from '../errors';

export const STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;

export type Step = (typeof STEPS)[number];

/** Secrets Manager's event, checked. */
export interface StepEvent {
  readonly step: Step;
  readonly secretId: string;
  readonly token: string;
  /** Present when the rotation runs through an assumed role or across accounts; passed to PutSecretValue, never logged. */
  readonly rotationToken?: string;
}

/** @throws RotationError EVENT_INVALID */
export function parseStepEvent(event: unknown): StepEvent {
  const { SecretId, ClientRequestToken, Step, RotationToken } = (
    typeof event === 'object' && event !== null ? event : {}
  ) as Record<string, unknown>;
  const step = STEPS.find((known) => known === Step);
  if (!step) throw new RotationError('EVENT_INVALID', 'the event has no valid rotation step');
  if (typeof SecretId !== 'string' || !/^[\w/+=.@:-]{1,2048}$/.test(SecretId))
    throw new RotationError('EVENT_INVALID', 'the event has no valid secret name');
  if (typeof ClientRequestToken !== 'string' || !/^[A-Za-z0-9-]{32,64}$/.test(ClientRequestToken))
    throw new RotationError('EVENT_INVALID', 'the event has no token of 32 to 64 letters, digits and hyphens');
  if (RotationToken !== undefined && (typeof RotationToken !== 'string' || RotationToken.length > 256))
    throw new RotationError('EVENT_INVALID', 'the event has a RotationToken that is not a short string');
  return {
    step,
    secretId: SecretId,
    token: ClientRequestToken,
    ...(RotationToken !== undefined && { rotationToken: RotationToken }),
  };
}
