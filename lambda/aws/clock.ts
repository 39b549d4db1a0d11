import type { Clock } from '../domain/ports';

/** @param remaining milliseconds that Lambda leaves this invocation */
export function systemClock(remaining: () => number): Clock {
  return {
    now: () => new Date(),
    sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    remaining,
  };
}
