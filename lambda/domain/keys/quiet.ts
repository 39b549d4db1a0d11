import type { AccessKey, LastUse } from '../ports';
import { hoursToMs } from '../time';

/**
 * Quiet: AWS answered, and the key was never used or last used at least `quietForHours` ago. "Never used" counts
 * only for a key older than that, because the record of a use lags. An error is not an answer: the caller lets it
 * pass up and so never takes it for quiet.
 */
export function isQuiet(key: AccessKey, lastUse: LastUse, quietForHours: number, now: Date): boolean {
  return now.getTime() >= quietAt(key, lastUse, quietForHours).getTime();
}

/** The instant at which the key is quiet unless it is used again. */
export function quietAt(key: AccessKey, lastUse: LastUse, quietForHours: number): Date {
  const seenAt = lastUse.used ? lastUse.at : key.createdAt;
  return new Date(seenAt.getTime() + hoursToMs(quietForHours));
}
