/** What a change of the roster does, and whether it may be deployed. */
import { calendarDate } from '../../lambda/contract/freezes-and-exemptions';
import type { Roster } from '../roster/roster';
import { accountChanges, rosterChanges, type AccountChange, type Before, type FieldChange } from './changes';
import { acknowledgementCode } from './acknowledgement';
import { costOf, type Cost } from './cost';
import { dangersOf, type Danger } from './dangers';
import { refusalsOf, uncheckedOf, type Refusal, type Released, type Unchecked } from './refusals';

/** What `plan --format json` prints, exactly. */
export interface Plan {
  readonly schemaVersion: 1;
  /** Nothing dangerous that is not acknowledged, and nothing refused. */
  readonly ok: boolean;
  readonly totals: {
    readonly accounts: Before<number>;
    readonly users: Before<number>;
    readonly added: number;
    readonly removed: number;
    readonly retired: number;
    readonly changed: number;
    readonly firstRotations: number;
    readonly announced: number;
    readonly dueAtOnce: number;
    readonly cost: Before<Cost>;
  };
  /** Of the roster outside its accounts. */
  readonly roster: readonly FieldChange[];
  /** Those that differ. */
  readonly accounts: readonly AccountChange[];
  readonly dangers: readonly Danger[];
  readonly refusals: readonly Refusal[];
  /** What only the pipeline can tell, by the accounts' reports. */
  readonly unchecked: readonly Unchecked[];
  /** What `acknowledge` must hold for exactly this change; absent where nothing in it is dangerous. */
  readonly code?: string;
  readonly acknowledged: boolean;
  /** Codes in `acknowledge` that this change does not need. */
  readonly staleCodes: readonly string[];
}

/**
 * @param from undefined when nothing was published yet, which counts as empty
 * @param now decides which freezes and exemptions are over, and which last for more than a year
 */
export function planOf(from: Roster | undefined, to: Roster, released: Released, now: Date): Plan {
  const accounts = accountChanges(from, to);
  const dangers = dangersOf(from, to, calendarDate(now));
  const refusals = refusalsOf(from, to, released);
  const code = dangers.length > 0 ? acknowledgementCode(from, to) : undefined;
  const acknowledged = code !== undefined && to.acknowledge.includes(code);
  const sum = (count: (account: AccountChange) => number): number =>
    accounts.reduce((total, account) => total + count(account), 0);
  return {
    schemaVersion: 1,
    ok: refusals.length === 0 && (code === undefined || acknowledged),
    totals: {
      accounts: { before: from?.accounts.length ?? 0, after: to.accounts.length },
      users: { before: usersOf(from), after: usersOf(to) },
      added: sum(({ added }) => added.length),
      removed: sum(({ removed }) => removed.length),
      retired: sum(({ retired }) => retired.length),
      changed: sum(({ changed }) => changed.length),
      firstRotations: sum(({ firstRotations }) => firstRotations),
      announced: sum(({ announced }) => announced),
      dueAtOnce: sum(({ dueAtOnce }) => dueAtOnce),
      cost: { before: costOf(from?.accounts ?? []), after: costOf(to.accounts) },
    },
    roster: from ? rosterChanges(from, to) : [],
    accounts,
    dangers,
    refusals,
    unchecked: uncheckedOf(from, to, released),
    ...(code !== undefined && { code }),
    acknowledged,
    staleCodes: to.acknowledge.filter((given) => given !== code),
  };
}

const usersOf = (roster: Roster | undefined): number =>
  (roster?.accounts ?? []).reduce((sum, { users }) => sum + users.length, 0);

/** Why a push stops, with the code that lets it through where there is one; undefined when it may go on. */
export function stopReason({ ok, refusals, dangers, code, acknowledged }: Plan): string | undefined {
  if (ok) return undefined;
  const found = [...refusals, ...(acknowledged ? [] : dangers)].map(({ kind, reason }) => `${kind}: ${reason}`);
  const more = found.length > 3 ? `; and ${found.length - 3} more` : '';
  const wayOn = code === undefined || acknowledged ? '' : `. If it is meant: acknowledge: [${code}]`;
  return `${found.slice(0, 3).join('; ')}${more}${wayOn}`;
}
