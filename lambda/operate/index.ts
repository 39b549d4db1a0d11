import type { Context } from 'aws-lambda';
import { systemClock } from '../aws/clock';
import { placeOf } from '../aws/environment';
import { memberPorts } from '../aws/member-function';
import { FUNCTIONS } from '../contract/names';
import { operate, type OperateAnswer } from '../domain/operate/run-command';

let ports: ReturnType<typeof memberPorts> | undefined;

/** Invoked by the security account's operator role only. */
export async function handler(event: unknown, context: Context): Promise<OperateAnswer> {
  const place = placeOf(context.invokedFunctionArn);
  ports ??= memberPorts(FUNCTIONS.operate.name, place);
  return operate({ ...ports, clock: systemClock(() => context.getRemainingTimeInMillis()) }, place.accountId, event);
}
