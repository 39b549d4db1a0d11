import type { Account } from './account';

const ATTEMPTS = 12;
const BETWEEN_MS = 5_000;

/**
 * What was made a moment ago is not known everywhere at once: a minute of attempts while the error is one of these.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
 * @throws the last error
 */
export async function eventually<T>(
  { sleep }: Pick<Account, 'sleep'>,
  errors: readonly string[],
  call: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (attempt === ATTEMPTS || !errors.includes((error as Error).name)) throw error;
      await sleep(BETWEEN_MS);
    }
  }
}
