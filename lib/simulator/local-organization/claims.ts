/**
 * What exists here: each service's operations, and of each the parameters that have their effect, or none that a
 * caller could see. A request with any other parameter of AWS's model is refused, never half obeyed.
 */
import type { ServiceId } from './service';

const MARKED = ['Marker', 'MaxItems'] as const;
const USER = ['UserName'] as const;
const SECRET = ['SecretId'] as const;
const BUCKET = ['Bucket', 'ExpectedBucketOwner'] as const;
const OBJECT = [...BUCKET, 'Key'] as const;
const CONDITIONAL = ['IfMatch', 'IfNoneMatch'] as const;

export const CLAIMS: Readonly<Record<ServiceId, Readonly<Record<string, readonly string[]>>>> = {
  iam: {
    CreateUser: [...USER, 'Path', 'Tags'],
    GetUser: USER,
    DeleteUser: USER,
    UpdateUser: [...USER, 'NewUserName', 'NewPath'],
    ListUsers: [...MARKED, 'PathPrefix'],
    ListAccountAliases: MARKED,
    CreateAccessKey: USER,
    ListAccessKeys: [...USER, ...MARKED],
    UpdateAccessKey: [...USER, 'AccessKeyId', 'Status'],
    DeleteAccessKey: [...USER, 'AccessKeyId'],
    GetAccessKeyLastUsed: ['AccessKeyId'],
    PutUserPolicy: [...USER, 'PolicyName', 'PolicyDocument'],
    DeleteUserPolicy: [...USER, 'PolicyName'],
    GetUserPolicy: [...USER, 'PolicyName'],
    ListUserPolicies: [...USER, ...MARKED],
    ListAttachedUserPolicies: [...USER, ...MARKED, 'PathPrefix'],
    TagUser: [...USER, 'Tags'],
    UntagUser: [...USER, 'TagKeys'],
    ListUserTags: [...USER, ...MARKED],
    GetRole: ['RoleName'],
    ListRoles: [...MARKED, 'PathPrefix'],
    ListRolePolicies: ['RoleName', ...MARKED],
    ListAttachedRolePolicies: ['RoleName', ...MARKED],
    GetRolePolicy: ['RoleName', 'PolicyName'],
  },
  sts: {
    GetCallerIdentity: [],
    AssumeRole: ['RoleArn', 'RoleSessionName', 'Policy', 'DurationSeconds', 'ExternalId', 'SourceIdentity', 'Tags'],
  },
  secretsmanager: {
    CreateSecret: ['Name', 'ClientRequestToken', 'Description', 'KmsKeyId', 'SecretBinary', 'SecretString', 'Tags'],
    DeleteSecret: [...SECRET, 'RecoveryWindowInDays', 'ForceDeleteWithoutRecovery'],
    RestoreSecret: SECRET,
    UpdateSecret: [...SECRET, 'ClientRequestToken', 'Description', 'KmsKeyId', 'SecretBinary', 'SecretString'],
    DescribeSecret: SECRET,
    ListSecrets: ['IncludePlannedDeletion', 'MaxResults', 'NextToken', 'Filters', 'SortOrder', 'SortBy'],
    TagResource: [...SECRET, 'Tags'],
    UntagResource: [...SECRET, 'TagKeys'],
    GetResourcePolicy: SECRET,
    PutResourcePolicy: [...SECRET, 'ResourcePolicy', 'BlockPublicPolicy'],
    DeleteResourcePolicy: SECRET,
    GetSecretValue: [...SECRET, 'VersionId', 'VersionStage'],
    PutSecretValue: [...SECRET, 'ClientRequestToken', 'SecretBinary', 'SecretString', 'VersionStages'],
    UpdateSecretVersionStage: [...SECRET, 'VersionStage', 'RemoveFromVersionId', 'MoveToVersionId'],
    ListSecretVersionIds: [...SECRET, 'MaxResults', 'NextToken', 'IncludeDeprecated'],
    RotateSecret: [...SECRET, 'ClientRequestToken', 'RotationLambdaARN', 'RotationRules', 'RotateImmediately'],
    CancelRotateSecret: SECRET,
  },
  sns: {
    Publish: ['TopicArn', 'Message', 'Subject', 'MessageStructure', 'MessageAttributes'],
    ListTopics: ['NextToken'],
    GetTopicAttributes: ['TopicArn'],
    ListSubscriptions: ['NextToken'],
    ListSubscriptionsByTopic: ['TopicArn', 'NextToken'],
  },
  sqs: {
    ListQueues: ['QueueNamePrefix', 'NextToken', 'MaxResults'],
    GetQueueUrl: ['QueueName', 'QueueOwnerAWSAccountId'],
    GetQueueAttributes: ['QueueUrl', 'AttributeNames'],
    SendMessage: ['QueueUrl', 'MessageBody', 'DelaySeconds'],
    ReceiveMessage: [
      'QueueUrl',
      'AttributeNames',
      'MessageSystemAttributeNames',
      'MessageAttributeNames',
      'MaxNumberOfMessages',
      'VisibilityTimeout',
      'WaitTimeSeconds',
    ],
    DeleteMessage: ['QueueUrl', 'ReceiptHandle'],
  },
  s3: {
    ListBuckets: ['Prefix', 'MaxBuckets', 'ContinuationToken'],
    ListObjectsV2: [...BUCKET, 'Prefix', 'MaxKeys', 'ContinuationToken', 'StartAfter', 'EncodingType'],
    GetObject: [...OBJECT, ...CONDITIONAL, 'ChecksumMode'],
    HeadObject: [...OBJECT, ...CONDITIONAL, 'ChecksumMode'],
    PutObject: [
      ...OBJECT,
      ...CONDITIONAL,
      'Body',
      'ContentType',
      'ContentLength',
      'ContentMD5',
      'ChecksumAlgorithm',
      'ChecksumCRC32',
      'ChecksumSHA1',
      'ChecksumSHA256',
    ],
    DeleteObject: OBJECT,
  },
  ses: {
    SendEmail: ['Source', 'Destination', 'Message', 'Tags', 'ConfigurationSetName'],
    VerifyEmailIdentity: ['EmailAddress'],
    GetIdentityVerificationAttributes: ['Identities'],
    GetIdentityDkimAttributes: ['Identities'],
  },
  cloudformation: { ListStackInstances: ['StackSetName', 'CallAs'] },
  lambda: { Invoke: ['FunctionName', 'InvocationType', 'LogType', 'Payload'] },
  kms: {
    ListKeys: ['Limit', 'Marker'],
    DescribeKey: ['KeyId'],
    GenerateDataKey: ['KeyId', 'KeySpec', 'NumberOfBytes'],
    EnableKey: ['KeyId'],
    DisableKey: ['KeyId'],
    GetKeyPolicy: ['KeyId', 'PolicyName'],
  },
};

/**
 * Of structures within parameters, by the member that holds them (of a list or a map: its items), the members that have
 * their effect; any other is refused too.
 */
export const NESTED_CLAIMS: Readonly<Partial<Record<ServiceId, Readonly<Record<string, readonly string[]>>>>> = {
  iam: { Tags: ['Key', 'Value'] },
  sts: { Tags: ['Key', 'Value'] },
  secretsmanager: {
    Tags: ['Key', 'Value'],
    Filters: ['Key', 'Values'],
    RotationRules: ['AutomaticallyAfterDays', 'Duration', 'ScheduleExpression'],
  },
  sns: { MessageAttributes: ['DataType', 'StringValue'] },
  ses: {
    Destination: ['ToAddresses', 'CcAddresses', 'BccAddresses'],
    Message: ['Subject', 'Body'],
    Subject: ['Data', 'Charset'],
    Body: ['Text', 'Html'],
    Text: ['Data', 'Charset'],
    Html: ['Data', 'Charset'],
    Tags: ['Name', 'Value'],
  },
};
