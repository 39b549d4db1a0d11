import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { mailerPorts } from '../aws/mailer-function';
import { deliverBatch } from '../domain/mail/deliver';

let ports: ReturnType<typeof mailerPorts> | undefined;

/** Needs `ReportBatchItemFailures`: what the answer names comes again and ends, after some attempts, in the dead-letter queue. */
export async function handler(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  ports ??= mailerPorts();
  const failed = await deliverBatch(ports, ports.admins, event.Records, () => context.getRemainingTimeInMillis());
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
}
