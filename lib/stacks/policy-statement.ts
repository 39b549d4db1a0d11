export interface Statement {
  readonly Sid: string;
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export const allow = (
  Sid: string,
  Action: readonly string[],
  Resource: Statement['Resource'],
  Condition?: Statement['Condition'],
): Statement => ({ Sid, Effect: 'Allow', Action, Resource, ...(Condition && { Condition }) });

/** Names of buckets can be guessed: what a role may do in one, it may in this account's alone. */
export const ofAccount = (
  accountId: string,
  more: NonNullable<Statement['Condition']> = {},
): NonNullable<Statement['Condition']> => ({ ...more, StringEquals: { 'aws:ResourceAccount': accountId } });

/**
 * Holds a function's role to requests of that function's own code: whoever passes the role to another function is denied
 * everything, what resource policies grant to the role by name included. Let out is what services ask for on the
 * function's behalf, where the context may lack the key: logs, polling a queue, the use of a key through another service,
 * and the invocation that Secrets Manager tries for whoever attaches a rotation function.
 * https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html
 */
export const denyElsewhere = (functionArn: string) => ({
  Sid: 'OwnFunctionOnly',
  Effect: 'Deny',
  NotAction: ['kms:*', 'lambda:InvokeFunction', 'logs:*', 'sqs:*'],
  Resource: '*',
  Condition: { ArnNotEquals: { 'lambda:SourceFunctionArn': functionArn } },
});

export const document = (Statement: readonly unknown[]) => ({ Version: '2012-10-17', Statement });

/**
 * Condition of s3:ListBucket that lets a reader of these paths hear that an object is missing, instead of that access is
 * denied, and list nothing else. S3 asks for the permission with the object's key as prefix.
 */
export const listed = (...paths: readonly string[]): NonNullable<Statement['Condition']> => ({
  StringLike: { 's3:prefix': paths },
});
