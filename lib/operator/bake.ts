import { frozenUntil, isExempt } from '../../lambda/contract/freezes-and-exemptions';
import type { AccountReport, KeyReport } from '../../lambda/contract/report';
import { STACKS } from '../names';
import { UnreadableReport } from '../org-bucket/report';
import type { RosterAccount } from '../roster/roster';
import type { Operator } from './operator';

export interface BakeOptions {
  readonly accounts: readonly RosterAccount[];
  /** Of the code that the reports must come from. */
  readonly codeVersion: string;
  /** Since when that code has been there to be deployed: a rotation since then is its own, but for the minutes until the canaries had it. */
  readonly codePublishedAt?: Date;
  /** Dates in UTC, both inclusive: no rotation is forced in these, nor right before. */
  readonly freeze: readonly { readonly from: string; readonly to: string }[];
  readonly limitMs: number;
  readonly clock: { now(): Date; sleep(milliseconds: number): Promise<void> };
  /** Told when what is waited for changes. */
  readonly onProgress?: (line: string) => void;
}

export interface BakeOutcome {
  readonly ok: boolean;
  /** What was seen, or what is missing and where. */
  readonly lines: readonly string[];
}

/** What people do when it is not ok. Canaries that were told of the roster keep the new code; nobody else has it yet. */
export const STOPPED_STEPS = [
  'the canary accounts have the new code and roster; all other accounts continue with the previous ones, and rotate as before',
  'fix what the lines above name: see docs/errors.md for the cause and cure of each code',
  'then retry the stage Canary in CodePipeline, or push a fix; to go back, push the former code',
];

interface Candidate {
  readonly accountId: string;
  readonly userName: string;
  readonly secretName: string;
}

type Reports = ReadonlyMap<string, AccountReport>;

const POLL_MS = 60_000;

/** Reports show the key of a forced rotation after reconcile's next full pass, which comes hourly. */
export const BAKE_MINUTES = 100;

/** One account could forge its report and its events alike; the second has another administrator. */
const PROOFS = 2;

/**
 * Waits until CloudFormation, asked in the security account, has brought every canary's stack to this deployment, every
 * canary account reports a healthy reconcile on this code and roster, and in two of them, where there are two, a user has
 * a key that was made since. Forces those rotations, unless only first ones are to come, which reconcile starts. Where
 * nobody of an account has room for another key, a rotation by the same code in an earlier execution proves as much;
 * without one there is no proof, and the pipeline stops. Run again it starts over.
 */
export async function bake(operator: Operator, options: BakeOptions): Promise<BakeOutcome> {
  const { clock, limitMs, onProgress = () => {} } = options;
  const proof = new RotationProof(operator, options, clock.now());
  let said = '';
  for (;;) {
    const { reports, missing } = await look(operator, options);
    if (missing.length === 0) {
      const seen = await proof.look(reports, missing);
      if (seen !== undefined) return healthy(options, seen);
    }
    if (missing.join('\n') !== said) onProgress((said = missing.join('\n')));
    if (clock.now().getTime() + POLL_MS > proof.since.getTime() + limitMs) return { ok: false, lines: missing };
    await clock.sleep(POLL_MS);
  }
}

/** Rotations by the new code, in as many canary accounts as it takes. */
class RotationProof {
  private readonly forced = new Map<string, Candidate>();

  constructor(
    private readonly operator: Operator,
    private readonly options: BakeOptions,
    readonly since: Date,
  ) {}

  /**
   * Forces what is still to be forced.
   * @param missing is told what is waited for
   * @returns what was seen, once it is enough
   */
  async look(reports: Reports, missing: string[]): Promise<string | undefined> {
    const { freeze, clock, codePublishedAt } = this.options;
    const now = clock.now();
    const accounts = this.options.accounts.filter((account) => rotatedUsers([account], now).length > 0);
    const rotated = accounts.flatMap((account) => rotatedSince([account], reports, this.since) ?? []);
    const needed = Math.min(PROOFS, accounts.length);
    if (needed > 0 && rotated.length >= needed) return `${places(rotated)} rotated`;
    if (frozenUntil({ freeze }, now)) return 'no rotation is forced in a freeze';
    if (needed === 0) return 'the roster allows no rotation there';
    const rest = accounts.filter(({ id }) => !rotated.some(({ accountId }) => accountId === id));
    const roomless = rest.filter((account) => !this.forced.has(account.id) && !candidateOf([account], reports, now));
    const former = roomless.flatMap(
      (account) => (codePublishedAt && rotatedSince([account], reports, codePublishedAt)) ?? [],
    );
    if (rotated.length + former.length >= needed)
      return `${rotated.length > 0 ? `${places(rotated)} rotated, ` : ''}no user has a free slot for another key, and ${places(former)} rotated by this code before`;
    const candidates = rest
      .filter((account) => !roomless.includes(account))
      .slice(0, needed - rotated.length - former.length);
    for (const account of candidates) missing.push(await this.wait(account, reports, now));
    if (rotated.length + former.length + candidates.length < needed) missing.push(nobodyHasRoom(roomless, reports));
    return undefined;
  }

  /** @returns what is missing there */
  private async wait(account: RosterAccount, reports: Reports, now: Date): Promise<string> {
    const candidate = this.forced.get(account.id) ?? candidateOf([account], reports, now)!;
    const { accountId, userName } = candidate;
    if (!currentKey(reports, candidate))
      return `${accountId}: the first rotation of ${userName} has not finished${reported(candidate, reports)}`;
    const refusal = this.forced.has(accountId) ? undefined : await force(this.operator, candidate);
    if (refusal === undefined) this.forced.set(accountId, candidate);
    return `${accountId}: ${refusal ?? `no new key of ${userName} since ${this.since.toISOString()}`}${reported(candidate, reports)}`;
  }
}

/** `jeremy.ritchie in 333333333333 was`, of several joined. */
const places = (found: readonly { readonly accountId: string; readonly userName: string }[]): string =>
  `${found.map(({ accountId, userName }) => `${userName} in ${accountId}`).join(' and ')} ${found.length === 1 ? 'was' : 'were'}`;

const healthy = ({ accounts }: BakeOptions, seen: string): BakeOutcome => ({
  ok: true,
  lines: [`${count(accounts.length)} healthy; ${seen}`],
});

/** What the account says of a user whose rotation does not finish. */
function reported({ accountId, userName }: Candidate, reports: Reports): string {
  const { users = [], unknown = [] } = reports.get(accountId) ?? {};
  const isMeant = (other: { readonly userName: string }): boolean =>
    other.userName.toLowerCase() === userName.toLowerCase();
  const found = [
    ...users.filter(isMeant).flatMap(({ conditions }) => conditions),
    ...unknown.filter(isMeant).map(({ code, reason }) => `${code}, ${reason}`),
  ];
  return found.length > 0 ? `; its report says ${found.join('; ')}` : '';
}

/** Who gets room first, and what to do meanwhile. */
function nobodyHasRoom(accounts: readonly RosterAccount[], reports: Reports): string {
  const keys = accounts.flatMap(({ id }) =>
    (reports.get(id)?.users ?? []).flatMap(({ userName, keys: own }) =>
      own.flatMap(({ role, nextStep, nextStepAt }) =>
        role !== 'current' && nextStep && nextStepAt ? [{ id, userName, nextStep, nextStepAt }] : [],
      ),
    ),
  );
  const [first] = keys.sort((a, b) => (a.nextStepAt < b.nextStepAt ? -1 : 1));
  const when = first
    ? `first comes ${first.userName} in ${first.id}, whose other key is due for ${first.nextStep === 'delete' ? 'deletion' : 'deactivation'} at ${first.nextStepAt}`
    : 'none of them has a key that is due to be deleted';
  return `no user in the canary accounts has a free slot for another key, so this code cannot be verified: ${when}; then retry this step, or push another user or another canary account`;
}

async function look(
  operator: Operator,
  { accounts, codeVersion }: BakeOptions,
): Promise<{ readonly reports: Reports; readonly missing: string[] }> {
  const reports = new Map<string, AccountReport>();
  const missing: string[] = [];
  const stacks = await operator.stackStatuses(STACKS.canary);
  for (const { id, name } of accounts) {
    const report = await believed(operator, id);
    if (report && !(report instanceof UnreadableReport)) reports.set(id, report);
    const reason =
      undeployed(stacks.get(id)) ??
      (report instanceof UnreadableReport
        ? report.message
        : unhealthy(report, codeVersion, await operator.generation(id)));
    if (reason) missing.push(`${id} ${name}: ${reason}`);
  }
  return { reports, missing };
}

function believed(operator: Operator, accountId: string): Promise<AccountReport | UnreadableReport | undefined> {
  return operator.report(accountId).catch((error: unknown) => {
    if (error instanceof UnreadableReport) return error;
    throw error;
  });
}

/** What CloudFormation says weighs more than what the account says of itself. */
function undeployed(status: string | undefined): string | undefined {
  if (status === undefined) return `the StackSet ${STACKS.canary} has no stack there`;
  return status === 'CURRENT' ? undefined : `its stack in the StackSet ${STACKS.canary} is not up to date: ${status}`;
}

/**
 * Why an account cannot be called healthy yet. A user that IAM does not have, or does not show for want of the tag or
 * path that the user guard asks for, is a matter of the roster, not of the code, as long as IAM shows another one: a
 * release that took the permission away would have all of them refused.
 */
export function unhealthy(
  report: AccountReport | undefined,
  codeVersion: string,
  generation: number | undefined,
): string | undefined {
  if (!report) return 'it has not reported yet';
  if (report.codeVersion !== codeVersion)
    return `its last report, of ${report.at}, comes from code ${report.codeVersion || 'unknown'}, not from ${codeVersion}`;
  if (generation === undefined) return 'its slice of the roster is not published';
  if (report.generation < generation)
    return `it has not applied the published roster yet: generation ${report.generation}, not ${generation}`;
  const isExcused = ({ code }: AccountReport['unknown'][number]): boolean =>
    code === 'USER_MISSING' || (code === 'USER_REFUSED' && report.users.length > 0);
  const [first, ...more] = report.unknown.filter((user) => !isExcused(user));
  if (first?.code === 'USER_REFUSED')
    return `IAM shows none of the account's ${report.unknown.length} users: tag or move them as the user guard asks. ${first.userName}: ${first.reason}`;
  return (
    first && `${first.userName}: ${first.code}, ${first.reason}${more.length > 0 ? `; and ${more.length} more` : ''}`
  );
}

/** Users of the accounts whom the roster lets be rotated. */
function rotatedUsers(accounts: readonly RosterAccount[], now: Date): readonly Candidate[] {
  return accounts
    .filter(({ state }) => state === 'active')
    .flatMap(({ id, users }) =>
      users
        .filter((user) => user.state === 'active' && !isExempt(user, now))
        .map(({ name, secretName }) => ({ accountId: id, userName: name, secretName })),
    );
}

/** The user whose key is oldest, of those for whom IAM has room; without any, one whose first rotation is still to come. */
export function candidateOf(accounts: readonly RosterAccount[], reports: Reports, now: Date): Candidate | undefined {
  const found = rotatedUsers(accounts, now).flatMap((user) => {
    const keys = keysIn(reports.get(user.accountId), user.userName);
    return keys && keys.length <= 1 ? [{ ...user, createdAt: currentKey(reports, user)?.createdAt ?? 'none' }] : [];
  });
  return found.sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1))[0];
}

const currentKey = (reports: Reports, { accountId, userName }: Candidate): KeyReport | undefined =>
  keysIn(reports.get(accountId), userName)?.find(({ role }) => role === 'current');

/** IAM keeps whole seconds. */
function rotatedSince(
  accounts: readonly RosterAccount[],
  reports: Reports,
  since: Date,
): { readonly accountId: string; readonly userName: string } | undefined {
  const second = Math.floor(since.getTime() / 1000) * 1000;
  for (const { id, users } of accounts) {
    const user = users.find(({ name }) =>
      keysIn(reports.get(id), name)?.some(
        ({ role, createdAt }) => role === 'current' && Date.parse(createdAt) >= second,
      ),
    );
    if (user) return { accountId: id, userName: user.name };
  }
  return undefined;
}

const keysIn = (
  report: AccountReport | undefined,
  userName: string,
): AccountReport['users'][number]['keys'] | undefined =>
  report?.users.find((user) => user.userName.toLowerCase() === userName.toLowerCase())?.keys;

/** @returns why it was refused, as when another rotation is still outstanding; it is asked for again */
async function force(operator: Operator, { accountId, secretName }: Candidate): Promise<string | undefined> {
  try {
    await operator.operate(accountId, { command: 'rotate', secretName });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

const count = (accounts: number): string => `${accounts} canary account${accounts === 1 ? ' is' : 's are'}`;
