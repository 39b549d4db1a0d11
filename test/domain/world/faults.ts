/**
 * What can happen to a call between a function and AWS: it fails, its answer is lost, it is throttled, or the function is
 * killed. Every call is counted and written down.
 */
import { Account } from './account';
import { refused, ServiceError } from './service-error';

const REQUEST_TIMEOUT_MS = 30_000;

/** `error` and `timeout` come before the effect, a timeout late; `lost` after it; `throttled` refuses this call and the next of its kind. */
export type Fault = 'error' | 'timeout' | 'throttled' | 'lost' | 'killed-before' | 'killed-after';

export class Killed extends Error {}

/** One function invocation: it can be killed at a call, after which nothing of it happens any more. */
export interface Invocation {
  /** A step of a rotation, `reconcile` or an operator's command. */
  readonly name: string;
  /** How many calls had been made when it began. */
  readonly since: number;
  dead: boolean;
  kill: (error: Error) => void;
}

/** One port call, for people who replay what happened. */
export interface Journaled {
  readonly at: Date;
  readonly by: string;
  readonly request: string;
  /** A staging label, a tag, or a key. */
  readonly about: string;
  outcome: string;
}

/** Names of calls that change nothing. */
const READS = /^(iam:(Get|List)|sts:|s3:GetObject|secretsmanager:(Describe|Get|List))/;
export const isRead = (call: string): boolean => READS.test(call);

/** Hands a call on: its name, what it is about, and what it does. */
export type Call = <T>(name: string, about: string, effect: () => T) => Promise<T>;

export class FaultyAccount extends Account {
  /** Calls of CreateAccessKey by invocation. */
  readonly creations = new Map<object, number>();
  /** Names of all port calls in order. */
  readonly calls: string[] = [];
  readonly journal: Journaled[] = [];
  /** A function that makes more calls than that is stopped. */
  mostCalls = Infinity;
  /** What happens at the nth call (from 0), once. */
  readonly faults = new Map<number, Fault>();
  /** Runs after every call that changed something, with the name of the function's invocation. */
  watch: (by: string) => void = () => {};
  /** Runs before each call, and is waited for: somebody's deed between two calls. */
  between: (call: number) => void | Promise<unknown> = () => {};
  private throttling: string | undefined;

  /** A throttling goes on. */
  get isThrottled(): boolean {
    return this.throttling !== undefined;
  }

  protected override traits(): unknown[] {
    return [...super.traits(), this.throttling];
  }

  protected async call<T>(invocation: Invocation, name: string, about: string, effect: () => T): Promise<T> {
    if (invocation.dead) return new Promise<T>(() => {});
    const index = this.calls.push(name) - 1;
    const journaled: Journaled = { at: this.now, by: invocation.name, request: name, about, outcome: '' };
    this.journal.push(journaled);
    if (name === 'iam:CreateAccessKey') this.creations.set(invocation, (this.creations.get(invocation) ?? 0) + 1);
    const deed = this.between(index);
    if (deed) await deed;
    if (invocation.dead) return new Promise<T>(() => {});
    try {
      return await this.answer(invocation, name, effect, this.faults.get(index));
    } catch (error) {
      journaled.outcome = (error as Error).name;
      throw error;
    }
  }

  /** A throttling that goes on leaves a call alone that has a fault of its own. */
  private answer<T>(invocation: Invocation, name: string, effect: () => T, fault: Fault | undefined): T | Promise<T> {
    if (fault === 'killed-before' || this.calls.length > this.mostCalls) return this.kill(invocation);
    if (fault === 'error') throw new ServiceError('InternalFailure', 'server', { httpStatusCode: 500 });
    if (fault === 'timeout') this.now = new Date(this.now.getTime() + REQUEST_TIMEOUT_MS);
    if (fault === 'timeout') throw new ServiceError('TimeoutError');
    if (fault === 'throttled' || (fault === undefined && this.throttling === name)) {
      this.throttling = fault === 'throttled' ? name : undefined;
      throw refused('ThrottlingException');
    }
    const result = effect();
    if (!isRead(name)) this.watch(invocation.name);
    if (fault === 'killed-after') return this.kill(invocation);
    if (fault === 'lost') throw new ServiceError('ECONNRESET');
    return result;
  }

  private kill<T>(invocation: Invocation): Promise<T> {
    invocation.dead = true;
    invocation.kill(new Killed('the function was killed'));
    return new Promise<T>(() => {});
  }
}
