/** Virtual time: months pass in seconds, and always in the same order. */

export interface Clock {
  now(): Date;
  /** Runs a task at an instant; one already past is run at the current one. */
  at(when: Date, task: () => void | Promise<void>): Timer;
  /** Virtual time stands still until this real work, which waits for no task, is done. */
  during<T>(work: Promise<T>): Promise<T>;
}

export interface Timer {
  cancel(): void;
}

interface Entry {
  readonly dueMs: number;
  readonly sequence: number;
  task: (() => void | Promise<void>) | undefined;
}

/** Tasks run one by one in time order, ties in the order they were added. */
export class VirtualClock implements Clock {
  private nowMs: number;
  private sequence = 0;
  private readonly works = new Set<Promise<unknown>>();
  private advancing = false;
  private failure: { readonly error: unknown } | undefined;
  private readonly heap: Entry[] = [];

  constructor(start: Date) {
    this.nowMs = start.getTime();
  }

  now(): Date {
    return new Date(this.nowMs);
  }

  at(when: Date, task: () => void | Promise<void>): Timer {
    if (Number.isNaN(when.getTime())) throw new RangeError('a task needs a valid instant');
    const entry: Entry = { dueMs: Math.max(when.getTime(), this.nowMs), sequence: this.sequence++, task };
    push(this.heap, entry);
    return { cancel: () => void (entry.task = undefined) };
  }

  during<T>(work: Promise<T>): Promise<T> {
    const done = (): void => void this.works.delete(work);
    this.works.add(work);
    work.then(done, done);
    return work;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.at(new Date(this.nowMs + Math.max(0, ms)), resolve));
  }

  /**
   * Runs every task due until then, in order; ends when everything in progress waits for a later instant.
   * @throws what the first failing task threw, once time stands still
   */
  async advanceTo(when: Date): Promise<void> {
    await this.exclusively(async () => {
      await this.settle();
      while (await this.runNext(when.getTime()));
      this.nowMs = Math.max(this.nowMs, when.getTime());
    });
  }

  /** Lets as much time pass as a promise needs; within a running task, which is being advanced already, it only awaits. */
  async finish<T>(promise: Promise<T>): Promise<T> {
    if (this.advancing) return promise;
    let done = false;
    const settled = (): void => void (done = true);
    promise.then(settled, settled);
    await this.exclusively(async () => {
      await this.settle(() => done);
      while (!done && (await this.runNext(Infinity, () => done)));
    });
    if (!done) throw new Error('waits for something that no task of the clock will bring');
    return promise;
  }

  private async exclusively(work: () => Promise<void>): Promise<void> {
    if (this.advancing) throw new Error('the clock is being advanced already');
    this.advancing = true;
    try {
      await work();
    } finally {
      this.advancing = false;
    }
    const { failure } = this;
    this.failure = undefined;
    if (failure) throw failure.error;
  }

  private async runNext(untilMs: number, enough?: () => boolean): Promise<boolean> {
    let entry = this.heap[0];
    while (entry && !entry.task) {
      pop(this.heap);
      entry = this.heap[0];
    }
    if (!entry?.task || entry.dueMs > untilMs || this.failure) return false;
    pop(this.heap);
    this.nowMs = entry.dueMs;
    this.start(entry.task);
    await this.settle(enough);
    return true;
  }

  private start(task: () => void | Promise<void>): void {
    const failed = (error: unknown): void => void (this.failure ??= { error });
    try {
      const running = task();
      if (running) Promise.resolve(running).catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  /**
   * Waits until all that is in progress waits for a later instant. Whatever needs no more than promises is over when the
   * event loop turns: Node runs a callback's microtasks and ticks to their end before the next callback. What needs more
   * turns than that, which are as many as Node likes, is real work and declared by `during`.
   */
  private async settle(enough?: () => boolean): Promise<void> {
    await turn();
    while (this.works.size > 0 && !enough?.()) {
      await Promise.allSettled(this.works);
      await turn();
    }
  }
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

const earlier = (a: Entry, b: Entry): boolean => a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.sequence < b.sequence);

function push(heap: Entry[], entry: Entry): void {
  let index = heap.push(entry) - 1;
  while (index > 0) {
    const above = (index - 1) >> 1;
    const parent = heap[above];
    if (!parent || !earlier(entry, parent)) break;
    heap[index] = parent;
    index = above;
  }
  heap[index] = entry;
}

function pop(heap: Entry[]): void {
  const last = heap.pop();
  if (!last || heap.length === 0) return;
  let index = 0;
  for (;;) {
    let below = 2 * index + 1;
    const [left, right] = [heap[below], heap[below + 1]];
    if (!left) break;
    if (right && earlier(right, left)) below++;
    const child = heap[below];
    if (!child || !earlier(child, last)) break;
    heap[index] = child;
    index = below;
  }
  heap[index] = last;
}
