import { createHash } from 'node:crypto';

/** The same thing told twice has the same id, so that repeating it changes nothing. */
export function digest(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}
