/** What AWS does with a resource policy before it evaluates one: whether it is public, and whom it names. */

interface PolicyStatement {
  readonly Effect?: string;
  readonly Principal?: unknown;
  readonly NotPrincipal?: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

interface PolicyDocument {
  readonly Statement?: PolicyStatement | readonly PolicyStatement[];
}

/**
 * Condition keys whose fixed values make a policy with a wildcard principal non-public, in lower case. A service takes
 * what its user guide lists and nothing else: `aws:PrincipalArn` and `aws:PrincipalAccount` are on neither list.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
 */
export const NON_PUBLIC_KEYS = {
  s3: [
    'aws:principalorgid',
    'aws:sourceip',
    'aws:sourcearn',
    'aws:sourcevpc',
    'aws:sourcevpce',
    'aws:sourceowner',
    'aws:sourceaccount',
    'aws:userid',
    's3:x-amz-server-side-encryption-aws-kms-key-id',
    's3:dataaccesspointarn',
    's3:dataaccesspointaccount',
  ],
  secretsmanager: ['aws:sourcearn', 'aws:sourcevpc', 'aws:sourcevpce', 'aws:sourceaccount', 'aws:userid'],
} as const;

/** Whether one statement of the policy grants to more than fixed principals and fixed values of the service's keys. */
export function isPublic(policy: string, service: keyof typeof NON_PUBLIC_KEYS): boolean {
  const keys: readonly string[] = NON_PUBLIC_KEYS[service];
  return statementsOf(policy).some(
    (statement) => statement.Effect === 'Allow' && isForAnybody(statement) && !isNarrowed(statement, keys),
  );
}

const isForAnybody = ({ Principal, NotPrincipal }: PolicyStatement): boolean =>
  NotPrincipal !== undefined || Principal === '*' || awsPrincipals(Principal).includes('*');

/** Operators that let a missing key through, or compare by a pattern, narrow nothing. */
function isNarrowed({ Condition = {} }: PolicyStatement, keys: readonly string[]): boolean {
  return Object.entries(Condition).some(
    ([operator, compared]) =>
      /^(ForAnyValue:)?(StringEquals|StringLike|ArnEquals|ArnLike|IpAddress)$/.test(operator) &&
      Object.entries(compared).some(
        ([key, values]) =>
          keys.includes(key.toLowerCase()) && listOf(values).every((value) => !/[*?]|\$\{/.test(String(value))),
      ),
  );
}

/** Every AWS principal that the policy's statements name, as they are written. */
export const principalsOf = (policy: string): string[] => [
  ...new Set(
    statementsOf(policy).flatMap(({ Principal, NotPrincipal }) => [
      ...awsPrincipals(Principal),
      ...awsPrincipals(NotPrincipal),
    ]),
  ),
];

/** The policy with its AWS principals replaced, in the order of the replacements; a single one is no list. */
export function withPrincipals(policy: string, replace: (principals: readonly string[]) => readonly string[]): string {
  const replaced = (principal: unknown): unknown => {
    const named = awsPrincipals(principal);
    if (named.length === 0) return principal;
    const next = replace(named);
    return { ...(principal as object), AWS: next.length === 1 ? next[0] : next };
  };
  const document = JSON.parse(policy) as PolicyDocument;
  const statements = statementsOf(policy).map((statement) => ({
    ...statement,
    ...(statement.Principal !== undefined && { Principal: replaced(statement.Principal) }),
    ...(statement.NotPrincipal !== undefined && { NotPrincipal: replaced(statement.NotPrincipal) }),
  }));
  return JSON.stringify({ ...document, Statement: statements });
}

function statementsOf(policy: string): readonly PolicyStatement[] {
  const { Statement = [] } = JSON.parse(policy) as PolicyDocument;
  return [Statement].flat() as readonly PolicyStatement[];
}

const awsPrincipals = (principal: unknown): string[] =>
  typeof principal === 'object' && principal !== null
    ? listOf((principal as { AWS?: unknown }).AWS).map((value) => String(value))
    : [];

const listOf = (value: unknown): unknown[] => (value === undefined ? [] : [value].flat());
