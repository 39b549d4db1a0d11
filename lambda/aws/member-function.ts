/** The ports that rotate and reconcile share, wired once per container. */
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SNSClient } from '@aws-sdk/client-sns';
import { STSClient } from '@aws-sdk/client-sts';
import { SECRET_NAME_PREFIX, type MemberEnvironment } from '../contract/names';
import { BOUNDED } from './client-config';
import { stsIdentities } from './sts';
import { keyAdministrations } from './iam';
import { orgMails } from './org-bucket/mail-delivery-store';
import { orgNotices } from './notices';
import { required } from './environment';
import { orgReports } from './org-bucket/report-store';
import { s3Roster } from './org-bucket/slice-store';
import { secretsManager } from './secrets-manager';
import { logger } from './logger';
import { namingCalls } from './named-calls';

const env = (name: keyof MemberEnvironment): string => required(name);

export interface Place {
  readonly partition: string;
  readonly region: string;
  readonly accountId: string;
}

export function memberPorts(serviceName: string, { partition, accountId }: Place) {
  const s3 = namingCalls(new S3Client(BOUNDED));
  const sts = namingCalls(new STSClient(BOUNDED));
  const bucket = { Bucket: env('ORG_BUCKET'), ExpectedBucketOwner: env('ORG_BUCKET_OWNER') };
  return {
    secrets: secretsManager(namingCalls(new SecretsManagerClient(BOUNDED)), {
      prefix: SECRET_NAME_PREFIX,
      rotateFunctionArn: env('ROTATE_FUNCTION_ARN'),
      keyAlias: process.env.SECRETS_KEY ?? '',
    }),
    keys: keyAdministrations(sts, { roleArn: env('KEY_ROLE_ARN'), accountId, partition }, BOUNDED),
    identities: stsIdentities(BOUNDED),
    roster: s3Roster(s3, bucket, accountId),
    notices: orgNotices(s3, namingCalls(new SNSClient(BOUNDED)), bucket, env('ADMIN_TOPIC_ARN')),
    reports: orgReports(s3, bucket, accountId),
    mails: orgMails(s3, bucket, accountId),
    log: logger(serviceName),
  };
}
