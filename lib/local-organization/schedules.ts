import type { Clock, Timer } from './clock';
import type { RuleDefinition } from './deployment/deploy';

/** What a scheduled function answers when it knows its next due instant. */
interface Idle {
  readonly nextDueAt?: string;
}

/**
 * EventBridge's schedules. A run that cannot differ from the one before is skipped and counted: nothing was written
 * in the account since, and the instant that the function itself named is not there yet.
 */
export class Schedules {
  skipped = 0;
  runs = 0;
  private readonly entries: Entry[] = [];

  constructor(private readonly options: { readonly clock: Clock; readonly everyRun: boolean; readonly run: (rule: RuleDefinition) => Promise<unknown> }) {}

  add(rule: RuleDefinition): void {
    const entry: Entry = { rule, everyMs: rule.everyMs!, firstMs: this.options.clock.now().getTime(), lastTick: 0, running: false, touched: false, timer: undefined };
    this.entries.push(entry);
    this.arm(entry, 1);
  }

  /**
   * Something was written in the account: the next run can differ.
   * @param byFunction end of the writing function's ARN; a function knows of its own writes when it names its next due instant
   */
  touch(accountId: string, byFunction?: string): void {
    for (const entry of this.entries) {
      if (entry.rule.accountId !== accountId || (byFunction !== undefined && entry.rule.functionArn.endsWith(byFunction))) continue;
      entry.touched = true;
      if (!entry.running) this.arm(entry, this.tickFrom(entry, this.options.clock.now()));
    }
  }

  private arm(entry: Entry, tick: number): void {
    entry.timer?.cancel();
    entry.timer = this.options.clock.at(new Date(entry.firstMs + tick * entry.everyMs), async () => this.fire(entry, tick));
  }

  private async fire(entry: Entry, tick: number): Promise<void> {
    this.skipped += tick - entry.lastTick - 1;
    this.runs++;
    entry.lastTick = tick;
    entry.running = true;
    entry.touched = false;
    const answer = (await this.options.run(entry.rule)) as Idle | undefined;
    entry.running = false;
    const now = this.options.clock.now();
    const rests = !this.options.everyRun && !entry.touched && answer !== undefined;
    this.arm(entry, this.tickFrom(entry, rests ? new Date(answer.nextDueAt ?? now.getTime() + LONGEST_REST_MS) : now));
  }

  /** The first tick at or after an instant that has not been yet. */
  private tickFrom({ firstMs, everyMs, lastTick }: Entry, at: Date): number {
    return Math.max(lastTick + 1, Math.ceil((at.getTime() - firstMs) / everyMs));
  }
}

/** A function that knows nothing that will be due is asked again after a day all the same. */
const LONGEST_REST_MS = 24 * 3_600_000;

interface Entry {
  readonly rule: RuleDefinition;
  readonly everyMs: number;
  readonly firstMs: number;
  lastTick: number;
  running: boolean;
  touched: boolean;
  timer: Timer | undefined;
}
