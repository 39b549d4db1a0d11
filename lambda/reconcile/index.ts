import type { Context } from 'aws-lambda';
import { systemClock } from '../aws/clock';
import { placeOf } from '../aws/environment';
import { memberPorts } from '../aws/member-function';
import { FUNCTIONS } from '../contract/names';
import { emptyCache } from '../domain/reconcile/cache';
import { reconcile, type RunOutcome } from '../domain/reconcile/run';
import { rotationFailureOf } from '../domain/reconcile/account/rotation-failed-event';

let ports: ReturnType<typeof memberPorts> | undefined;
const cache = emptyCache();

/** Called by the schedule and by rotation events. */
export async function handler(event: unknown, context: Context): Promise<RunOutcome> {
  const place = placeOf(context.invokedFunctionArn);
  ports ??= memberPorts(FUNCTIONS.reconcile.name, place);
  const clock = systemClock(() => context.getRemainingTimeInMillis());
  const settings = {
    ...place,
    rotateTimeoutMs: FUNCTIONS.rotate.timeoutSeconds * 1_000,
    rotateFunctionArn: process.env.ROTATE_FUNCTION_ARN ?? '',
    codeVersion: process.env.CODE_VERSION ?? '',
  };
  return reconcile({ ...ports, clock }, settings, cache, rotationFailureOf(event));
}
