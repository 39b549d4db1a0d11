/** The mailer's ports, wired once per container. */
import { S3Client } from '@aws-sdk/client-s3';
import { SESClient } from '@aws-sdk/client-ses';
import { ADMIN_MAIL_BOUNCED, FUNCTIONS, type MailerEnvironment } from '../contract/names';
import type { MailerPorts } from '../domain/mail/deliver';
import { BOUNDED } from './client-config';
import { s3Deliveries } from './org-bucket/deliveries';
import { required } from './environment';
import { s3MailDeliveries } from './org-bucket/mail-delivery-store';
import { s3MailFeedback } from './org-bucket/mail-feedback-store';
import { counted } from './metrics';
import { orgEvents } from './org-bucket/notice-store';
import { sesMail } from './ses';
import { s3Roster } from './org-bucket/slice-store';
import { s3Tally } from './org-bucket/tally';
import { logger } from './logger';
import { namingCalls } from './named-calls';

/** Twice the SDK's own: a mail that has gone and cannot be marked as sent goes again. */
const S3_ATTEMPTS = 6;

const env = (name: keyof MailerEnvironment): string => required(name);

export function mailerPorts(): MailerPorts & { readonly admins: readonly string[] } {
  const s3 = namingCalls(new S3Client({ ...BOUNDED, maxAttempts: S3_ATTEMPTS }));
  const bucket = { Bucket: env('ORG_BUCKET'), ExpectedBucketOwner: env('ORG_BUCKET_OWNER') };
  return {
    events: orgEvents(s3, bucket),
    slices: { read: (accountId) => s3Roster(s3, bucket, accountId).read() },
    deliveries: s3Deliveries(s3, bucket),
    accepted: s3MailDeliveries(s3, bucket),
    tally: s3Tally(s3, bucket),
    clock: { now: () => new Date() },
    mail: sesMail(namingCalls(new SESClient(BOUNDED)), {
      sender: env('SENDER'),
      configurationSet: env('CONFIGURATION_SET'),
    }),
    feedback: s3MailFeedback(s3, bucket),
    adminMailBounced: () => counted(ADMIN_MAIL_BOUNCED),
    log: logger(FUNCTIONS.mailer.name),
    admins: env('ADMINS').split(','),
  };
}
