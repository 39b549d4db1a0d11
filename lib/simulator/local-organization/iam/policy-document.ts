/** Policies are checked when they are put, as AWS does; one that cannot be read would otherwise spoil every later request. */
import {
  validateIdentityPolicy,
  validateResourcePolicy,
  validateServiceControlPolicy,
  validateSessionPolicy,
  validateTrustPolicy,
} from '@cloud-copilot/iam-policy';

const VALIDATORS = {
  identity: validateIdentityPolicy,
  resource: validateResourcePolicy,
  'service control': validateServiceControlPolicy,
  session: validateSessionPolicy,
  trust: validateTrustPolicy,
};

export type PolicyKind = keyof typeof VALIDATORS;

interface Statement {
  readonly Resource?: string | readonly string[];
  readonly NotResource?: string | readonly string[];
  readonly Condition?: object;
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html */
const CONDITION_OPERATOR =
  /^((ForAllValues|ForAnyValue):)?(String(Not)?(Equals(IgnoreCase)?|Like)|(Numeric|Date)((Not)?Equals|(Less|Greater)Than(Equals)?)|Bool|BinaryEquals|(Not)?IpAddress|Arn(Not)?(Equals|Like))(IfExists)?$|^Null$/i;

const sound = new Set<string>();

/** What is wrong with a policy's text, in one sentence; undefined when nothing is. */
export function policyProblem(kind: PolicyKind, text: string): string | undefined {
  const key = `${kind} ${text}`;
  if (sound.has(key)) return undefined;
  const problem = problemOf(kind, text);
  if (problem === undefined) sound.add(key);
  return problem;
}

/** @throws Error when the policy is not valid: what is deployed by a template says so at its deployment */
export function requirePolicy(kind: PolicyKind, text: string, owner: string): void {
  const problem = policyProblem(kind, text);
  if (problem !== undefined) throw new Error(`the ${kind} policy of ${owner} is not valid: ${problem}`);
}

function problemOf(kind: PolicyKind, text: string): string | undefined {
  const policy = parsed(text);
  if (typeof policy !== 'object' || policy === null) return 'The policy is not in the valid JSON format.';
  const [first] = VALIDATORS[kind](policy);
  if (first) return `${first.message}${first.path ? ` (${first.path})` : ''}`;
  const statements = [(policy as { Statement: Statement | Statement[] }).Statement].flat();
  if (statements.length === 0) return 'The policy has no statement.';
  return statements.map((statement) => statementProblem(kind, statement)).find((problem) => problem !== undefined);
}

function statementProblem(kind: PolicyKind, { Resource, NotResource, Condition = {} }: Statement): string | undefined {
  const operator = Object.keys(Condition).find((name) => !CONDITION_OPERATOR.test(name));
  if (operator !== undefined) return `Invalid Condition type : ${operator}.`;
  const resources = kind === 'resource' ? [] : [Resource ?? NotResource ?? []].flat();
  const resource = resources.find((name) => name !== '*' && !name.startsWith('arn:'));
  return resource === undefined ? undefined : `Resource ${resource} must be in ARN format or "*".`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
