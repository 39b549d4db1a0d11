import { RemovalPolicy } from 'aws-cdk-lib';
import { AnyPrincipal, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { ROLES } from '../../../lambda/contract/names';
import { acceptFinding } from '../nag-acknowledgements';
import { orgBucketName } from '../../names';
import type { Callers } from './organization-conditions';

/**
 * Roster slices, reports and events of all accounts, and the code that they deploy. An account's functions read its
 * own slice, keep its own report and write its own events; `${aws:PrincipalAccount}` is filled in by S3 for each request. Code
 * holds no secret: whoever deploys in an account of the organization reads it.
 */
export function orgBucket(
  scope: Construct,
  {
    securityAccountId,
    region,
    callers,
  }: { readonly securityAccountId: string; readonly region: string; readonly callers: Callers },
): Bucket {
  const bucket = new Bucket(scope, 'OrgBucket', {
    bucketName: orgBucketName(securityAccountId, region),
    versioned: true,
    encryption: BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
  });
  const own = '${aws:PrincipalAccount}';
  const grant = (
    sid: string,
    action: string,
    resource: string,
    roles: readonly string[],
    more: Record<string, Record<string, string>> = {},
  ): void => {
    bucket.addToResourcePolicy(
      new PolicyStatement({
        sid,
        effect: Effect.ALLOW,
        principals: [new AnyPrincipal()],
        actions: [action],
        resources: [resource],
        conditions: callers.conditions(roles, more),
      }),
    );
  };
  grant('ReadOwnSlice', 's3:GetObject', bucket.arnForObjects(`roster/${own}.json`), [
    ROLES.rotate,
    ROLES.reconcile,
    ROLES.operate,
  ]);
  grant('SeeWhetherOwnSliceExists', 's3:ListBucket', bucket.bucketArn, [ROLES.rotate, ROLES.reconcile, ROLES.operate], {
    StringEquals: { 's3:prefix': `roster/${own}.json` },
  });
  grant('ReadOwnReport', 's3:GetObject', bucket.arnForObjects(`reports/${own}.json`), [ROLES.reconcile]);
  grant('SeeWhetherOwnReportExists', 's3:ListBucket', bucket.bucketArn, [ROLES.reconcile], {
    StringEquals: { 's3:prefix': `reports/${own}.json` },
  });
  grant('WriteOwnReport', 's3:PutObject', bucket.arnForObjects(`reports/${own}.json`), [ROLES.reconcile]);
  grant('WriteOwnEvents', 's3:PutObject', bucket.arnForObjects(`events/${own}/*`), [
    ROLES.rotate,
    ROLES.reconcile,
    ROLES.operate,
  ]);
  acceptFinding(
    bucket,
    'AwsSolutions-S1',
    'reads and writes are told by CloudTrail data events where an organization wants them; a log bucket would need one of its own',
  );
  if (callers.organizationId !== undefined) {
    bucket.addToResourcePolicy(
      new PolicyStatement({
        sid: 'DeployCode',
        principals: [new AnyPrincipal()],
        actions: ['s3:GetObject'],
        resources: [bucket.arnForObjects('code/*')],
        conditions: { StringEquals: callers.principals() },
      }),
    );
    // https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
    bucket.addToResourcePolicy(
      new PolicyStatement({
        sid: 'CodeIsNeverReplaced',
        effect: Effect.DENY,
        principals: [new AnyPrincipal()],
        actions: ['s3:PutObject'],
        resources: [bucket.arnForObjects('code/*')],
        conditions: { Null: { 's3:if-none-match': 'true' } },
      }),
    );
  }
  return bucket;
}
