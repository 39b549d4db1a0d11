import type { AccountReport } from '../../lambda/domain/report';
import type { RosterAccount } from '../roster/roster';
import type { Operator } from './operator';

export interface BakeOptions {
  readonly accounts: readonly RosterAccount[];
  /** Of the code that the reports must come from. */
  readonly codeVersion: string;
  /** Dates in UTC, both inclusive: no rotation is forced in these. */
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

interface Forced {
  readonly accountId: string;
  readonly userName: string;
  readonly since: Date;
}

const POLL_MS = 60_000;

/** Reports show a new key after reconcile's next full pass, which comes hourly. */
export const BAKE_MINUTES = 100;

/**
 * Waits until every canary account reports a healthy reconcile on this code and roster, then forces one rotation and
 * waits until a report shows its new key. Run again it forces another one.
 */
export async function bake(operator: Operator, options: BakeOptions): Promise<BakeOutcome> {
  const { accounts, clock, limitMs, onProgress = () => {} } = options;
  const deadline = clock.now().getTime() + limitMs;
  let forced: Forced | undefined;
  let said = '';
  for (;;) {
    const reports = new Map<string, AccountReport>();
    const missing: string[] = [];
    for (const { id, name } of accounts) {
      const report = await operator.report(id);
      if (report) reports.set(id, report);
      const reason = unhealthy(report, options.codeVersion, await operator.generation(id));
      if (reason) missing.push(`${id} ${name}: ${reason}`);
    }
    if (missing.length === 0) {
      forced ??= await force(operator, options, reports);
      if (!forced) return { ok: true, lines: [`${accounts.length} canary accounts are healthy; no user can be rotated now`] };
      if (hasRotated(reports.get(forced.accountId), forced)) return { ok: true, lines: [`${accounts.length} canary accounts are healthy; ${forced.userName} in ${forced.accountId} was rotated`] };
      missing.push(`${forced.accountId}: no new key of ${forced.userName} since ${forced.since.toISOString()}`);
    }
    if (missing.join() !== said) onProgress((said = missing.join()) && missing.join('\n'));
    if (clock.now().getTime() + POLL_MS > deadline) return { ok: false, lines: missing };
    await clock.sleep(POLL_MS);
  }
}

/** Why an account cannot be called healthy yet. */
export function unhealthy(report: AccountReport | undefined, codeVersion: string, generation: number | undefined): string | undefined {
  if (!report) return 'it has not reported yet';
  if (report.codeVersion !== codeVersion) return `its last report, of ${report.at}, comes from code ${report.codeVersion || 'unknown'}, not from ${codeVersion}`;
  if (generation === undefined) return 'its slice of the roster is not published';
  if (report.generation < generation) return `it has not applied the published roster yet: generation ${report.generation}, not ${generation}`;
  const [first, ...more] = report.unknown.filter(({ code }) => code !== 'USER_MISSING');
  return first && `${first.userName}: ${first.code}, ${first.reason}${more.length > 0 ? `; and ${more.length} more` : ''}`;
}

/** The user whose key is oldest, of those for whom IAM has room; without any, one whose first rotation is still to come. */
export function candidate(accounts: readonly RosterAccount[], reports: ReadonlyMap<string, AccountReport>, now: Date): { readonly accountId: string; readonly userName: string; readonly secretName: string } | undefined {
  const today = now.toISOString().slice(0, 10);
  const found = accounts.filter(({ state }) => state === 'active').flatMap(({ id, users }) =>
    users.flatMap(({ name, secretName, state, exempt }) => {
      const report = reports.get(id)?.users.find(({ userName }) => userName.toLowerCase() === name.toLowerCase());
      const rotated = state === 'active' && !(exempt && today <= exempt.until);
      const current = report?.keys.find(({ role }) => role === 'current');
      return rotated && report && report.keys.length <= 1 ? [{ accountId: id, userName: name, secretName, createdAt: current?.createdAt ?? 'none' }] : [];
    }),
  );
  return found.sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1))[0];
}

async function force(operator: Operator, { accounts, clock, freeze }: BakeOptions, reports: ReadonlyMap<string, AccountReport>): Promise<Forced | undefined> {
  const today = clock.now().toISOString().slice(0, 10);
  const chosen = freeze.some(({ from, to }) => from <= today && today <= to) ? undefined : candidate(accounts, reports, clock.now());
  if (!chosen) return undefined;
  const since = clock.now();
  await operator.operate(chosen.accountId, { command: 'rotate', secretName: chosen.secretName });
  return { accountId: chosen.accountId, userName: chosen.userName, since };
}

/** IAM keeps whole seconds. */
function hasRotated(report: AccountReport | undefined, { userName, since }: Forced): boolean {
  const user = report?.users.find((each) => each.userName.toLowerCase() === userName.toLowerCase());
  return user?.keys.some(({ role, createdAt }) => role === 'current' && Date.parse(createdAt) >= Math.floor(since.getTime() / 1000) * 1000) ?? false;
}
