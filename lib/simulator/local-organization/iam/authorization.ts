import { runSimulation, type RequestAnalysis, type Simulation } from '@cloud-copilot/iam-simulate';
import type { Clock } from '../clock';
import { AwsError, type Access, type Call, type Principal } from '../service';
import type { IamDirectory } from './directory';

type Context = Record<string, string | string[]>;
type Request = Pick<Call, 'principal' | 'region'> & { readonly context?: Readonly<Record<string, string>> };

/** Why an access is refused, in AWS's words; undefined when it is allowed. */
type Refusal = string | undefined;

/** Decides every access from the policies alone, and remembers decisions until a policy changes. */
export class Authorization {
  private readonly decisions = new Map<string, Promise<Refusal>>();
  private readonly texts = new Map<string, PolicyText>();
  private revision = -1;

  constructor(
    private readonly directory: IamDirectory,
    private readonly clock: Clock,
  ) {}

  /**
   * @throws AwsError AccessDenied, naming the caller, the action, the resource and the kind of policy, as AWS does:
   *   https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
   */
  async demand(request: Request, accesses: readonly Access[]): Promise<void> {
    for (const access of accesses) {
      const refusal = await this.refusalOf(request, access);
      if (refusal === undefined) continue;
      throw new AwsError(
        'AccessDenied',
        `User: ${request.principal.arn} is not authorized to perform: ${access.action} on resource: ${shownResource(access)} ${refusal}`,
        403,
      );
    }
  }

  async allows(request: Request, access: Access): Promise<boolean> {
    return (await this.refusalOf(request, access)) === undefined;
  }

  private refusalOf(request: Request, access: Access): Promise<Refusal> {
    if (this.revision !== this.directory.policyRevision) {
      this.decisions.clear();
      this.texts.clear();
      this.revision = this.directory.policyRevision;
    }
    const { principal } = request;
    const text = this.policyText(principal, access);
    const context = Object.fromEntries(
      Object.entries(this.contextOf(request, access)).filter(([name]) => text.names(name)),
    );
    const caller = text.names(':assumed-role/') ? principal.arn : (principal.roleArn ?? principal.arn);
    const key = JSON.stringify([
      caller,
      principal.sessionPolicies,
      access.action,
      access.resource,
      access.resourceAccountId,
      access.resourcePolicy,
      context,
    ]);
    let decision = this.decisions.get(key);
    if (!decision) this.decisions.set(key, (decision = this.decide(principal, access, context)));
    return decision;
  }

  /** Of every policy that has a say. */
  private policyText(principal: Principal, { resourcePolicy = '' }: Access): PolicyText {
    const own = [...(principal.sessionPolicies ?? []), resourcePolicy];
    const key = [principal.roleArn ?? principal.arn, ...own].join('\n');
    let text = this.texts.get(key);
    if (!text) {
      const { identity, boundary = '' } = this.directory.policiesOf(principal);
      const above = Object.values(this.directory.serviceControlPoliciesOf(principal) ?? {});
      this.texts.set(key, (text = new PolicyText([...Object.values(identity), boundary, ...above, ...own].join('\n'))));
    }
    return text;
  }

  private async decide(principal: Principal, access: Access, contextVariables: Context): Promise<Refusal> {
    const { identity, boundary } = this.directory.policiesOf(principal);
    const above = this.directory.serviceControlPoliciesOf(principal);
    const simulation: Simulation = {
      request: {
        principal: principal.arn,
        action: access.action,
        resource: { resource: access.resource, accountId: access.resourceAccountId },
        contextVariables,
      },
      identityPolicies: named(identity),
      serviceControlPolicies: above ? [{ orgIdentifier: principal.accountId, policies: named(above) }] : [],
      resourceControlPolicies: [],
      resourcePolicy: access.resourcePolicy === undefined ? undefined : JSON.parse(access.resourcePolicy),
      permissionBoundaryPolicies:
        boundary === undefined ? undefined : [{ name: 'boundary', policy: JSON.parse(boundary) }],
      sessionPolicy:
        principal.sessionPolicies?.[0] === undefined ? undefined : JSON.parse(principal.sessionPolicies[0]),
    };
    const answer = await this.clock.during(runSimulation(simulation, {}));
    if (answer.resultType === 'error')
      throw new Error(
        `the policies of ${principal.arn} cannot be evaluated for ${access.action} on ${access.resource}: ${JSON.stringify(answer.errors)}`,
      );
    if (answer.overallResult === 'Allowed') return undefined;
    const { analysis } = (answer.resultType === 'wildcard' ? answer.results[0] : answer.result) ?? {};
    return analysis
      ? reasonOf(analysis, access.action)
      : `because no identity-based policy allows the ${access.action} action`;
  }

  /** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html */
  private contextOf({ principal, region, context: given }: Request, access: Access): Context {
    const organization = {
      'aws:ResourceAccount': access.resourceAccountId,
      ...present({ 'aws:ResourceOrgID': this.directory.organizationOf(access.resourceAccountId)?.id }),
    };
    const context = {
      'aws:RequestedRegion': region,
      'aws:SecureTransport': 'true',
      ...organization,
      ...evaluable(access.context),
      ...given,
    };
    if (principal.kind === 'service') {
      const source = present({
        'aws:SourceOrgID': this.directory.organizationOf(given?.['aws:SourceAccount'] ?? '')?.id,
      });
      return { ...context, ...source, 'aws:PrincipalIsAWSService': 'true', 'aws:PrincipalServiceName': principal.arn };
    }
    const place = this.directory.organizationOf(principal.accountId);
    return {
      ...context,
      'aws:PrincipalIsAWSService': 'false',
      'aws:PrincipalArn': principal.roleArn ?? principal.arn,
      'aws:PrincipalAccount': principal.accountId,
      'aws:PrincipalType': principal.kind === 'user' ? 'User' : 'AssumedRole',
      'aws:userid': principal.userId,
      ...(place && { 'aws:PrincipalOrgID': place.id, 'aws:PrincipalOrgPaths': [place.path] }),
      ...present({
        'aws:username': principal.userName,
        'aws:SourceIdentity': principal.sourceIdentity,
        'lambda:SourceFunctionArn': principal.sourceFunctionArn,
      }),
      ...Object.fromEntries(
        Object.entries(principal.sessionTags ?? {}).map(([key, value]) => [`aws:PrincipalTag/${key}`, value]),
      ),
    };
  }
}

const named = (policies: Readonly<Record<string, string>>): Simulation['identityPolicies'] =>
  Object.entries(policies).map(([name, policy]) => ({ name, policy: JSON.parse(policy) as unknown }));

type Analysis = Pick<
  RequestAnalysis,
  | 'sameAccount'
  | 'scpAnalysis'
  | 'resourceAnalysis'
  | 'identityAnalysis'
  | 'permissionBoundaryAnalysis'
  | 'sessionAnalysis'
>;

function reasonOf(analysis: Analysis, action: string): string {
  const { scpAnalysis, resourceAnalysis, identityAnalysis, permissionBoundaryAnalysis, sessionAnalysis } = analysis;
  const trust = action.startsWith('sts:');
  const kinds = [
    { name: 'service control policy', article: 'a', result: scpAnalysis?.result },
    {
      name: trust ? 'role trust policy' : 'resource-based policy',
      article: trust ? 'the' : 'a',
      result: resourceAnalysis?.result,
    },
    { name: 'identity-based policy', article: 'an', result: identityAnalysis?.result },
    { name: 'permissions boundary', article: 'a', result: permissionBoundaryAnalysis?.result },
    { name: 'session policy', article: 'a', result: sessionAnalysis?.result },
  ];
  const denying = kinds.find(({ result }) => result === 'ExplicitlyDenied' || result === 'DeniedForAccount');
  if (denying) return `with an explicit deny in ${denying.article} ${denying.name}`;
  const needed = kinds.filter(({ name }) => !/resource-based/.test(name) || !analysis.sameAccount);
  const silent = needed.find(({ result }) => result === 'ImplicitlyDenied');
  return `because no ${silent?.name ?? 'identity-based policy'} allows the ${action} action`;
}

/** IAM calls users and roles by their names. */
function shownResource({ action, resource }: Access): string {
  const [, type, name] = (action.startsWith('iam:') && /:(user|role)\/(?:.*\/)?([^/*]+)$/.exec(resource)) || [];
  return type === undefined ? resource : `${type} ${name}`;
}

/** What policies do not name, in whatever case, cannot change a decision. */
class PolicyText {
  private readonly text: string;
  private readonly asked = new Map<string, boolean>();

  constructor(text: string) {
    this.text = text.toLowerCase();
  }

  names(word: string): boolean {
    let found = this.asked.get(word);
    if (found === undefined) this.asked.set(word, (found = this.text.includes(word.toLowerCase())));
    return found;
  }
}

/** The evaluation knows no tag whose key has a colon; a policy that asks for one sees it missing. */
const evaluable = (context: Access['context'] = {}): Context =>
  Object.fromEntries(Object.entries(context as Context).filter(([key]) => !/Tag\/.*:/.test(key)));

const present = (values: Record<string, string | undefined>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).filter((entry): entry is [string, string] => Boolean(entry[1])));
