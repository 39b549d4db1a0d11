import boundary from '../../../docs/permissions-boundary.json';
import type { UserGuard } from '../../../lambda/contract/slice';

/** The boundary of accounts that are stages of the pipeline: of IAM users, only those that the roster's user guard lets through. */
export function permissionsBoundary(guard: UserGuard): object {
  const statements = boundary.Statement.map((statement) => {
    if (statement.Sid !== 'KeysOfGuardedUsers' || guard.kind === 'none') return statement;
    if (guard.kind === 'path') return { ...statement, Resource: `arn:aws:iam::*:user${guard.path}*` };
    return {
      ...statement,
      Condition: { ...statement.Condition, StringEquals: { [`aws:ResourceTag/${guard.key}`]: guard.value } },
    };
  });
  return { ...boundary, Statement: statements };
}
