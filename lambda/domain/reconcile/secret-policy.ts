import { ROLES } from '../../contract/names';
import type { RosterSlice, SliceUser } from '../../contract/slice';

/**
 * The resource policy of a user's secret: owner and readers read AWSCURRENT, the product's functions and the
 * break-glass roles read, everybody else is denied the value. The policy itself stays changeable, so that it can be
 * mended. Principals are named by condition, because a named principal that is deleted turns into its unique id and
 * the policy could not be put again (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html).
 * @param userArn with the user's path, as IAM spells it
 */
export function secretPolicy(slice: RosterSlice, user: SliceUser, userArn: string, partition: string): string {
  const functions = [ROLES.rotate, ROLES.reconcile, ROLES.operate].map(
    (role) => `arn:${partition}:iam::${slice.accountId}:role/${role}`,
  );
  const unrestricted = [...functions, ...slice.breakGlassRoles];
  const readers = [...(user.ownerReads ? [userArn] : []), ...user.readers];
  const read = { Principal: '*', Action: 'secretsmanager:GetSecretValue', Resource: '*' };
  const statements = [
    ...(readers.length > 0
      ? [
          {
            Sid: 'ReadersReadCurrent',
            Effect: 'Allow',
            ...read,
            Condition: {
              ArnEquals: { 'aws:PrincipalArn': readers },
              StringEqualsIfExists: { 'secretsmanager:VersionStage': 'AWSCURRENT' },
            },
          },
        ]
      : []),
    {
      Sid: 'NobodyElseReads',
      Effect: 'Deny',
      ...read,
      Condition: { ArnNotLike: { 'aws:PrincipalArn': [...unrestricted, ...readers] } },
    },
    {
      Sid: 'NoOtherStage',
      Effect: 'Deny',
      ...read,
      Condition: {
        ArnNotLike: { 'aws:PrincipalArn': unrestricted },
        Null: { 'secretsmanager:VersionStage': 'false' },
        StringNotEquals: { 'secretsmanager:VersionStage': 'AWSCURRENT' },
      },
    },
    {
      Sid: 'NoOtherVersion',
      Effect: 'Deny',
      ...read,
      Condition: { ArnNotLike: { 'aws:PrincipalArn': unrestricted }, Null: { 'secretsmanager:VersionId': 'false' } },
    },
  ];
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
}
