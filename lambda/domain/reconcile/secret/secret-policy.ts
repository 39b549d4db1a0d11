/** The resource policy of a user's secret: what the roster asks for, and what is to be learned from a stored one. */
import { ROLES } from '../../../contract/names';
import type { RosterSlice } from '../../../contract/slice';
import { digest } from '../../digest';
import { PREFIX } from '../../ledger/tags';

interface Statement {
  readonly Sid?: string;
  readonly Principal?: unknown;
  readonly Condition?: { readonly ArnNotLike?: { readonly 'aws:PrincipalArn'?: unknown } };
}

const SIDS = {
  readers: 'OwnerAndReadersRead',
  others: 'NobodyElseReads',
  ledger: 'LedgerIsOurs',
  replicas: 'NoReplicas',
};

/**
 * The owner and the readers read every version and stage, as AWS's own clients do, which ask for the version that
 * DescribeSecret names (https://github.com/aws/aws-secretsmanager-caching-python). They are named as principals: under
 * BlockPublicPolicy a wildcard principal is broad access, whatever `aws:PrincipalArn` says.
 *
 * Everybody but them, the functions and the break-glass roles is denied the value, and everybody but the latter two the
 * ledger's tags and replicas, which would outlive the secret. People may do everything else: rotate, restore, delete,
 * put a value or mend this policy. In an account that leaves the tags are theirs to remove.
 * @param readers ARNs of principals that exist: a policy that names another is refused
 */
export function secretPolicy(slice: RosterSlice, readers: readonly string[], partition: string): string {
  const functions = [ROLES.rotate, ROLES.reconcile, ROLES.operate].map(
    (role) => `arn:${partition}:iam::${slice.accountId}:role/${role}`,
  );
  const unrestricted = [...functions, ...slice.breakGlassRoles];
  const statements = [
    ...(readers.length > 0 ? [allowing(readers)] : []),
    denying(SIDS.others, ['GetSecretValue'], [...unrestricted, ...readers]),
    denying(SIDS.replicas, ['ReplicateSecretToRegions'], unrestricted),
    ...(slice.state === 'leaving'
      ? []
      : [denying(SIDS.ledger, ['TagResource', 'UntagResource'], unrestricted, ANY_TAG_OF_THE_LEDGER)]),
  ];
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
}

const ANY_TAG_OF_THE_LEDGER = { 'ForAnyValue:StringLike': { 'aws:TagKeys': `${PREFIX}*` } };

const named = (actions: readonly string[]): string[] => actions.map((action) => `secretsmanager:${action}`);

const allowing = (readers: readonly string[]): object => ({
  Sid: SIDS.readers,
  Effect: 'Allow',
  Principal: { AWS: readers },
  Action: named(['DescribeSecret', 'GetSecretValue']),
  Resource: '*',
});

const denying = (Sid: string, actions: readonly string[], but: readonly string[], condition: object = {}): object => ({
  Sid,
  Effect: 'Deny',
  Principal: '*',
  Action: named(actions),
  Resource: '*',
  Condition: { ...condition, ArnNotLike: { 'aws:PrincipalArn': but } },
});

/** Whom a stored policy lets read. */
export interface PolicyReaders {
  readonly existing: readonly string[];
  /**
   * Those that were deleted since they were let in, whether or not others were created under their names: the Allow has
   * their unique ids in their place, and the conditions still have their names.
   * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
   */
  readonly deleted: readonly string[];
}

export function readersOf(policy: string | undefined): PolicyReaders {
  const statements = statementsOf(policy);
  const principals = awsPrincipals(statementOf(statements, SIDS.readers));
  const existing = principals.filter((principal) => principal.startsWith('arn:'));
  const unrestricted = exemptOf(statements, SIDS.replicas);
  const letIn = exemptOf(statements, SIDS.others).filter((arn) => !unrestricted.includes(arn));
  const isComplete = existing.length === principals.length;
  return { existing, deleted: isComplete ? [] : letIn.filter((arn) => !existing.includes(arn)) };
}

/**
 * The policy of a user who is released, from what is stored: everything as it is, but that people may change tags.
 * @returns undefined when there is nothing to take away; else the policy for these of its readers
 */
export function releasedPolicy(policy: string): ((readers: readonly string[]) => string) | undefined {
  const statements = statementsOf(policy);
  if (!statementOf(statements, SIDS.ledger)) return undefined;
  const { deleted, existing } = readersOf(policy);
  return (readers) => {
    const out = [...deleted, ...existing].filter((arn) => !readers.includes(arn));
    const kept = statements.flatMap((statement) => {
      if (statement.Sid === SIDS.ledger) return [];
      if (statement.Sid === SIDS.readers)
        return readers.length > 0 ? [{ ...statement, Principal: { AWS: readers } }] : [];
      if (statement.Sid !== SIDS.others) return [statement];
      const exempt = exemptOf(statements, SIDS.others).filter((arn) => !out.includes(arn));
      return [{ ...statement, Condition: { ArnNotLike: { 'aws:PrincipalArn': exempt } } }];
    });
    return JSON.stringify({ ...(JSON.parse(policy) as object), Statement: kept });
  };
}

/** Whether two policies say the same: principals and other lists are sets, and AWS gives them back in any order. */
export const samePolicy = (one: string | undefined, other: string): boolean =>
  one !== undefined && canonical(one) === canonical(other);

/** The same for a policy as it was put and as it is read, also after a principal was deleted; `-` for none. */
export const policyFingerprint = (policy: string | undefined): string =>
  policy === undefined ? '-' : digest(canonical(withNames(policy)));

/** As it was written before principals were compared as sets. */
export const formerFingerprint = (policy: string): string => digest(JSON.stringify(JSON.parse(policy)));

function withNames(policy: string): string {
  const { existing, deleted } = readersOf(policy);
  if (deleted.length === 0) return policy;
  const statements = statementsOf(policy).map((statement) =>
    statement.Sid === SIDS.readers ? { ...statement, Principal: { AWS: [...existing, ...deleted] } } : statement,
  );
  return JSON.stringify({ ...(JSON.parse(policy) as object), Statement: statements });
}

/** The same few policies are compared several times at every run, and sorting them costs more than all the rest of it. */
const canonicals = new Map<string, string>();
const CANONICALS_KEPT = 100;

function canonical(policy: string): string {
  const known = canonicals.get(policy);
  if (known !== undefined) return known;
  const text = JSON.stringify(sorted(JSON.parse(policy)));
  if (canonicals.size === CANONICALS_KEPT) canonicals.clear();
  canonicals.set(policy, text);
  return text;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(sorted);
    if (!items.every((item) => typeof item === 'string')) return items;
    return items.length <= 1 ? items[0] : [...new Set(items)].sort();
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]));
}

/** Whatever somebody put: what is not as expected names nobody. */
function statementsOf(policy: string | undefined): readonly Statement[] {
  const { Statement: statements } = (policy === undefined ? {} : JSON.parse(policy)) as { Statement?: unknown };
  return [statements ?? []].flat().filter((item): item is Statement => typeof item === 'object' && item !== null);
}

const statementOf = (statements: readonly Statement[], sid: string): Statement | undefined =>
  statements.find(({ Sid }) => Sid === sid);

const awsPrincipals = (statement: Statement | undefined): string[] =>
  textsOf((statement?.Principal as { AWS?: unknown } | undefined)?.AWS);

const exemptOf = (statements: readonly Statement[], sid: string): string[] =>
  textsOf(statementOf(statements, sid)?.Condition?.ArnNotLike?.['aws:PrincipalArn']);

const textsOf = (value: unknown): string[] => [value ?? []].flat().filter((item) => typeof item === 'string');
