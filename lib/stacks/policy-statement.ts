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

export const document = (Statement: readonly unknown[]) => ({ Version: '2012-10-17', Statement });

/**
 * Condition of s3:ListBucket that lets a reader of these paths hear that an object is missing, instead of that access is
 * denied, and list nothing else. S3 asks for the permission with the object's key as prefix.
 */
export const listed = (...paths: readonly string[]): NonNullable<Statement['Condition']> => ({
  StringLike: { 's3:prefix': paths },
});
