import { Aws, Stack } from 'aws-cdk-lib';
import { CfnRole } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { FUNCTIONS, PUBLISHED_PATH, ROLES } from '../../lambda/contract';
import { acceptWildcards, placeInFindings } from '../findings';
import type { Callers } from './callers';

const SESSION_SECONDS = 3_600;

/**
 * The role of people on duty, and of the pipeline's bake step: it invokes `operate` in the accounts and reads what
 * they report. Who may assume it is decided by identity policies of the security account.
 */
export function operatorRole(scope: Construct, { callers, bucketArn, region }: { readonly callers: Callers; readonly bucketArn: string; readonly region: string }): CfnRole {
  const allow = (Sid: string, Action: readonly string[], Resource: string | readonly string[], Condition?: object) => ({ Sid, Effect: 'Allow', Action, Resource, ...(Condition && { Condition }) });
  const role = new CfnRole(scope, 'OperatorRole', {
    roleName: ROLES.operator,
    maxSessionDuration: SESSION_SECONDS,
    assumeRolePolicyDocument: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { AWS: `arn:${Stack.of(scope).partition}:iam::${Aws.ACCOUNT_ID}:root` }, Action: ['sts:AssumeRole', 'sts:SetSourceIdentity'] }] },
    policies: [
      {
        policyName: 'operator',
        policyDocument: {
          Version: '2012-10-17',
          Statement: [
            allow('OperateAccounts', ['lambda:InvokeFunction'], `arn:${Stack.of(scope).partition}:lambda:${region}:*:function:${FUNCTIONS.operate.name}`, callers.resources()),
            allow('ReadRosterAndReports', ['s3:GetObject'], [`${bucketArn}/roster/*`, `${bucketArn}/reports/*`, `${bucketArn}/${PUBLISHED_PATH}`]),
            allow('FindReports', ['s3:ListBucket'], bucketArn),
          ],
        },
      },
    ],
  });
  acceptWildcards(role, {
    [`Resource::arn:${placeInFindings(Stack.of(scope)).partition}:lambda:${region}:*:function:${FUNCTIONS.operate.name}`]: 'one function in every account of the organization, by condition',
    'Resource::<OrgBucket5A4D3DCA.Arn>/roster/*': 'the slices of all accounts',
    'Resource::<OrgBucket5A4D3DCA.Arn>/reports/*': 'the reports of all accounts',
  });
  return role;
}
