/** The resource policies of secrets: which Secrets Manager takes, and how it gives them back. */
import type { IamDirectory } from '../../iam/directory';
import { isPublic, principalsOf, withPrincipals } from '../../iam/resource-policy';
import { checkPolicySyntax, refuse } from './checks';
import type { Secret } from './model';

/** Who the principals of policies are; without it everybody exists. */
export type Principals = Pick<IamDirectory, 'principalId' | 'accountIds'>;

/** A policy as it was put, with whom its principals meant then. */
export interface StoredPolicy {
  readonly text: string;
  /** Unique ids by ARN; only of users and roles. */
  readonly ids: ReadonlyMap<string, string>;
}

export class SecretPolicies {
  /**
   * Whether a policy that is refused for its principals is stored all the same. AWS does not say what a refusal leaves
   * behind, so that whoever relies on either is shown the other.
   */
  storesRefused = false;

  constructor(private readonly directory: Principals | undefined) {}

  /**
   * @throws AwsError MalformedPolicyDocumentException for a principal that does not exist, without saying which, and
   * PublicPolicyException for what Secrets Manager calls broad access
   */
  put(secret: Secret, text: string, blockPublic: boolean): void {
    checkPolicySyntax(text);
    if (blockPublic && isPublic(text, 'secretsmanager'))
      throw refuse('PublicPolicyException', 'The resource policy grants broad access to the secret.');
    const exist = principalsOf(text).every((principal) => this.exists(principal));
    if (exist || this.storesRefused) secret.policy = this.stored(text);
    if (!exist)
      throw refuse('MalformedPolicyDocumentException', 'This resource policy contains an unsupported principal.');
  }

  /** Principals that were deleted since, whether or not others were created under their names, as their unique ids. */
  textOf({ policy }: Secret): string | undefined {
    if (!policy) return undefined;
    const gone = [...policy.ids].filter(([arn, id]) => this.directory?.principalId(arn) !== id);
    if (gone.length === 0) return policy.text;
    const ids = new Map(gone);
    return withPrincipals(policy.text, (principals) => principals.map((arn) => ids.get(arn) ?? arn));
  }

  /** Unique ids as principals are refused, as of a policy whose principal was deleted and that is put as it was read. */
  private exists(principal: string): boolean {
    if (!this.directory || principal === '*') return true;
    const [, accountId] = /^(?:arn:[^:]+:iam::)?(\d{12})(?::root)?$/.exec(principal) ?? [];
    if (accountId !== undefined) return this.directory.accountIds().includes(accountId);
    return principal.startsWith('arn:') && this.directory.principalId(principal) !== undefined;
  }

  /** Principals come back in another order than they were given: in that of their unique ids. */
  private stored(text: string): StoredPolicy {
    const idOf = (principal: string): string | undefined => this.directory?.principalId(principal);
    const ids = new Map(
      principalsOf(text).flatMap((principal) => {
        const id = idOf(principal);
        return id === undefined ? [] : [[principal, id] as const];
      }),
    );
    const order = (principal: string): string => ids.get(principal) ?? principal;
    const sorted = (principals: readonly string[]): string[] =>
      [...principals].sort((a, b) => (order(a) < order(b) ? -1 : 1));
    return { text: this.directory ? withPrincipals(text, sorted) : text, ids };
  }
}
