import { AwsError, type Access, type Call, type Service } from '../service';
import { policyProblem } from './policy-document';
import { requestTags, tagProblem, type Tag } from './tags';
import type { IamDirectory } from './directory';

interface AssumeRoleInput {
  readonly RoleArn: string;
  readonly RoleSessionName: string;
  readonly Policy?: string;
  readonly DurationSeconds?: number;
  readonly ExternalId?: string;
  readonly SourceIdentity?: string;
  readonly Tags?: readonly Tag[];
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
  if (!/^arn:[\w-]+:iam::\d{12}:role\/./.test(input.RoleArn))
    throw new AwsError('ValidationError', `${input.RoleArn} is invalid`);
  const role = directory.roleByArn(input.RoleArn);
  const context: NonNullable<Access['context']> = {
    ...requestTags(input.Tags),
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

/** A role that does not exist refuses as one that trusts nobody does. */
const NOBODY = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::000000000000:root' }, Action: 'sts:*' }],
});

function assumeRole(directory: IamDirectory, input: AssumeRoleInput, call: Call) {
  const role = directory.roleByArn(input.RoleArn)!;
  const seconds = input.DurationSeconds ?? 3600;
  const chained = call.principal.kind === 'role';
  if (chained && seconds > CHAINED_SECONDS_MAX)
    throw invalid('The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.');
  if (seconds > (role.maxSessionSeconds ?? 3600))
    throw invalid('The requested DurationSeconds exceeds the MaxSessionDuration set for this role.');
  const problem = input.Policy === undefined ? undefined : policyProblem('session', input.Policy);
  if (problem !== undefined) throw new AwsError('MalformedPolicyDocument', problem);
  const tags = tagProblem(input.Tags ?? []);
  if (tags !== undefined) throw invalid(tags);
  const { credentials, principal, expiresAt } = directory.openSession(role.arn, input.RoleSessionName, {
    seconds,
    sessionPolicy: input.Policy,
    sourceIdentity: input.SourceIdentity ?? call.principal.sourceIdentity,
    tags: input.Tags && Object.fromEntries(input.Tags.map(({ Key, Value }) => [Key, Value])),
  });
  const { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken } = credentials;
  return {
    Credentials: { AccessKeyId, SecretAccessKey, SessionToken, Expiration: expiresAt },
    AssumedRoleUser: { AssumedRoleId: principal.userId, Arn: principal.arn },
    SourceIdentity: principal.sourceIdentity,
  };
}

const invalid = (message: string): AwsError => new AwsError('ValidationError', message);
