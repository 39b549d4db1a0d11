/** What AWS's service models ask of parameters, by their names, which mean the same in all operations of a service. */
import type { ServiceId } from '../service';

export interface Constraint {
  /** Length of a text, size of a list, or value of a number. */
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: RegExp;
  readonly values?: readonly string[];
  /** Never repeated in an error. */
  readonly sensitive?: true;
}

const NAME = /^[\w+=,.@-]+$/;
const POLICY_TEXT = /^[\u0009\u000A\u000D\u0020-\u00FF]+$/;
const PATH = /^(\/|\/[\u0021-\u007E]+\/)$/;
const PATH_PREFIX = /^\/[\u0021-\u007F]*$/;
const FUNCTION =
  /^(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?$/;
const TOKEN: Constraint = { min: 32, max: 64 };

export const CONSTRAINTS: Readonly<Record<ServiceId, Readonly<Record<string, Constraint>>>> = {
  iam: {
    UserName: { min: 1, max: 128, pattern: NAME },
    NewUserName: { min: 1, max: 64, pattern: NAME },
    RoleName: { min: 1, max: 64, pattern: NAME },
    PolicyName: { min: 1, max: 128, pattern: NAME },
    PolicyDocument: { min: 1, max: 131_072, pattern: POLICY_TEXT },
    Path: { min: 1, max: 512, pattern: PATH },
    NewPath: { min: 1, max: 512, pattern: PATH },
    PathPrefix: { min: 1, max: 512, pattern: PATH_PREFIX },
    Marker: { min: 1, max: 320 },
    MaxItems: { min: 1, max: 1000 },
    AccessKeyId: { min: 16, max: 128, pattern: /^\w+$/ },
    Status: { values: ['Active', 'Inactive', 'Expired'] },
    Tags: { max: 50 },
    TagKeys: { max: 50 },
  },
  sts: {
    RoleArn: { min: 20, max: 2048 },
    RoleSessionName: { min: 2, max: 64, pattern: /^[\w+=,.@-]*$/ },
    Policy: { min: 1, max: 2048, pattern: POLICY_TEXT },
    DurationSeconds: { min: 900, max: 43_200 },
    Tags: { max: 50 },
    ExternalId: { min: 2, max: 1224, pattern: /^[\w+=,.@:/-]*$/ },
    SourceIdentity: { min: 2, max: 64, pattern: /^[\w+=,.@-]*$/ },
  },
  secretsmanager: {
    SecretId: { min: 1, max: 2048 },
    Name: { min: 1, max: 512 },
    ClientRequestToken: TOKEN,
    VersionId: TOKEN,
    RemoveFromVersionId: TOKEN,
    MoveToVersionId: TOKEN,
    Description: { max: 2048 },
    KmsKeyId: { max: 2048 },
    SecretString: { min: 1, max: 65_536, sensitive: true },
    SecretBinary: { min: 1, max: 65_536, sensitive: true },
    MaxResults: { min: 1, max: 100 },
    NextToken: { min: 1, max: 4096 },
    Filters: { max: 10 },
    SortOrder: { values: ['asc', 'desc'] },
    SortBy: { values: ['created-date', 'last-accessed-date', 'last-changed-date', 'name'] },
    VersionStage: { min: 1, max: 256 },
    VersionStages: { min: 1, max: 20 },
    RotationLambdaARN: { max: 2048 },
    ResourcePolicy: { min: 1, max: 20_480 },
  },
  sns: {},
  sqs: {
    MaxResults: { min: 1, max: 1000 },
    MaxNumberOfMessages: { min: 1, max: 10 },
    VisibilityTimeout: { min: 0, max: 43_200 },
    WaitTimeSeconds: { min: 0, max: 20 },
    DelaySeconds: { min: 0, max: 900 },
  },
  s3: {
    Key: { min: 1, max: 1024 },
    MaxKeys: { min: 0 },
    MaxBuckets: { min: 1, max: 10_000 },
    EncodingType: { values: ['url'] },
    ChecksumMode: { values: ['ENABLED'] },
  },
  ses: { ConfigurationSetName: { min: 1, max: 64, pattern: /^[\w-]*$/ } },
  cloudformation: {
    StackSetName: { min: 1, pattern: /^[a-zA-Z][-a-zA-Z0-9]*(:[a-zA-Z0-9-]{36})?$/ },
    CallAs: { values: ['SELF', 'DELEGATED_ADMIN'] },
  },
  lambda: {
    FunctionName: { min: 1, max: 256, pattern: FUNCTION },
    InvocationType: { values: ['Event', 'RequestResponse', 'DryRun'] },
    LogType: { values: ['None', 'Tail'] },
  },
  kms: {
    KeyId: { min: 1, max: 2048 },
    Limit: { min: 1, max: 1000 },
    Marker: { min: 1, max: 1024 },
    PolicyName: { min: 1, max: 128, pattern: /^\w+$/ },
    NumberOfBytes: { min: 1, max: 1024 },
    KeySpec: { values: ['AES_256', 'AES_128'] },
  },
};
