import { AwsError, type Access, type Call, type Service } from '../service';
import type { IamDirectory } from './directory';

interface AssumeRoleInput {
  readonly RoleArn: string;
  readonly RoleSessionName: string;
  readonly Policy?: string;
  readonly DurationSeconds?: number;
  readonly ExternalId?: string;
  readonly SourceIdentity?: string;
  readonly Tags?: readonly { readonly Key: string; readonly Value: string }[];
}

/** A role's session that assumes a role is chained, and chained sessions end after an hour. */
const CHAINED_SECONDS_MAX = 3600;

/** STS as far as it is used. https://docs.aws.amazon.com/STS/latest/APIReference */
export function stsService(directory: IamDirectory): Service {
  return {
    id: 'sts',
    operations: {
      GetCallerIdentity: {
        accesses: () => [],
        run: (_, { principal }) => ({ UserId: principal.userId, Account: principal.accountId, Arn: principal.arn }),
      },
      AssumeRole: {
        accesses: (input: AssumeRoleInput) => assumeRoleAccesses(directory, input),
        run: (input: AssumeRoleInput, call) => assumeRole(directory, input, call),
      },
    },
  };
}

/** SourceIdentity and tags each need a permission of their own, in the caller's policy and the trust policy. */
function assumeRoleAccesses(directory: IamDirectory, input: AssumeRoleInput): Access[] {
  const role = directory.roleByArn(input.RoleArn);
  const context: Record<string, string> = {
    'sts:RoleSessionName': input.RoleSessionName,
    ...(input.ExternalId === undefined ? {} : { 'sts:ExternalId': input.ExternalId }),
    ...(input.SourceIdentity === undefined ? {} : { 'sts:SourceIdentity': input.SourceIdentity }),
  };
  const access = (action: string): Access => ({
    action,
    resource: input.RoleArn,
    resourceAccountId: role?.accountId ?? input.RoleArn.split(':')[4] ?? '',
    context,
    resourcePolicy: role?.trustPolicy ?? NOBODY,
  });
  return [
    access('sts:AssumeRole'),
    ...(input.SourceIdentity === undefined ? [] : [access('sts:SetSourceIdentity')]),
    ...(input.Tags?.length ? [access('sts:TagSession')] : []),
  ];
}

const NOBODY = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Deny', Principal: '*', Action: '*' }] });

function assumeRole(directory: IamDirectory, input: AssumeRoleInput, call: Call) {
  const role = directory.roleByArn(input.RoleArn);
  if (!role)
    throw new AwsError(
      'AccessDenied',
      `User: ${call.principal.arn} is not authorized to perform: sts:AssumeRole on resource: ${input.RoleArn}`,
      403,
    );
  if (!/^[\w+=,.@-]{2,64}$/.test(input.RoleSessionName))
    throw new AwsError('ValidationError', `Value at 'roleSessionName' failed to satisfy constraint`);
  const seconds = input.DurationSeconds ?? 3600;
  const most = call.principal.kind === 'role' ? CHAINED_SECONDS_MAX : (role.maxSessionSeconds ?? 3600);
  if (seconds < 900 || seconds > most)
    throw new AwsError(
      'ValidationError',
      'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    );
  if (input.Policy !== undefined && !isJson(input.Policy))
    throw new AwsError('MalformedPolicyDocument', 'The policy is not in the valid JSON format.');
  const { credentials, principal, expiresAt } = directory.openSession(role.arn, input.RoleSessionName, {
    seconds,
    sessionPolicy: input.Policy,
    sourceIdentity: input.SourceIdentity ?? call.principal.sourceIdentity,
    tags: input.Tags && Object.fromEntries(input.Tags.map(({ Key, Value }) => [Key, Value])),
  });
  return {
    Credentials: {
      AccessKeyId: credentials.accessKeyId,
      SecretAccessKey: credentials.secretAccessKey,
      SessionToken: credentials.sessionToken,
      Expiration: expiresAt,
    },
    AssumedRoleUser: { AssumedRoleId: principal.userId, Arn: principal.arn },
    SourceIdentity: principal.sourceIdentity,
  };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
