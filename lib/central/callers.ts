import { Aws } from 'aws-cdk-lib';

type Conditions = Record<string, Record<string, unknown>>;

/** Which accounts' functions may use what is central: those of the organization, or of this account alone. */
export class Callers {
  constructor(private readonly organizationId: string | undefined) {}

  /** Conditions that let through only the named roles of these accounts. */
  conditions(roleNames: readonly string[], more: Conditions = {}): Conditions {
    const within = this.organizationId === undefined ? { 'aws:PrincipalAccount': Aws.ACCOUNT_ID } : { 'aws:PrincipalOrgID': this.organizationId };
    const account = this.organizationId === undefined ? Aws.ACCOUNT_ID : '*';
    return {
      ...more,
      StringEquals: { ...within, ...more.StringEquals },
      ArnLike: { 'aws:PrincipalArn': roleNames.map((name) => `arn:${Aws.PARTITION}:iam::${account}:role/${name}`) },
    };
  }
}
