/**
 * What a schema cannot say. Works on data that may still have other problems, so that all are told at once:
 * what is not of the expected shape is left to the schema.
 */
import type { Path, Place, RosterDocument } from './document';
import { type Problem, type ProblemCode, quote } from './problem';
import { nearestRegion, partitionOf, SUPPORTED_PARTITION } from './regions';
import { hoursOf, resolve, type Settings } from './settings';

type Plain = Readonly<Record<string, unknown>>;

export const mapOf = (value: unknown): Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Plain) : {};
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

interface Judgement {
  readonly at: Date;
  readonly roster: RosterDocument | undefined;
  readonly documents: readonly RosterDocument[];
  readonly problems: Problem[];
}

/** Something in the roster: where it stands and what it holds. */
interface Node {
  readonly document: RosterDocument;
  readonly path: Path;
  readonly data: Plain;
}

/** @param roster the roster itself; undefined where it could not be read, so that nothing is said of what it may hold */
export function checkRules(roster: RosterDocument | undefined, parts: readonly RosterDocument[], at: Date): Problem[] {
  const judgement: Judgement = { at, roster, documents: roster ? [roster, ...parts] : parts, problems: [] };
  const accounts = judgement.documents.flatMap(accountsOf);
  if (roster) {
    checkShape(judgement, roster, accounts);
    checkRegion(judgement, roster);
    checkLimits(judgement, roster);
    checkGuard(judgement, roster);
    checkDurations(judgement, { document: roster, path: ['defaults'], data: mapOf(mapOf(roster.data).defaults) }, []);
  }
  checkDuplicates(
    judgement,
    'ROSTER_ACCOUNT_DUPLICATE',
    accounts.map((account) => named(account, 'id', account.data.id)),
    (value) => `account ${value}`,
  );
  for (const account of accounts) checkAccount(judgement, account);
  return judgement.problems;
}

function accountsOf(document: RosterDocument): Node[] {
  return listOf(mapOf(document.data).accounts).map((data, index) => ({
    document,
    path: ['accounts', index],
    data: mapOf(data),
  }));
}

function checkShape(judgement: Judgement, roster: RosterDocument, accounts: readonly Node[]): void {
  const data = mapOf(roster.data);
  const node: Node = { document: roster, path: [], data };
  if (accounts.length === 0 && !Array.isArray(data.accounts))
    report(
      judgement,
      node,
      [],
      'ROSTER_MISSING_FIELD',
      'the roster has no accounts',
      'add accounts, here or in accounts/*.yaml beside it',
    );
  if (data.organization === undefined) checkOneAccount(judgement, node, accounts);
  else checkOrganization(judgement, node, accounts);
}

function checkOneAccount(judgement: Judgement, roster: Node, accounts: readonly Node[]): void {
  if (roster.data.region === undefined)
    report(
      judgement,
      roster,
      [],
      'ROSTER_MISSING_FIELD',
      'the roster has neither an organization nor a region',
      'add region: for one account, or organization: for many',
    );
  if (accounts.length === 0 && Array.isArray(roster.data.accounts))
    report(
      judgement,
      roster,
      ['accounts'],
      'ROSTER_ACCOUNTS_ONE',
      'there is no account and no organization',
      'add the one account, or an organization block',
    );
  if (accounts.length > 1)
    report(
      judgement,
      accounts[1]!,
      ['id'],
      'ROSTER_ACCOUNTS_ONE',
      `there are ${accounts.length} accounts and no organization`,
      'add an organization block, or keep one account',
    );
}

function checkOrganization(judgement: Judgement, node: Node, accounts: readonly Node[]): void {
  const { data } = node;
  for (const field of ['region', 'userGuard']) {
    if (data[field] !== undefined)
      report(
        judgement,
        node,
        [field],
        'ROSTER_UNKNOWN_FIELD',
        `${field} is not allowed beside organization`,
        'move it into organization',
        'key',
      );
  }
  if (data.source === undefined)
    report(
      judgement,
      node,
      ['organization'],
      'ROSTER_MISSING_FIELD',
      'an organization is deployed from a repository, and the roster has no source',
      'add source: with connectionArn, repository and branch',
      'key',
    );
  checkTarget(judgement, { document: node.document, path: ['organization'], data: mapOf(data.organization) });
  checkCanaries(judgement, accounts);
  const { managementAccount, securityAccount } = mapOf(data.organization);
  if (managementAccount !== undefined && managementAccount === securityAccount) {
    report(
      judgement,
      node,
      ['organization', 'securityAccount'],
      'ROSTER_VALUE_NOT_ALLOWED',
      'the security account is the management account, which cannot be a delegated administrator',
      'name a member account',
    );
  }
}

/**
 * CloudFormation updates the instances of each target on its own, and StackSets refuse a target in which none of the
 * accounts is: https://github.com/hashicorp/terraform-provider-aws/issues/33785
 */
function checkTarget(judgement: Judgement, organization: Node): void {
  const { root, organizationalUnits } = organization.data;
  const units = listOf(organizationalUnits);
  if (root === undefined && organizationalUnits === undefined) {
    report(
      judgement,
      organization,
      [],
      'ROSTER_MISSING_FIELD',
      'organization has neither root nor organizationalUnits',
      'add root: with the id that `aws organizations list-roots` prints',
      'key',
    );
  }
  if (root !== undefined && organizationalUnits !== undefined) {
    report(
      judgement,
      organization,
      ['organizationalUnits'],
      'ROSTER_STACKSET_TARGET',
      'organization has both root and organizationalUnits, and StackSets have one target',
      'keep root',
      'key',
    );
  } else if (units.length > 1) {
    const [, id] = /^(?:ou|r)-([a-z0-9]+)/.exec(String(units[0])) ?? [];
    const rootId = id === undefined ? 'r-…' : `r-${id}`;
    report(
      judgement,
      organization,
      ['organizationalUnits'],
      'ROSTER_STACKSET_TARGET',
      `organizationalUnits has ${units.length} ids: a unit that none of the accounts is in would stop every later deployment`,
      `write root: ${rootId} in its place; StackSets then reach the listed accounts in every unit`,
      'key',
    );
  }
}

/** Of the one account or of the organization; what does not look like a region is the schema's to report. */
function checkRegion(judgement: Judgement, roster: RosterDocument): void {
  const data = mapOf(roster.data);
  const path: Path = data.organization === undefined ? ['region'] : ['organization', 'region'];
  const region = data.organization === undefined ? data.region : mapOf(data.organization).region;
  if (typeof region !== 'string' || !/^[a-z]{2,4}(-[a-z]+)+-\d$/.test(region)) return;
  const node: Node = { document: roster, path: [], data };
  const partition = partitionOf(region);
  if (partition === undefined) {
    report(
      judgement,
      node,
      path,
      'ROSTER_REGION',
      `${quote(region)} is not an AWS region`,
      `did you mean ${nearestRegion(region)}?`,
    );
  } else if (partition !== SUPPORTED_PARTITION) {
    const found = `${region} is in the partition ${partition}, which this product does not support yet`;
    report(
      judgement,
      node,
      path,
      'ROSTER_REGION_UNSUPPORTED',
      found,
      `choose a region of the partition aws, such as ${nearestRegion(region)}`,
    );
  }
}

/** `none` in so many words is a decision; nothing at all may be an oversight. */
function checkGuard(judgement: Judgement, roster: RosterDocument): void {
  const data = mapOf(roster.data);
  const [path, holder]: [Path, Plain] =
    data.organization === undefined ? [[], data] : [['organization'], mapOf(data.organization)];
  if (holder.userGuard !== undefined || Object.keys(holder).length === 0) return;
  report(
    judgement,
    { document: roster, path, data: holder },
    [],
    'ROSTER_NO_USER_GUARD',
    'there is no userGuard: the functions can change the keys of every user of an account, administrators included, and anyone with permission to update or invoke functions or to pass roles there can use them for that',
    'add userGuard with a tag or a path, or userGuard: none when that is meant; attach docs/scp.json to the accounts',
    'key',
    'warning',
  );
}

/** With fewer, nobody may have room for another key when a change has to be proved. */
const FEWEST_CANARY_USERS = 3;

function checkCanaries(judgement: Judgement, accounts: readonly Node[]): void {
  const isIgnored = ({ data: { deployment } }: Node): boolean => deployment === 'manual' || deployment === 'pipeline';
  const canaries = accounts.filter(({ data }) => data.canary === true);
  for (const account of canaries.filter(isIgnored)) {
    report(
      judgement,
      account,
      ['canary'],
      'ROSTER_CANARY_IGNORED',
      `canary has no meaning for an account with deployment: ${quote(account.data.deployment)}: only StackSets deploy to canaries first`,
      'remove canary, or remove deployment',
      'value',
      'warning',
    );
  }
  const active = canaries.filter((account) => !isIgnored(account) && account.data.state !== 'leaving');
  const users = active
    .flatMap(({ data }) => listOf(data.users))
    .filter((user) => mapOf(user).state !== 'retired' && mapOf(user).exempt === undefined);
  if (active.length > 0 && users.length < FEWEST_CANARY_USERS) {
    report(
      judgement,
      active[0]!,
      ['canary'],
      'ROSTER_CANARY_FEW_USERS',
      `the canary accounts have ${users.length} ${users.length === 1 ? 'user' : 'users'} to rotate: every change is proved by a rotation of one of them, and a user has no room for the next one until the old key is deleted`,
      `have ${FEWEST_CANARY_USERS} or more, or make another account a canary`,
      'value',
      'warning',
    );
  }
}

function checkLimits(judgement: Judgement, roster: RosterDocument): void {
  listOf(mapOf(mapOf(roster.data).limits).freeze).forEach((window, index) => {
    const node: Node = { document: roster, path: ['limits', 'freeze', index], data: mapOf(window) };
    const { from, to } = node.data;
    const real = [checkDate(judgement, node, 'from'), checkDate(judgement, node, 'to')].every(Boolean);
    if (real && String(from) > String(to))
      report(
        judgement,
        node,
        ['to'],
        'ROSTER_FREEZE_ORDER',
        `the freeze ends on ${quote(to)}, before it begins on ${quote(from)}`,
        'swap from and to',
      );
  });
}

/** Whether the field holds a date of the calendar; what does not look like one is the schema's to tell. */
function checkDate(judgement: Judgement, node: Node, field: string): boolean {
  const value = node.data[field];
  if (typeof value !== 'string' || !/^20\d\d-\d\d-\d\d$/.test(value)) return false;
  const parsed = new Date(`${value}T00:00:00Z`);
  const real = !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(value);
  if (!real && /-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/.test(value))
    report(
      judgement,
      node,
      [field],
      'ROSTER_DATE',
      `${field} is ${value}, which is not a calendar date`,
      'correct the day',
    );
  return real;
}

function checkAccount(judgement: Judgement, account: Node): void {
  const organization = mapOf(mapOf(judgement.roster?.data).organization);
  const { id, deployment } = account.data;
  if (
    id !== undefined &&
    id === organization.managementAccount &&
    deployment !== 'manual' &&
    deployment !== 'pipeline'
  ) {
    report(
      judgement,
      account,
      ['id'],
      'ROSTER_ACCOUNT_MANAGEMENT',
      `account ${quote(id)} is the management account, which a StackSet never reaches`,
      'add deployment: manual, or deployment: pipeline',
    );
  }
  const defaults = mapOf(mapOf(judgement.roster?.data).defaults);
  checkDurations(judgement, account, [defaults]);
  checkPrincipals(judgement, account, 'breakGlassRoles', id);
  const users = listOf(account.data.users).map((data, index): Node => ({
    document: account.document,
    path: [...account.path, 'users', index],
    data: typeof data === 'string' ? { name: data } : mapOf(data),
  }));
  for (const user of users) checkUser(judgement, user, account, defaults);
  checkDuplicates(
    judgement,
    'ROSTER_USER_DUPLICATE',
    users.map((user) => named(user, 'name', user.data.name)),
    (value) => `user ${value} (IAM ignores case)`,
    (name) => name.toLowerCase(),
  );
  checkDuplicates(
    judgement,
    'ROSTER_SECRET_NAME_DUPLICATE',
    users
      .filter(hasOwnSecretName(users))
      .map((user) =>
        named(user, user.data.secretName === undefined ? 'name' : 'secretName', user.data.secretName ?? user.data.name),
      ),
    (value) => `secret /access-key/${value}`,
  );
}

/** Users whose names alone collide are told of as duplicate users, not once more as duplicate secrets. */
function hasOwnSecretName(users: readonly Node[]): (user: Node) => boolean {
  const chosen = new Set<unknown>(
    users.flatMap(({ data }) => (data.secretName === undefined ? [] : [data.secretName])),
  );
  return ({ data }) => data.secretName !== undefined || chosen.has(data.name);
}

function checkUser(judgement: Judgement, user: Node, account: Node, defaults: Plain): void {
  const { name, secretName } = user.data;
  if (typeof name !== 'string') return;
  if (name.includes(',') && secretName === undefined)
    report(
      judgement,
      user,
      ['name'],
      'ROSTER_SECRET_NAME_NEEDED',
      `the name ${quote(name)} has a comma, which Secrets Manager refuses in a secret's name`,
      `add secretName: ${name.replaceAll(',', '-')}`,
    );
  checkAddress(judgement, user, name);
  if (user.data.state === 'retired') warnOfRetirement(judgement, user, name);
  checkDurations(judgement, user, [defaults, account.data]);
  checkPrincipals(judgement, user, 'readers', account.data.id);
  if (user.data.exempt !== undefined) checkExemption(judgement, user, name);
}

function warnOfRetirement(judgement: Judgement, user: Node, name: string): void {
  report(
    judgement,
    user,
    ['state'],
    'ROSTER_USER_RETIRED',
    `user ${quote(name)} is retired: every key that IAM has for it is deactivated once it is quiet and deleted later, also one that was never managed`,
    'take the user out of the roster once the report of its account lists no key of it',
    'value',
    'warning',
  );
}

function checkAddress(judgement: Judgement, user: Node, name: string): void {
  const { email, state } = user.data;
  if (email !== undefined || state === 'retired' || !judgement.roster) return;
  if (ownerAddress(name, mapOf(mapOf(judgement.roster.data).notifications).ownerDomain)) return;
  report(
    judgement,
    user,
    ['name'],
    'ROSTER_OWNER_UNREACHABLE',
    `user ${quote(name)} has no address: its notices go to the admins`,
    'add email',
    'value',
    'warning',
  );
}

function checkExemption(judgement: Judgement, user: Node, name: string): void {
  const node: Node = { document: user.document, path: [...user.path, 'exempt'], data: mapOf(user.data.exempt) };
  if (checkDate(judgement, node, 'until') && String(node.data.until) < judgement.at.toISOString().slice(0, 10)) {
    report(
      judgement,
      node,
      ['until'],
      'ROSTER_EXEMPTION_OVER',
      `the exemption of ${quote(name)} ended on ${quote(node.data.until)}: its key is rotated again`,
      'extend it, or remove it',
      'value',
      'warning',
    );
  }
}

/** Address of an owner that the roster gives none, when the name makes one. */
export function ownerAddress(name: string, ownerDomain: unknown): string | undefined {
  return typeof ownerDomain === 'string' && /^[A-Za-z0-9+=_-]+(\.[A-Za-z0-9+=_-]+)*$/.test(name)
    ? `${name}@${ownerDomain}`
    : undefined;
}

function checkPrincipals(
  judgement: Judgement,
  node: Node,
  field: 'readers' | 'breakGlassRoles',
  accountId: unknown,
): void {
  listOf(node.data[field]).forEach((arn, index) => {
    const [, owner, kind] = /^arn:[a-z-]+:iam::(\d{12}):(user|role)\//.exec(String(arn)) ?? [];
    if (owner === undefined) return;
    if (typeof accountId === 'string' && owner !== accountId)
      report(
        judgement,
        node,
        [field, index],
        'ROSTER_READER_ACCOUNT',
        `${quote(arn)} is of account ${owner}, and ${field} are of the user's own account ${quote(accountId)}`,
        'name a role of that account',
      );
    if (field === 'breakGlassRoles' && kind !== 'role')
      report(
        judgement,
        node,
        [field, index],
        'ROSTER_PRINCIPAL_ARN',
        `${quote(arn)} is a user, and break-glass access is by role`,
        'name a role',
      );
  });
}

/** Judges the settings as they are at this level, when the level itself sets one of them. */
function checkDurations(judgement: Judgement, level: Node, above: readonly Plain[]): void {
  const settings = resolve(...above, level.data);
  const rotate = hoursOf(settings.rotateEvery);
  const keep = hoursOf(settings.keepPreviousFor);
  const quiet = hoursOf(settings.quietFor);
  const inactive = hoursOf(settings.deleteInactiveAfter);
  if (rotate === undefined || keep === undefined || quiet === undefined || inactive === undefined) return;
  const tell = (fields: readonly (keyof Settings)[], code: ProblemCode, message: string, hint: string): void => {
    const own = fields.find((field) => level.data[field] !== undefined);
    if (own !== undefined) report(judgement, level, [own], code, message, hint);
  };
  if (rotate < 4 || rotate > 999 * 24)
    tell(
      ['rotateEvery'],
      'ROSTER_ROTATE_EVERY_RANGE',
      `rotateEvery is ${settings.rotateEvery}, and Secrets Manager takes 4h to 999d`,
      'choose a period in between',
    );
  else if (keep + inactive >= rotate) {
    tell(
      ['keepPreviousFor', 'deleteInactiveAfter', 'rotateEvery'],
      'ROSTER_RETIREMENT_TOO_LONG',
      `keepPreviousFor ${settings.keepPreviousFor} and deleteInactiveAfter ${settings.deleteInactiveAfter} together reach rotateEvery ${settings.rotateEvery}: the next rotation would find no room`,
      'shorten them, or rotate less often',
    );
  }
  if (quiet > keep && keep > 0)
    tell(
      ['quietFor', 'keepPreviousFor'],
      'ROSTER_QUIET_TOO_LONG',
      `quietFor ${settings.quietFor} is longer than keepPreviousFor ${settings.keepPreviousFor}`,
      'shorten quietFor, or keep the previous key longer',
    );
}

interface Named {
  readonly value: string;
  readonly place: Place;
}

function named({ document, path }: Node, field: string, value: unknown): Named | undefined {
  return typeof value === 'string'
    ? {
        value,
        get place() {
          return document.locate([...path, field]);
        },
      }
    : undefined;
}

function checkDuplicates(
  judgement: Judgement,
  code: ProblemCode,
  all: readonly (Named | undefined)[],
  what: (value: string) => string,
  fold: (value: string) => string = (value) => value,
): void {
  const first = new Map<string, Named>();
  for (const one of all) {
    if (one === undefined) continue;
    const earlier = first.get(fold(one.value));
    if (earlier === undefined) first.set(fold(one.value), one);
    else
      judgement.problems.push({
        code,
        severity: 'error',
        message: `${what(quote(one.value))} is already listed at ${earlier.place.file}:${earlier.place.line}`,
        hint: 'keep one',
        ...one.place,
      });
  }
}

function report(
  judgement: Judgement,
  node: Node,
  field: Path,
  code: ProblemCode,
  message: string,
  hint: string,
  what: 'key' | 'value' = 'value',
  severity: Problem['severity'] = 'error',
): void {
  judgement.problems.push({ code, severity, message, hint, ...node.document.locate([...node.path, ...field], what) });
}
