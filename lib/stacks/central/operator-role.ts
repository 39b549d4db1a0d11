import { Aws, Stack } from 'aws-cdk-lib';
import { CfnRole } from 'aws-cdk-lib/aws-iam';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { FUNCTIONS, PUBLISHED_PATH, ROLES } from '../../../lambda/contract/names';
import { STACKS } from '../../names';
import { acceptWildcards, bucketInFindings, placeInFindings } from '../nag-acknowledgements';
import { allow, document, ofAccount } from '../policy-statement';
import type { Callers } from './organization-conditions';

/** It belongs to the management account, whichever that is, and CloudFormation makes up the end of its name. */
const canaryStackSet = (partition: string, region: string): string =>
  `arn:${partition}:cloudformation:${region}:*:stackset/${STACKS.canary}:*`;

const SESSION_SECONDS = 3_600;
const PATHS = ['roster/*', 'reports/*', PUBLISHED_PATH];

/**
 * The role of people on duty, and of the pipeline's bake step: it invokes `operate` in the accounts and reads what
 * they report. Who may assume it is decided by identity policies of the security account.
 */
export function operatorRole(
  scope: Construct,
  { callers, bucket, region }: { readonly callers: Callers; readonly bucket: IBucket; readonly region: string },
): CfnRole {
  const { partition, account } = Stack.of(scope);
  const statements = [
    allow(
      'OperateAccounts',
      ['lambda:InvokeFunction'],
      `arn:${partition}:lambda:${region}:*:function:${FUNCTIONS.operate.name}`,
      callers.resources(),
    ),
    allow(
      'ReadRosterAndReports',
      ['s3:GetObject'],
      PATHS.map((path) => `${bucket.bucketArn}/${path}`),
      ofAccount(account),
    ),
    allow('SeeWhetherTheyExist', ['s3:ListBucket'], bucket.bucketArn, ofAccount(account)),
    ...(callers.organizationId === undefined
      ? []
      : [allow('SeeStacksOfCanaries', ['cloudformation:ListStackInstances'], canaryStackSet(partition, region))]),
  ];
  const role = new CfnRole(scope, 'OperatorRole', {
    roleName: ROLES.operator,
    maxSessionDuration: SESSION_SECONDS,
    assumeRolePolicyDocument: document([
      {
        Effect: 'Allow',
        Principal: { AWS: `arn:${partition}:iam::${Aws.ACCOUNT_ID}:root` },
        Action: ['sts:AssumeRole', 'sts:SetSourceIdentity'],
      },
    ]),
    policies: [{ policyName: 'operator', policyDocument: document(statements) }],
  });
  acceptWildcards(role, {
    [`Resource::arn:${placeInFindings(Stack.of(scope)).partition}:lambda:${region}:*:function:${FUNCTIONS.operate.name}`]:
      'one function in every account of the organization, by condition',
    [`Resource::${bucketInFindings(bucket)}/roster/*`]: 'the slices of all accounts',
    [`Resource::${canaryStackSet(placeInFindings(Stack.of(scope)).partition, region)}`]:
      'one StackSet, whose account and id are not known here',
    [`Resource::${bucketInFindings(bucket)}/reports/*`]: 'the reports of all accounts',
  });
  return role;
}
