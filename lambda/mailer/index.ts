import { Logger } from '@aws-lambda-powertools/logger';
import { S3Client } from '@aws-sdk/client-s3';
import { SESv2Client } from '@aws-sdk/client-sesv2';
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { s3Deliveries } from '../aws/deliveries';
import { required } from '../aws/environment';
import { orgEvents } from '../aws/events';
import { sesMail } from '../aws/mail';
import { s3Roster } from '../aws/roster';
import { FUNCTIONS, type MailerEnvironment } from '../contract';
import { deliverBatch } from '../domain/mailer';

const env = (name: keyof MailerEnvironment): string => required(name);
let wired: ReturnType<typeof wire> | undefined;

function wire() {
  const s3 = new S3Client({});
  const bucket = env('ORG_BUCKET');
  return {
    events: orgEvents(s3, bucket),
    slices: { read: (accountId: string) => s3Roster(s3, bucket, accountId).read() },
    deliveries: s3Deliveries(s3, bucket),
    mail: sesMail(new SESv2Client({}), { sender: env('SENDER'), configurationSet: env('CONFIGURATION_SET') }),
    log: new Logger({ serviceName: FUNCTIONS.mailer.name }),
    admins: env('ADMINS').split(','),
  };
}

/** Needs `ReportBatchItemFailures`: what is named in the answer comes again, and after some times goes to the dead-letter queue. */
export async function handler(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  wired ??= wire();
  const { admins, ...ports } = wired;
  const failed = await deliverBatch(ports, admins, event.Records, () => context.getRemainingTimeInMillis());
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
}
