import { mailPrefixes, RECOVERY_DAYS, ROLES, SECRET_NAME_PREFIX } from '../../../lambda/contract/names';
import type { UserGuard } from '../../../lambda/contract/slice';
import { allow, listed, ofAccount, type Statement } from '../policy-statement';

/** Ready-made ARNs of one member account, as template expressions. */
export interface MemberPlace {
  readonly partition: string;
  readonly region: string;
  readonly accountId: string;
  readonly securityAccountId: string;
  readonly orgBucketArn: string;
  readonly adminTopicArn: string;
}

const secrets = ({ partition, region, accountId }: MemberPlace): string =>
  `arn:${partition}:secretsmanager:${region}:${accountId}:secret:${SECRET_NAME_PREFIX}*`;
const localRole = ({ partition, accountId }: MemberPlace, name: string): string =>
  `arn:${partition}:iam::${accountId}:role/${name}`;

const assumes = (place: MemberPlace, role: string): Statement =>
  allow('AssumeKeyRole', ['sts:AssumeRole', 'sts:SetSourceIdentity'], localRole(place, role));

const inOrgBucket = (place: MemberPlace, sid: string, actions: readonly string[], path: string): Statement =>
  allow(sid, actions, `${place.orgBucketArn}/${path}`, ofAccount(place.securityAccountId));

const seesInOrgBucket = (place: MemberPlace, sid: string, path: string): Statement =>
  allow(sid, ['s3:ListBucket'], place.orgBucketArn, ofAccount(place.securityAccountId, listed(path)));

const readsSlice = (place: MemberPlace): readonly Statement[] => [
  inOrgBucket(place, 'ReadSlice', ['s3:GetObject'], `roster/${place.accountId}.json`),
  seesInOrgBucket(place, 'SeeWhetherSliceExists', `roster/${place.accountId}.json`),
];

const tells = (place: MemberPlace): readonly Statement[] => [
  inOrgBucket(place, 'RecordEvents', ['s3:PutObject'], `events/${place.accountId}/*`),
  allow('PublishEvents', ['sns:Publish'], place.adminTopicArn),
  allow(
    'EncryptForAdminTopic',
    ['kms:GenerateDataKey', 'kms:Decrypt'],
    `arn:${place.partition}:kms:${place.region}:${place.securityAccountId}:key/*`,
    {
      StringEquals: { 'kms:ViaService': `sns.${place.region}.amazonaws.com` },
    },
  ),
];

/** What was mailed about this account's events, and what became of it. */
const readsMails = (place: MemberPlace): readonly Statement[] => {
  const paths = mailPrefixes(place.accountId).map((prefix) => `${prefix}*`);
  const objects = paths.map((path) => `${place.orgBucketArn}/${path}`);
  return [
    allow('ReadMails', ['s3:GetObject'], objects, ofAccount(place.securityAccountId)),
    allow(
      'SeeWhetherMailed',
      ['s3:ListBucket'],
      place.orgBucketArn,
      ofAccount(place.securityAccountId, listed(...paths)),
    ),
  ];
};

/** The four steps: read and write versions and the ledger; no IAM, no schedule, no policy. */
export const rotatePolicy = (place: MemberPlace): readonly Statement[] => [
  allow(
    'KeepVersionsAndLedger',
    [
      'DescribeSecret',
      'GetSecretValue',
      'PutSecretValue',
      'UpdateSecretVersionStage',
      'TagResource',
      'UntagResource',
    ].map(secretsmanager),
    secrets(place),
  ),
  assumes(place, ROLES.keyAdministration),
  ...readsSlice(place),
  ...tells(place),
];

/**
 * The window must be in the request, which no request without recovery has; where the other key is present too, it must be false.
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html
 */
const WITH_RECOVERY_WINDOW: Statement['Condition'] = {
  NumericEquals: { 'secretsmanager:RecoveryWindowInDays': String(RECOVERY_DAYS) },
  BoolIfExists: { 'secretsmanager:ForceDeleteWithoutRecovery': 'false' },
};

/** Everything but key creation: secrets, their policies and schedules, retirement, the report. */
export const reconcilePolicy = (place: MemberPlace, rotateFunctionArn: string): readonly Statement[] => [
  allow('FindSecrets', ['secretsmanager:ListSecrets'], '*'),
  allow(
    'KeepSecrets',
    [
      'CreateSecret',
      'DescribeSecret',
      'GetSecretValue',
      'UpdateSecretVersionStage',
      'TagResource',
      'UntagResource',
      'GetResourcePolicy',
      'RotateSecret',
      'CancelRotateSecret',
      'RestoreSecret',
    ].map(secretsmanager),
    secrets(place),
  ),
  allow('PutPolicyThatIsNotPublic', ['secretsmanager:PutResourcePolicy'], secrets(place), {
    Bool: { 'secretsmanager:BlockPublicPolicy': 'true' },
  }),
  allow('DeleteWithRecoveryWindow', ['secretsmanager:DeleteSecret'], secrets(place), WITH_RECOVERY_WINDOW),
  allow('AttachRotateFunction', ['lambda:InvokeFunction'], rotateFunctionArn),
  assumes(place, ROLES.keyRetirement),
  ...readsSlice(place),
  ...tells(place),
  inOrgBucket(place, 'KeepReport', ['s3:GetObject', 's3:PutObject'], `reports/${place.accountId}.json`),
  seesInOrgBucket(place, 'SeeWhetherReportExists', `reports/${place.accountId}.json`),
  ...readsMails(place),
];

/** The operator's commands, carried out in the member account. */
export const operatePolicy = (place: MemberPlace, rotateFunctionArn: string): readonly Statement[] => [
  allow(
    'RotateNow',
    [
      'DescribeSecret',
      'GetSecretValue',
      'RotateSecret',
      'UpdateSecretVersionStage',
      'TagResource',
      'UntagResource',
    ].map(secretsmanager),
    secrets(place),
  ),
  allow('AttachRotateFunction', ['lambda:InvokeFunction'], rotateFunctionArn),
  assumes(place, ROLES.keyRetirement),
  ...readsSlice(place),
  ...tells(place),
];

const RETIRE = ['GetUser', 'ListAccessKeys', 'GetAccessKeyLastUsed', 'UpdateAccessKey', 'DeleteAccessKey'];

/** What a local role may do to the users that the guard lets through. */
export function keyPolicy(
  { partition, accountId }: MemberPlace,
  guard: UserGuard,
  { creates }: { readonly creates: boolean },
): readonly Statement[] {
  const actions = [...RETIRE, ...(creates ? ['CreateAccessKey'] : [])].map((action) => `iam:${action}`);
  const users = `arn:${partition}:iam::${accountId}:user${guard.kind === 'path' ? guard.path : '/'}*`;
  return [
    allow(
      'KeysOfGuardedUsers',
      actions,
      users,
      guard.kind === 'tag' ? { StringEquals: { [`aws:ResourceTag/${guard.key}`]: guard.value } } : undefined,
    ),
  ];
}

/**
 * Use of the secrets' own customer managed key, when there is one. An alias is no resource of a key's use, so that it
 * stands in the condition: https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html
 */
export const secretsKeyPolicy = (
  { partition, region, accountId }: MemberPlace,
  alias: string,
): readonly Statement[] => [
  allow('UseSecretsKey', ['kms:Decrypt', 'kms:GenerateDataKey'], `arn:${partition}:kms:${region}:${accountId}:key/*`, {
    StringEquals: { 'kms:ViaService': `secretsmanager.${region}.amazonaws.com` },
    'ForAnyValue:StringEquals': { 'kms:ResourceAliases': alias },
  }),
];

const secretsmanager = (action: string): string => `secretsmanager:${action}`;
