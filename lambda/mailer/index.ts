import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { mailerPorts } from '../aws/mailer-function';
import { MAIL_FEEDBACK_QUEUE } from '../contract/names';
import { deliverBatch, type QueuedMessage } from '../domain/mail/deliver';

let ports: ReturnType<typeof mailerPorts> | undefined;

/** Needs `ReportBatchItemFailures`: what the answer names comes again and ends, after some attempts, in the dead-letter queue. */
export async function handler(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  ports ??= mailerPorts();
  const messages = event.Records.map(messageOf);
  const failed = await deliverBatch(ports, ports.admins, messages, () => context.getRemainingTimeInMillis());
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
}

const messageOf = ({ messageId, body, eventSourceARN }: SQSRecord): QueuedMessage => ({
  messageId,
  body,
  ...(eventSourceARN.endsWith(`:${MAIL_FEEDBACK_QUEUE}`) && { from: 'ses' as const }),
});
