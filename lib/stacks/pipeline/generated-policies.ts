import { Stack } from 'aws-cdk-lib';
import { CfnProject } from 'aws-cdk-lib/aws-codebuild';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { acceptWildcards, bucketInFindings, placeInFindings } from '../nag-acknowledgements';

const OWN_ARTIFACTS =
  "written by the CDK's grants: the pipeline's own artifacts and their key, used by its own actions";
const OWN_LOGS = "written by the CDK's projects: the project's own log group and test reports";

/** Accepts the wildcards that the CDK's pipelines library writes itself; every statement of ours is judged on its own. */
export function acceptGeneratedPolicies(stack: Stack, pipeline: Construct, artifacts: Bucket): void {
  const { account } = stack;
  const { partition, region } = placeInFindings(stack);
  const logs = `arn:${partition}:logs:${region}:${account}:log-group:/aws/codebuild/`;
  const reports = `arn:${partition}:codebuild:${region}:${account}:report-group/`;
  const projects = pipeline.node
    .findAll()
    .filter((construct): construct is CfnProject => construct instanceof CfnProject)
    .map((project) => stack.getLogicalId(project));
  acceptWildcards(stack, {
    ...Object.fromEntries(
      [
        's3:List*',
        's3:GetObject*',
        's3:GetBucket*',
        's3:DeleteObject*',
        's3:Abort*',
        'kms:ReEncrypt*',
        'kms:GenerateDataKey*',
      ].map((action) => [`Action::${action}`, OWN_ARTIFACTS]),
    ),
    [`Resource::${bucketInFindings(artifacts)}/*`]: OWN_ARTIFACTS,
    ...Object.fromEntries(
      projects.flatMap((id) => [
        [`Resource::${logs}<${id}>:*`, OWN_LOGS],
        [`Resource::${reports}<${id}>-*`, OWN_LOGS],
      ]),
    ),
  });
  acceptWildcards(pipeline.node.findChild('UpdatePipeline'), {
    [`Resource::arn:*:iam::${account}:role/*`]:
      'roles of the CDK bootstrap only: a condition on their tag restricts it further',
    'Resource::*': 'cloudformation:DescribeStacks and s3:ListBucket of the CDK command that updates the pipeline',
  });
  acceptWildcards(pipeline.node.findChild('Assets'), {
    'Resource::*': 'CodeBuild publishes assets by assuming the file-publishing roles of the CDK bootstrap',
    [`Resource::${logs}*`]: OWN_LOGS,
    [`Resource::${reports}*`]: OWN_LOGS,
  });
}
