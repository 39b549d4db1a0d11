import { Stack, Token, Validations } from 'aws-cdk-lib';
import type { CfnBucket, IBucket } from 'aws-cdk-lib/aws-s3';
import type { IConstruct } from 'constructs';

/**
 * Accepts wildcards that cdk-nag finds in policies below a construct, each with its reason.
 * @param reasons by finding, as cdk-nag prints it: `Resource::…` or `Action::…`, references in angle brackets
 */
export function acceptWildcards(scope: IConstruct, reasons: Readonly<Record<string, string>>): void {
  for (const [finding, reason] of Object.entries(reasons))
    Validations.of(scope).acknowledge({ id: `AwsSolutions-IAM5[${finding}]`, reason });
}

/** @param rule such as `AwsSolutions-S1` */
export function acceptFinding(scope: IConstruct, rule: string, reason: string): void {
  Validations.of(scope).acknowledge({ id: rule, reason });
}

/** Partition and region of a stack as findings print them: literal where the stack knows them. */
export const placeInFindings = ({
  partition,
  region,
}: Stack): { readonly partition: string; readonly region: string } => ({
  partition: Token.isUnresolved(partition) ? '<AWS::Partition>' : partition,
  region: Token.isUnresolved(region) ? '<AWS::Region>' : region,
});

/** A bucket's ARN as findings print it. */
export const bucketInFindings = (bucket: IBucket): string =>
  `<${Stack.of(bucket).getLogicalId(bucket.node.defaultChild as CfnBucket)}.Arn>`;
