import type { Principal } from '../service';

export interface InvocationSource {
  readonly principal:
    'secretsmanager.amazonaws.com' | 'events.amazonaws.com' | 'scheduler.amazonaws.com' | 'sqs' | Principal;
  readonly sourceArn?: string;
  readonly sourceAccount?: string;
}

/** Runs a function and waits for its end; rejects with an AwsError when it may not be invoked. */
export interface Invoke {
  (
    functionArn: string,
    payload: unknown,
    source: InvocationSource,
  ): Promise<{ payload: unknown; functionError?: 'Unhandled' }>;
}
