/** What can be wrong with a roster; each code stands in docs/errors.md with cause and cure. */
export const PROBLEM_CODES = [
  'ROSTER_NOT_FOUND',
  'ROSTER_UNREADABLE',
  'ROSTER_NOT_A_FILE',
  'ROSTER_TOO_LARGE',
  'ROSTER_ENCODING',
  'ROSTER_YAML_SYNTAX',
  'ROSTER_YAML_TOO_DEEP',
  'ROSTER_YAML_ALIAS',
  'ROSTER_YAML_EXPLICIT_KEY',
  'ROSTER_YAML_KEY_NOT_SCALAR',
  'ROSTER_YAML_DUPLICATE_KEY',
  'ROSTER_YAML_TAG',
  'ROSTER_YAML_DOCUMENTS',
  'ROSTER_EMPTY',
  'ROSTER_MISSING_FIELD',
  'ROSTER_UNKNOWN_FIELD',
  'ROSTER_WRONG_TYPE',
  'ROSTER_VALUE_NOT_ALLOWED',
  'ROSTER_VALUE_REPEATED',
  'ROSTER_VERSION',
  'ROSTER_ACCOUNT_ID',
  'ROSTER_ACCOUNT_ID_UNQUOTED',
  'ROSTER_ACCOUNT_DUPLICATE',
  'ROSTER_ACCOUNT_MANAGEMENT',
  'ROSTER_ACCOUNTS_ONE',
  'ROSTER_STACKSET_TARGET',
  'ROSTER_CANARY_IGNORED',
  'ROSTER_CANARY_FEW_USERS',
  'ROSTER_REGION',
  'ROSTER_REGION_UNSUPPORTED',
  'ROSTER_EMAIL',
  'ROSTER_DOMAIN',
  'ROSTER_DATE',
  'ROSTER_DURATION',
  'ROSTER_USER_NAME',
  'ROSTER_USER_DUPLICATE',
  'ROSTER_SECRET_NAME',
  'ROSTER_SECRET_NAME_NEEDED',
  'ROSTER_SECRET_NAME_DUPLICATE',
  'ROSTER_TEXT',
  'ROSTER_PRINCIPAL_ARN',
  'ROSTER_READER_ACCOUNT',
  'ROSTER_FORMAT',
  'ROSTER_ROTATE_EVERY_RANGE',
  'ROSTER_RETIREMENT_TOO_LONG',
  'ROSTER_QUIET_TOO_LONG',
  'ROSTER_FREEZE_ORDER',
  'ROSTER_EXEMPTION_OVER',
  'ROSTER_USER_RETIRED',
  'ROSTER_OWNER_UNREACHABLE',
  'ROSTER_NO_USER_GUARD',
] as const;

export type ProblemCode = (typeof PROBLEM_CODES)[number];

/** One thing that is wrong, or (warning) worth knowing, at one place. */
export interface Problem {
  readonly code: ProblemCode;
  readonly severity: 'error' | 'warning';
  /** What was found, and the rule; lowercase, no final period. */
  readonly message: string;
  readonly file: string;
  /** From 1; 1:1 where the whole file is meant. */
  readonly line: number;
  readonly column: number;
  readonly hint: string;
  /** The source line and how many characters of it are meant; absent where no line can be shown. */
  readonly frame?: { readonly text: string; readonly length: number };
}

/** By file as given, then position. */
export function inOrder(problems: readonly Problem[]): Problem[] {
  const files = [...new Set(problems.map(({ file }) => file))].sort();
  const rank = new Map(files.map((file, index) => [file, index]));
  return [...problems].sort(
    (a, b) =>
      rank.get(a.file)! - rank.get(b.file)! || a.line - b.line || a.column - b.column || (a.code < b.code ? -1 : 1),
  );
}

/** A value as it may be quoted in a message: short, on one line, without control characters. */
export function quote(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  const printable = text.replace(/[^\x20-\x7e\u00a0-\u02ff\u0370-\u1fff]/g, '�');
  return printable.length > 60 ? `${printable.slice(0, 57)}…` : printable;
}
