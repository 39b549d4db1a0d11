import type { Context } from 'aws-lambda';
import { systemClock } from '../aws/clock';
import { placeOf } from '../aws/environment';
import { memberPorts } from '../aws/member-ports';
import { FUNCTIONS } from '../contract';
import { emptyMemory, reconcile, type RunOutcome } from '../domain/reconcile';

let ports: ReturnType<typeof memberPorts> | undefined;
const memory = emptyMemory();

/** Called by the schedule and by rotation events; only an event asks for a full pass at once. */
export async function handler(event: { readonly source?: string }, context: Context): Promise<RunOutcome> {
  const place = placeOf(context.invokedFunctionArn);
  ports ??= memberPorts(FUNCTIONS.reconcile.name, place);
  const clock = systemClock(() => context.getRemainingTimeInMillis());
  const settings = { ...place, rotateTimeoutMs: FUNCTIONS.rotate.timeoutSeconds * 1_000, codeVersion: process.env.CODE_VERSION ?? '' };
  return reconcile({ ...ports, clock }, settings, memory, event.source === 'aws.secretsmanager');
}
