/** What AWS's services and people's clients do again when a call of theirs gets no answer, or one that says: later. */
import type { Clock } from './clock';
import { ConnectionLost } from './faults';
import { AwsError } from './service';

/** Of the SDKs and the AWS CLI: https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html */
export const CLIENT_ATTEMPTS = 3;

export interface RetryPolicy {
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
  readonly forMs: number;
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** A day: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html. The waits are assumed. */
export const EVENTBRIDGE_RETRIES: RetryPolicy = {
  firstWaitMs: MINUTE_MS,
  longestWaitMs: 10 * MINUTE_MS,
  forMs: DAY_MS,
};

/** 23 days: https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html, there every 20 s in the end. */
export const SNS_RETRIES: RetryPolicy = { firstWaitMs: 1_000, longestWaitMs: 10 * MINUTE_MS, forMs: 23 * DAY_MS };

const THROTTLING = /Throttl|TooManyRequests|SlowDown|RequestLimitExceeded/;

export const isThrottling = (code: string): boolean => THROTTLING.test(code);

/** Whether the same call may succeed a moment later. */
export const isTransient = (error: unknown): boolean =>
  error instanceof ConnectionLost ||
  (error instanceof AwsError && (isThrottling(error.code) || error.statusCode === 500 || error.statusCode === 503));

/** Whether the fault plan made it: no defect of what was deployed. */
export const isFault = (error: unknown): boolean =>
  error instanceof ConnectionLost || (error instanceof AwsError && error.injected);

/**
 * A call that a service makes by itself: once now, and again as its policy says while it finds no answer. What the
 * fault plan has refused for good is dropped, as AWS does without a dead-letter queue.
 * @throws AwsError when the first attempt is refused by what was deployed, lest a missing permission goes unseen
 */
export async function deliver(clock: Clock, attempt: () => Promise<unknown>, policy: RetryPolicy): Promise<void> {
  const endMs = clock.now().getTime() + policy.forMs;
  const attempts = async (waitMs: number): Promise<void> => {
    try {
      await attempt();
    } catch (error) {
      if (!isTransient(error) && !isFault(error)) throw error;
      const again = new Date(clock.now().getTime() + waitMs);
      if (isTransient(error) && again.getTime() <= endMs)
        clock.at(again, () => attempts(Math.min(2 * waitMs, policy.longestWaitMs)));
    }
  };
  await attempts(policy.firstWaitMs);
}
