import { ROLES, SECRET_NAME_PREFIX } from '../../lambda/contract';
import type { UserGuard } from '../../lambda/domain/slice';

/** Ready-made ARNs of one member account, as template expressions. */
export interface MemberPlace {
  readonly partition: string;
  readonly region: string;
  readonly accountId: string;
  readonly securityAccountId: string;
  readonly orgBucketArn: string;
  readonly adminTopicArn: string;
}

export interface Statement {
  readonly Sid: string;
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const allow = (Sid: string, Action: readonly string[], Resource: Statement['Resource'], Condition?: Statement['Condition']): Statement => ({ Sid, Effect: 'Allow', Action, Resource, ...(Condition && { Condition }) });

const secrets = ({ partition, region, accountId }: MemberPlace): string => `arn:${partition}:secretsmanager:${region}:${accountId}:secret:${SECRET_NAME_PREFIX}*`;
const localRole = ({ partition, accountId }: MemberPlace, name: string): string => `arn:${partition}:iam::${accountId}:role/${name}`;

const assumes = (place: MemberPlace, role: string): Statement => allow('AssumeKeyRole', ['sts:AssumeRole', 'sts:SetSourceIdentity'], localRole(place, role));

/** Reading a missing slice must answer that it is missing, not that access is denied: that takes s3:ListBucket. */
const readsSlice = (place: MemberPlace): readonly Statement[] => [
  allow('ReadSlice', ['s3:GetObject'], `${place.orgBucketArn}/roster/${place.accountId}.json`),
  allow('SeeWhetherSliceExists', ['s3:ListBucket'], place.orgBucketArn, { StringEquals: { 's3:prefix': `roster/${place.accountId}.json` } }),
];

const tells = (place: MemberPlace): readonly Statement[] => [
  allow('RecordEvents', ['s3:PutObject'], `${place.orgBucketArn}/events/${place.accountId}/*`),
  allow('PublishEvents', ['sns:Publish'], place.adminTopicArn),
  allow('EncryptForAdminTopic', ['kms:GenerateDataKey', 'kms:Decrypt'], `arn:${place.partition}:kms:${place.region}:${place.securityAccountId}:key/*`, {
    StringEquals: { 'kms:ViaService': `sns.${place.region}.amazonaws.com` },
  }),
];

/** The four steps: read and write versions and the ledger; no IAM, no schedule, no policy. */
export const rotatePolicy = (place: MemberPlace): readonly Statement[] => [
  allow('KeepVersionsAndLedger', ['DescribeSecret', 'GetSecretValue', 'PutSecretValue', 'UpdateSecretVersionStage', 'TagResource', 'UntagResource'].map(secretsmanager), secrets(place)),
  assumes(place, ROLES.keyAdministration),
  ...readsSlice(place),
  ...tells(place),
];

/** Everything but key creation: secrets, their policies and schedules, retirement, the report. */
export const reconcilePolicy = (place: MemberPlace, rotateFunctionArn: string): readonly Statement[] => [
  allow('FindSecrets', ['secretsmanager:ListSecrets'], '*'),
  allow(
    'KeepSecrets',
    ['CreateSecret', 'DescribeSecret', 'GetSecretValue', 'UpdateSecretVersionStage', 'TagResource', 'UntagResource', 'GetResourcePolicy', 'PutResourcePolicy', 'RotateSecret', 'CancelRotateSecret', 'DeleteSecret', 'RestoreSecret'].map(secretsmanager),
    secrets(place),
  ),
  allow('AttachRotateFunction', ['lambda:InvokeFunction'], rotateFunctionArn),
  assumes(place, ROLES.keyRetirement),
  ...readsSlice(place),
  ...tells(place),
  allow('WriteReport', ['s3:PutObject'], `${place.orgBucketArn}/reports/${place.accountId}.json`),
];

/** The operator's commands, carried out in the member account. */
export const operatePolicy = (place: MemberPlace, rotateFunctionArn: string): readonly Statement[] => [
  allow('RotateNow', ['DescribeSecret', 'GetSecretValue', 'RotateSecret', 'UpdateSecretVersionStage', 'TagResource', 'UntagResource'].map(secretsmanager), secrets(place)),
  allow('AttachRotateFunction', ['lambda:InvokeFunction'], rotateFunctionArn),
  assumes(place, ROLES.keyRetirement),
  ...readsSlice(place),
  ...tells(place),
];

const RETIRE = ['GetUser', 'ListAccessKeys', 'GetAccessKeyLastUsed', 'UpdateAccessKey', 'DeleteAccessKey'];

/** What a local role may do to the users that the guard lets through. */
export function keyPolicy({ partition, accountId }: MemberPlace, guard: UserGuard, { creates }: { readonly creates: boolean }): readonly Statement[] {
  const actions = [...RETIRE, ...(creates ? ['CreateAccessKey'] : [])].map((action) => `iam:${action}`);
  const users = `arn:${partition}:iam::${accountId}:user${guard.kind === 'path' ? guard.path : '/'}*`;
  return [allow('KeysOfGuardedUsers', actions, users, guard.kind === 'tag' ? { StringEquals: { [`aws:ResourceTag/${guard.key}`]: guard.value } } : undefined)];
}

/** Use of the secrets' own customer managed key, when there is one. */
export const secretsKeyPolicy = (region: string, keyArn: string): readonly Statement[] => [allow('UseSecretsKey', ['kms:Decrypt', 'kms:GenerateDataKey'], keyArn, { StringEquals: { 'kms:ViaService': `secretsmanager.${region}.amazonaws.com` } })];

const secretsmanager = (action: string): string => `secretsmanager:${action}`;
