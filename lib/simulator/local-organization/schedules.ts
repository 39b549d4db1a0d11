import type { Clock, Timer } from './clock';
import type { RuleDefinition } from './deployment/deploy';

/** What a scheduled function answers when it knows when it next has something to do. */
interface Outlook {
  readonly nextDueAt?: string;
  /** When it next looks for what others changed. */
  readonly nextFullPassAt?: string;
  /** Whether the use of a key matters to it. */
  readonly awaitsUse?: boolean;
}

/**
 * EventBridge's schedules. A run that cannot differ from the one before is skipped and counted: the instants that the
 * function itself named are not there yet, and what others wrote in the account it sees in its next full pass only.
 */
export class Schedules {
  skipped = 0;
  runs = 0;
  private readonly entries: Entry[] = [];

  constructor(
    private readonly options: {
      readonly clock: Clock;
      readonly everyRun: boolean;
      readonly run: (rule: RuleDefinition) => Promise<unknown>;
    },
  ) {}

  /** A schedule that is there already goes on in step. */
  add(rule: RuleDefinition): void {
    if (this.entries.some((entry) => entry.rule.arn === rule.arn)) return;
    const entry: Entry = {
      rule,
      everyMs: rule.everyMs!,
      firstMs: this.options.clock.now().getTime(),
      lastTick: 0,
      running: false,
      changed: false,
      outlook: undefined,
      timer: undefined,
    };
    this.entries.push(entry);
    this.arm(entry);
  }

  /**
   * Something was written in the account: the next full pass can differ.
   * @param byFunction end of the writing function's ARN; a function knows of its own writes when it names its next due instant
   */
  touch(accountId: string, byFunction?: string): void {
    for (const entry of this.entries) {
      if (
        entry.rule.accountId !== accountId ||
        entry.changed ||
        (byFunction !== undefined && entry.rule.functionArn.endsWith(byFunction))
      )
        continue;
      entry.changed = true;
      if (!entry.running) this.arm(entry);
    }
  }

  /** Its function reads something new at the very next tick. */
  wake(accountId: string): void {
    for (const entry of this.entries) {
      if (entry.rule.accountId !== accountId) continue;
      entry.outlook = undefined;
      if (!entry.running) this.arm(entry);
    }
  }

  remove(arn: string): void {
    const index = this.entries.findIndex(({ rule }) => rule.arn === arn);
    if (index >= 0) this.entries.splice(index, 1)[0]!.timer?.cancel();
  }

  /** A key of the account was used. */
  used(accountId: string): void {
    if (this.entries.some(({ rule, outlook }) => rule.accountId === accountId && outlook?.awaitsUse !== false))
      this.touch(accountId);
  }

  private arm(entry: Entry): void {
    entry.timer?.cancel();
    const tick = this.nextTick(entry);
    entry.timer = this.options.clock.at(new Date(entry.firstMs + tick * entry.everyMs), async () =>
      this.fire(entry, tick),
    );
  }

  private async fire(entry: Entry, tick: number): Promise<void> {
    this.skipped += tick - entry.lastTick - 1;
    this.runs++;
    entry.lastTick = tick;
    entry.running = true;
    const [former, changedBefore] = [entry.outlook, entry.changed];
    entry.changed = false;
    entry.outlook = (await this.options.run(entry.rule)) as Outlook | undefined;
    if (entry.outlook?.nextFullPassAt === former?.nextFullPassAt) entry.changed ||= changedBefore;
    entry.running = false;
    this.arm(entry);
  }

  private nextTick(entry: Entry): number {
    const { outlook, changed } = entry;
    const now = this.options.clock.now();
    if (this.options.everyRun || !outlook) return this.tickFrom(entry, now);
    const due = outlook.nextDueAt === undefined ? [] : [Date.parse(outlook.nextDueAt)];
    if (changed)
      due.push(
        outlook.nextFullPassAt === undefined
          ? now.getTime()
          : nextInStep(Date.parse(outlook.nextFullPassAt), now.getTime()),
      );
    return this.tickFrom(entry, new Date(Math.min(now.getTime() + LONGEST_REST_MS, ...due)));
  }

  /** The first tick at or after an instant that has not been yet. */
  private tickFrom({ firstMs, everyMs, lastTick }: Entry, at: Date): number {
    return Math.max(lastTick + 1, Math.ceil((at.getTime() - firstMs) / everyMs));
  }
}

/** Full passes that were skipped would have come every hour. */
const nextInStep = (firstMs: number, nowMs: number): number =>
  firstMs + Math.max(0, Math.ceil((nowMs - firstMs) / HOUR_MS)) * HOUR_MS;
const HOUR_MS = 3_600_000;

/** A function that knows nothing that will be due is asked again after a day all the same. */
const LONGEST_REST_MS = 24 * 3_600_000;

interface Entry {
  readonly rule: RuleDefinition;
  readonly everyMs: number;
  readonly firstMs: number;
  lastTick: number;
  running: boolean;
  /** Since the last full pass, by somebody else. */
  changed: boolean;
  outlook: Outlook | undefined;
  timer: Timer | undefined;
}
