import { RemovalPolicy } from 'aws-cdk-lib';
import { AnyPrincipal, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { mailPrefixes, ROLES } from '../../../lambda/contract/names';
import { acceptFinding } from '../nag-acknowledgements';
import { orgBucketName } from '../../names';
import { listed } from '../policy-statement';
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
  acceptFinding(
    bucket,
    'AwsSolutions-S1',
    'reads and writes are recorded by CloudTrail data events where an organization enables them; a log bucket would need one of its own',
  );
  if (callers.organizationId !== undefined) admitAccounts(bucket, callers);
  return bucket;
}

/**
 * S3 takes these for fixed principals because they name the organization: `aws:PrincipalOrgID` is on its list, while
 * `aws:PrincipalAccount` is not, and a public policy is refused. In a single account nothing is needed here: its
 * functions' own policies decide.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
 */
function admitAccounts(bucket: Bucket, callers: Callers): void {
  const { rotate, reconcile, operate } = ROLES;
  const all = [rotate, reconcile, operate];
  const own = '${aws:PrincipalAccount}';
  const [slice, report] = [`roster/${own}.json`, `reports/${own}.json`];
  const add = (effect: Effect, sid: string, action: string, resource: string, conditions: Conditions): void => {
    const principals = [new AnyPrincipal()];
    const statement = { sid, effect, principals, actions: [action], resources: [resource], conditions };
    bucket.addToResourcePolicy(new PolicyStatement(statement));
  };
  const may = (sid: string, action: string, path: string, roles: readonly string[]): void =>
    add(Effect.ALLOW, sid, action, bucket.arnForObjects(path), callers.conditions(roles));
  const mayList = (sid: string, paths: readonly string[], roles: readonly string[]): void => {
    const conditions = callers.conditions(roles, listed(...paths));
    add(Effect.ALLOW, sid, 's3:ListBucket', bucket.bucketArn, conditions);
  };
  may('ReadOwnSlice', 's3:GetObject', slice, all);
  mayList('SeeWhetherOwnSliceExists', [slice], all);
  may('ReadOwnReport', 's3:GetObject', report, [reconcile]);
  mayList('SeeWhetherOwnReportExists', [report], [reconcile]);
  may('WriteOwnReport', 's3:PutObject', report, [reconcile]);
  const mails = mailPrefixes(own).map((prefix) => `${prefix}*`);
  mails.forEach((path, index) => may(`ReadOwnMails${index + 1}`, 's3:GetObject', path, [reconcile]));
  mayList('SeeWhetherMailed', mails, [reconcile]);
  may('WriteOwnEvents', 's3:PutObject', `events/${own}/*`, all);
  const code = bucket.arnForObjects('code/*');
  add(Effect.ALLOW, 'DeployCode', 's3:GetObject', code, { StringEquals: callers.principals() });
  // https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
  add(Effect.DENY, 'CodeIsNeverReplaced', 's3:PutObject', code, { Null: { 's3:if-none-match': 'true' } });
}

type Conditions = Record<string, Record<string, unknown>>;
