import { Aws } from 'aws-cdk-lib';
import { ALARM_NAME_PREFIX } from '../../names';

type Conditions = Record<string, Record<string, unknown>>;

/** Whose functions may use what is central: those of the organization's accounts, or of this account alone. */
export class Callers {
  constructor(readonly organizationId: string | undefined) {}

  /** Conditions that let through only the named roles of these accounts. */
  conditions(roleNames: readonly string[], more: Conditions = {}): Conditions {
    return {
      ...more,
      StringEquals: { ...this.principals(), ...more.StringEquals },
      ArnLike: {
        'aws:PrincipalArn': roleNames.map((name) => `arn:${Aws.PARTITION}:iam::${this.account}:role/${name}`),
      },
    };
  }

  /**
   * CloudWatch, on behalf of this product's alarms in these accounts. A service is no principal of an organization: it
   * says for whose alarm it speaks. https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html has an
   * alarm publish to a topic of another account; `aws:SourceOrgID` as in
   * https://github.com/aws-samples/amazon-cloudwatch-auto-alarms/blob/main/CloudWatchAutoAlarms-SNS.yaml. The key of an
   * encrypted topic sees the same: https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html.
   */
  alarms(region: string): Conditions {
    return {
      StringEquals:
        this.organizationId === undefined
          ? { 'aws:SourceAccount': Aws.ACCOUNT_ID }
          : { 'aws:SourceOrgID': this.organizationId },
      ArnLike: {
        'aws:SourceArn': `arn:${Aws.PARTITION}:cloudwatch:${region}:${this.account}:alarm:${ALARM_NAME_PREFIX}*`,
      },
    };
  }

  /** Any principal of these accounts. */
  principals(): Record<string, string> {
    return this.organizationId === undefined
      ? { 'aws:PrincipalAccount': Aws.ACCOUNT_ID }
      : { 'aws:PrincipalOrgID': this.organizationId };
  }

  /** The other direction: resources in these accounts only. */
  resources(): Conditions {
    return {
      StringEquals:
        this.organizationId === undefined
          ? { 'aws:ResourceAccount': Aws.ACCOUNT_ID }
          : { 'aws:ResourceOrgID': this.organizationId },
    };
  }

  private get account(): string {
    return this.organizationId === undefined ? Aws.ACCOUNT_ID : '*';
  }
}
