import type { Context } from 'aws-lambda';
import { systemClock } from '../aws/clock';
import { placeOf } from '../aws/environment';
import { memberPorts } from '../aws/member-function';
import { FUNCTIONS } from '../contract/names';
import { handleStep } from '../domain/rotation/handle-step';

let ports: ReturnType<typeof memberPorts> | undefined;

/** Secrets Manager calls this once for each step; a thrown error fails the rotation, which is then attempted again. */
export async function handler(event: unknown, context: Context): Promise<void> {
  const place = placeOf(context.invokedFunctionArn);
  ports ??= memberPorts(FUNCTIONS.rotate.name, place);
  const clock = systemClock(() => context.getRemainingTimeInMillis());
  const settings = { ...place, attempt: context.awsRequestId, timeoutMs: FUNCTIONS.rotate.timeoutSeconds * 1_000 };
  await handleStep({ ...ports, clock }, settings, event);
}
