import { Aws } from 'aws-cdk-lib';

type Conditions = Record<string, Record<string, unknown>>;

/** Whose functions may use what is central: those of the organization's accounts, or of this account alone. */
export class Callers {
  constructor(readonly organizationId: string | undefined) {}

  /** Conditions that let through only the named roles of these accounts. */
  conditions(roleNames: readonly string[], more: Conditions = {}): Conditions {
    const account = this.organizationId === undefined ? Aws.ACCOUNT_ID : '*';
    return {
      ...more,
      StringEquals: { ...this.principals(), ...more.StringEquals },
      ArnLike: { 'aws:PrincipalArn': roleNames.map((name) => `arn:${Aws.PARTITION}:iam::${account}:role/${name}`) },
    };
  }

  /** Any principal of these accounts. */
  principals(): Record<string, string> {
    return this.organizationId === undefined ? { 'aws:PrincipalAccount': Aws.ACCOUNT_ID } : { 'aws:PrincipalOrgID': this.organizationId };
  }

  /** The other direction: resources in these accounts only. */
  resources(): Conditions {
    return { StringEquals: this.organizationId === undefined ? { 'aws:ResourceAccount': Aws.ACCOUNT_ID } : { 'aws:ResourceOrgID': this.organizationId } };
  }
}
