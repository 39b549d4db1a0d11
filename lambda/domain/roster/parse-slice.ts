/**
 * The slice as it lies in the org bucket. It is believed as a whole or not at all: a user whose name or settings are
 * missing must not look like one who was released, or whose key may be deactivated. Members that nobody here knows are
 * accepted, so that a function meets a newer slice of the same schema version without harm.
 */
import { SECRET_NAME_PREFIX } from '../../contract/names';
import { RotationError } from '../errors';
import type { RosterSlice, SliceLimits, SliceUser, UserGuard } from '../../contract/slice';

/** Says the first thing that is wrong, and where. */
type Check = (value: unknown, path: string) => string | undefined;
/** A check for every member of T: one that the slice gains is not forgotten here. */
type Members<T> = Readonly<Record<keyof T, Check>>;

const must =
  (rule: string, holds: (value: unknown) => boolean): Check =>
  (value, path) =>
    holds(value) ? undefined : `${path} is ${shown(value)}, and must be ${rule}`;
const text = (rule: string, form: RegExp): Check =>
  must(rule, (value) => typeof value === 'string' && form.test(value));
const whole = (least: number, most: number): Check =>
  must(
    `a whole number from ${least} to ${most}`,
    (value) => Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most,
  );
const oneOf = (...words: readonly string[]): Check =>
  must(words.join(' or '), (value) => words.includes(value as string));
const optional =
  (check: Check): Check =>
  (value, path) =>
    value === undefined ? undefined : check(value, path);
const first = <T>(items: readonly T[], find: (item: T, index: number) => string | undefined): string | undefined =>
  items.reduce<string | undefined>((found, item, index) => found ?? find(item, index), undefined);
const listOf =
  (check: Check): Check =>
  (value, path) =>
    Array.isArray(value)
      ? first<unknown>(value, (item, index) => check(item, `${path}[${index}]`))
      : `${path} is ${shown(value)}, and must be a list`;
const objectOf =
  <T>(members: Members<T>): Check =>
  (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return `${path || 'it'} is ${shown(value)}, and must be an object`;
    return first(Object.entries<Check>(members), ([name, check]) =>
      check((value as Record<string, unknown>)[name], path ? `${path}.${name}` : name),
    );
  };

const ANY_TEXT = text('text', /^/);
const FLAG = must('true or false', (value) => typeof value === 'boolean');
const DATE = must(
  'a calendar date',
  (value) => typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(Date.parse(value)),
);
/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html; a wildcard would widen a session's policy. */
const USER_NAME = text('the name of an IAM user', /^[\w+=,.@-]{1,64}$/);
/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html */
const SECRET_NAME = text(
  `the name of a secret below ${SECRET_NAME_PREFIX}`,
  new RegExp(`^${SECRET_NAME_PREFIX}[\\w/+=.@-]{1,500}$`),
);
const MOST_HOURS = 999 * 24;
const MOST_QUIET_HOURS = 99_999 * 24;

const GUARD: Members<Extract<UserGuard, { kind: 'tag' }> & Extract<UserGuard, { kind: 'path' }>> = {
  kind: oneOf('tag', 'path', 'none'),
  key: optional(ANY_TEXT),
  value: optional(ANY_TEXT),
  path: optional(ANY_TEXT),
};
const LIMITS: Members<SliceLimits> = {
  maxFirstRotationsPerRun: whole(0, 1_000),
  freeze: listOf(objectOf({ from: DATE, to: DATE })),
};

/** Whether an address can be delivered to is the mailer's to judge: one that cannot be stops nobody's rotation. */
const userOf = (principal: Check): Members<SliceUser> => ({
  name: USER_NAME,
  secretName: SECRET_NAME,
  email: optional(ANY_TEXT),
  formerSecretNames: optional(listOf(SECRET_NAME)),
  adoptSecret: optional(must('true', (value) => value === true)),
  state: oneOf('active', 'retired'),
  rotateEveryHours: whole(4, MOST_HOURS),
  keepPreviousForHours: whole(0, MOST_HOURS),
  quietForHours: whole(0, MOST_QUIET_HOURS),
  deleteInactiveAfterHours: whole(0, MOST_HOURS),
  whenStillUsed: oneOf('hold', 'deactivate'),
  holdAtMostHours: optional(whole(0, MOST_QUIET_HOURS)),
  announceFirstRotationHours: optional(whole(0, MOST_QUIET_HOURS)),
  unmanagedKeys: oneOf('retire', 'hold', 'delete'),
  ownerReads: FLAG,
  readers: listOf(principal),
  exempt: optional(objectOf({ reason: ANY_TEXT, approvedBy: ANY_TEXT, until: DATE })),
});

const sliceOf = (principal: Check): Members<RosterSlice> => ({
  schemaVersion: must('1', (value) => value === 1),
  generation: whole(0, Number.MAX_SAFE_INTEGER),
  accountId: text('an account id', /^\d{12}$/),
  accountName: optional(ANY_TEXT),
  region: text('a region', /^[a-z]{2}(-[a-z]+)+-\d$/),
  state: oneOf('active', 'leaving'),
  contact: optional(ANY_TEXT),
  userGuard: objectOf(GUARD),
  limits: objectOf(LIMITS),
  breakGlassRoles: listOf(principal),
  users: listOf(objectOf(userOf(principal))),
});

const principalOf = (accountId: unknown): Check =>
  must(
    "the ARN of a user or role of the slice's account",
    (value) =>
      typeof value === 'string' &&
      /^arn:aws[a-z-]*:iam::\d{12}:(user|role)\/[\w+=,.@/-]{1,512}$/.test(value) &&
      value.split(':')[4] === accountId,
  );

/** @throws RotationError SLICE_INVALID, which says what was found and where */
export function parseSlice(written: string): RosterSlice {
  const slice = parsed(written);
  const { accountId } = (slice ?? {}) as { accountId?: unknown };
  const found = objectOf(sliceOf(principalOf(accountId)))(slice, '') ?? repeated((slice as RosterSlice).users);
  if (found) throw invalid(found);
  return slice as RosterSlice;
}

function parsed(written: string): unknown {
  try {
    return JSON.parse(written);
  } catch {
    throw invalid('it is not JSON');
  }
}

/** IAM's names are unique ignoring case; two users of one secret would take it from each other. */
function repeated(users: readonly SliceUser[]): string | undefined {
  const [names, secretNames] = [new Set<string>(), new Set<string>()];
  for (const { name, secretName } of users) {
    if (names.has(name.toLowerCase()) || secretNames.has(secretName))
      return `the user ${name} or its secret ${secretName} is listed more than once`;
    names.add(name.toLowerCase());
    secretNames.add(secretName);
  }
  return undefined;
}

function shown(value: unknown): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object';
  return JSON.stringify(value).slice(0, 40);
}

function invalid(found: string): RotationError {
  return new RotationError(
    'SLICE_INVALID',
    `the published roster of this account cannot be read: ${found}`,
    'publish the roster again; nothing is changed until then',
  );
}
