/** Holds a roster's data against its JSON Schema, and words what ajv finds. */
import Ajv2020, { type ErrorObject, type ValidateFunction } from 'ajv/dist/2020';
import { closest, distance } from 'fastest-levenshtein';
import accountSchema from '../../config/account.schema.json';
import rosterSchema from '../../config/roster.schema.json';
import type { Path, RosterDocument } from './document';
import { type Problem, type ProblemCode, quote } from './problem';
import { nearestRegion } from './regions';

interface Format {
  readonly code: ProblemCode;
  readonly what: string;
  readonly hint: string;
}

/** What a value must look like, by the name of its definition in the schema. */
const FORMATS: Readonly<Record<string, Format>> = {
  accountId: {
    code: 'ROSTER_ACCOUNT_ID',
    what: 'an account id, which has 12 digits',
    hint: 'copy the id from the organization, in quotes',
  },
  region: { code: 'ROSTER_REGION', what: 'a region', hint: 'such as us-east-1' },
  email: { code: 'ROSTER_EMAIL', what: 'an e-mail address', hint: 'one address, without name, spaces or line breaks' },
  domain: { code: 'ROSTER_DOMAIN', what: 'a domain', hint: 'such as example.com' },
  date: { code: 'ROSTER_DATE', what: 'a date', hint: 'write YYYY-MM-DD' },
  duration: { code: 'ROSTER_DURATION', what: 'a duration', hint: 'hours or days, such as 48h or 90d' },
  userName: {
    code: 'ROSTER_USER_NAME',
    what: 'a name that IAM accepts',
    hint: '1 to 64 letters, digits and + = , . @ _ -',
  },
  secretName: {
    code: 'ROSTER_SECRET_NAME',
    what: 'a name that Secrets Manager accepts',
    hint: 'letters, digits and / _ + = . @ -',
  },
  plainText: {
    code: 'ROSTER_TEXT',
    what: 'plain text on one line, of 1 to 200 characters',
    hint: `begin with a letter or digit; letters, digits, spaces and _ & ' " ( ) + , ; ! ? % = # - . : / are allowed, and nothing that a mail program makes a link of`,
  },
  contact: {
    code: 'ROSTER_TEXT',
    what: 'plain text on one line, of 1 to 200 characters',
    hint: `begin with # or +, a letter or a digit; letters, digits, spaces and _ & ' " ( ) + , ; ! ? % = # - . : / are allowed, and nothing that a mail program makes a link of`,
  },
  principalArn: {
    code: 'ROSTER_PRINCIPAL_ARN',
    what: 'the ARN of one IAM user or role',
    hint: 'such as arn:aws:iam::333333333333:role/deployer; wildcards are refused',
  },
  organizationId: { code: 'ROSTER_FORMAT', what: 'an organization id', hint: 'such as o-a1b2c3d4e5' },
  organizationRoot: { code: 'ROSTER_FORMAT', what: "the id of an organization's root", hint: 'such as r-ab12' },
  organizationalUnit: {
    code: 'ROSTER_FORMAT',
    what: 'the id of an organizational unit or root',
    hint: 'such as ou-ab12-11111111 or r-ab12',
  },
  tagText: { code: 'ROSTER_FORMAT', what: 'a tag key or value', hint: 'letters, digits and _ . : / = + - @' },
  iamPath: { code: 'ROSTER_FORMAT', what: 'an IAM path', hint: 'begins and ends with a slash, such as /managed/' },
  keyAlias: {
    code: 'ROSTER_FORMAT',
    what: 'the alias of a customer managed key',
    hint: 'such as alias/access-keys-secrets',
  },
  connectionArn: {
    code: 'ROSTER_FORMAT',
    what: 'the ARN of a CodeConnections connection',
    hint: 'copy it from the connection in the security account',
  },
  repository: { code: 'ROSTER_FORMAT', what: 'a repository', hint: 'owner/name' },
  branch: { code: 'ROSTER_FORMAT', what: 'a branch', hint: 'such as main' },
};
const ANY_FORMAT: Format = {
  code: 'ROSTER_FORMAT',
  what: 'in the expected format',
  hint: 'the schema on the first line of the file says what is expected',
};

type Validators = Readonly<Record<'roster' | 'accounts', ValidateFunction>>;
let compiled: Validators | undefined;

function validators(): Validators {
  if (compiled) return compiled;
  const ajv = new Ajv2020({ allErrors: true, verbose: true, strictTypes: false, strictRequired: false });
  ajv.addSchema(rosterSchema);
  compiled = { roster: ajv.getSchema('roster.schema.json')!, accounts: ajv.compile(accountSchema) };
  return compiled;
}

export function checkSchema(document: RosterDocument, part: 'roster' | 'accounts'): Problem[] {
  const validate = validators()[part];
  if (validate(document.data)) return [];
  const errors = (validate.errors ?? []).filter(({ keyword }) => keyword !== 'if');
  const problems = errors.slice(0, MOST_PROBLEMS).map((error) => toProblem(document, error));
  if (errors.length > MOST_PROBLEMS) problems.push(tooMany(document, errors.length));
  return problems;
}

/** Beyond these a file is no roster that somebody mistyped; each takes time and memory to word. */
const MOST_PROBLEMS = 100_000;

const tooMany = (document: RosterDocument, count: number): Problem => ({
  code: 'ROSTER_TOO_LARGE',
  severity: 'error',
  message: `the file has ${count} problems; only the first ${MOST_PROBLEMS} are listed`,
  hint: 'check whether this is the file that was meant',
  ...document.locate([]),
});

function toProblem(document: RosterDocument, error: ErrorObject): Problem {
  const path = pathOf(error.instancePath);
  const make: Make = (code, message, hint, at = path, what = 'value') => ({
    code,
    severity: 'error',
    message,
    hint,
    ...document.locate(at, what),
  });
  switch (error.keyword) {
    case 'required':
      return make(
        'ROSTER_MISSING_FIELD',
        `${fieldOf(path)} has no ${error.params.missingProperty}`,
        `add ${error.params.missingProperty}`,
        path,
        'key',
      );
    case 'additionalProperties':
    case 'unevaluatedProperties': {
      const name = String(error.params.additionalProperty ?? error.params.unevaluatedProperty);
      return make(
        'ROSTER_UNKNOWN_FIELD',
        `${fieldOf(path)} has no field ${quote(name)}`,
        suggestion(name, allowedIn(error)),
        [...path, name],
        'key',
      );
    }
    case 'type':
      return wrongType(document, error, path);
    case 'pattern':
    case 'maxLength':
      return badFormat(document, error, path);
    default:
      return wrongValue(make, error, path);
  }
}

type Make = (code: ProblemCode, message: string, hint: string, at?: Path, what?: 'key' | 'value') => Problem;

function wrongValue(make: Make, error: ErrorObject, path: Path): Problem {
  switch (error.keyword) {
    case 'const':
      if (path.at(-1) === 'version')
        return make(
          'ROSTER_VERSION',
          `version is ${described(error.data)}, and this program knows the number 1`,
          'write version: 1',
        );
      return make(
        'ROSTER_VALUE_NOT_ALLOWED',
        `${fieldOf(path)} is ${quote(error.data)}, and must be ${quote(error.params.allowedValue)} or a map`,
        'write { tag: { key, value } }, { path: /managed/ } or none',
      );
    case 'enum':
      return make(
        'ROSTER_VALUE_NOT_ALLOWED',
        `${fieldOf(path)} is ${quote(error.data)}, and must be one of ${error.params.allowedValues.join(', ')}`,
        suggestion(String(error.data), error.params.allowedValues),
      );
    case 'uniqueItems':
      return make(
        'ROSTER_VALUE_REPEATED',
        `${quote((error.data as unknown[])[error.params.i])} appears twice in ${fieldOf(path)}`,
        'keep one',
        [...path, Math.max(error.params.i, error.params.j)],
      );
    default:
      return make(
        'ROSTER_VALUE_NOT_ALLOWED',
        `${fieldOf(path)} ${error.message ?? 'is not allowed'}, and is ${quote(Array.isArray(error.data) ? `a list of ${error.data.length}` : error.data)}`,
        'change it to a value within the limits',
      );
  }
}

function badFormat(document: RosterDocument, error: ErrorObject, path: Path): Problem {
  const { code, what, hint: usual } = FORMATS[definitionOf(error)] ?? ANY_FORMAT;
  const hint = code === 'ROSTER_REGION' ? `did you mean ${nearestRegion(String(error.data))}?` : usual;
  return {
    code,
    severity: 'error',
    message: `${fieldOf(path)} is ${quote(error.data)}, and must be ${what}`,
    hint,
    ...document.locate(path),
  };
}

function wrongType(document: RosterDocument, error: ErrorObject, path: Path): Problem {
  const place = document.locate(path);
  if (definitionOf(error) === 'accountId' && typeof error.data === 'number' && place.frame) {
    const written = place.frame.text.slice(place.column - 1, place.column - 1 + place.frame.length);
    return {
      code: 'ROSTER_ACCOUNT_ID_UNQUOTED',
      severity: 'error',
      message: `account id ${quote(written)} was read as the number ${error.data}`,
      hint: `quote it so that no digit is lost: "${written}"`,
      ...place,
    };
  }
  return {
    code: 'ROSTER_WRONG_TYPE',
    severity: 'error',
    message: `${fieldOf(path)} is ${described(error.data)}, and must be ${named(String(error.params.type))}`,
    hint: typeof error.data === 'number' ? 'quote it' : 'see the sample in config/roster.yaml',
    ...place,
  };
}

function described(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object'
    ? 'a map'
    : `the ${typeof value === 'string' ? 'text' : typeof value} ${quote(value)}`;
}

function named(type: string): string {
  return (
    { array: 'a list', object: 'a map', string: 'text', integer: 'a whole number', boolean: 'true or false' }[type] ??
    type
  );
}

function suggestion(name: string, allowed: readonly string[]): string {
  const near =
    allowed.length > 0
      ? closest(
          name.toLowerCase(),
          allowed.map((word) => word.toLowerCase()),
        )
      : '';
  const match = allowed.find((word) => word.toLowerCase() === near);
  if (match !== undefined && distance(name.toLowerCase(), near) <= Math.max(2, name.length / 3))
    return `did you mean ${match}?`;
  return `allowed here: ${allowed.join(', ')}`;
}

function allowedIn(error: ErrorObject): string[] {
  const schema = error.parentSchema as { properties?: object; $ref?: string };
  const settings = schema.$ref?.endsWith('/settings') ? Object.keys(rosterSchema.$defs.settings.properties) : [];
  return [...Object.keys(schema.properties ?? {}), ...settings];
}

function definitionOf(error: ErrorObject): string {
  return /\$defs\/(\w+)\/[^/]*$/.exec(error.schemaPath)?.[1] ?? '';
}

function pathOf(pointer: string): Path {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function fieldOf(path: Path): string {
  const last = path.at(-1);
  if (last === undefined) return 'the roster';
  if (/^\d+$/.test(String(last)) && path.length > 1)
    return { accounts: 'the account', users: 'the user' }[String(path.at(-2))] ?? `an item of ${path.at(-2)}`;
  return String(last);
}
