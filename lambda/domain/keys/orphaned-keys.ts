import type { Intent } from '../ledger/intents';
import type { AccessKey } from '../ports';
import { LIST_LAG_MS } from '../ledger/tags';

/** Slack for clocks that differ and for IAM's whole seconds. */
const SLACK_MS = 5_000;

/** The last instant at which the invocation behind the intent can have created a key. */
function endOf(intent: Intent, timeoutMs: number): number {
  return (intent.closedAt?.getTime() ?? intent.at.getTime() + timeoutMs) + SLACK_MS;
}

function covers(intent: Intent, key: AccessKey, timeoutMs: number): boolean {
  const createdAt = key.createdAt.getTime();
  return (
    !intent.keyIds.includes(key.id) &&
    createdAt >= intent.at.getTime() - SLACK_MS &&
    createdAt <= endOf(intent, timeoutMs)
  );
}

/**
 * Splits the keys that are in no version into orphans of ours, keys that an attempt still running may be about
 * to store, and unmanaged ones. One intent makes at most one key: a stored key uses its intent up, and where
 * several keys could be the one, none is taken for ours.
 * @param known ids that a version or the ledger names
 */
export function judgeUnknownKeys(
  keys: readonly AccessKey[],
  known: ReadonlySet<string>,
  intents: readonly Intent[],
  timeoutMs: number,
  now: Date,
): { orphans: AccessKey[]; undecided: AccessKey[]; unmanaged: AccessKey[] } {
  const open = unfulfilled(
    keys.filter((key) => known.has(key.id)),
    intents,
    timeoutMs,
  );
  const judged = { orphans: [] as AccessKey[], undecided: [] as AccessKey[], unmanaged: [] as AccessKey[] };
  const unknown = keys.filter((key) => !known.has(key.id));
  for (const key of unknown) {
    const candidates = open.filter((intent) => covers(intent, key, timeoutMs));
    const rivals = unknown.filter((other) => candidates.some((intent) => covers(intent, other, timeoutMs)));
    if (candidates.length === 0 || rivals.length > candidates.length) judged.unmanaged.push(key);
    else if (candidates.some((intent) => !intent.closedAt && now.getTime() <= endOf(intent, timeoutMs)))
      judged.undecided.push(key);
    else judged.orphans.push(key);
  }
  return judged;
}

function unfulfilled(stored: readonly AccessKey[], intents: readonly Intent[], timeoutMs: number): Intent[] {
  const open = [...intents].sort((a, b) => b.at.getTime() - a.at.getTime());
  for (const key of stored) {
    const latest = open.findIndex((intent) => covers(intent, key, timeoutMs));
    if (latest >= 0) open.splice(latest, 1);
  }
  return open;
}

/** Intents that can no longer explain a key: their time and the lists' lag are over. Those of `keepToken` stay. */
export function spentIntents(
  intents: readonly Intent[],
  keys: readonly AccessKey[],
  keepToken: string | undefined,
  timeoutMs: number,
  now: Date,
): Intent[] {
  return intents.filter(
    (intent) =>
      intent.token !== keepToken &&
      now.getTime() > endOf(intent, timeoutMs) + LIST_LAG_MS &&
      !keys.some((key) => covers(intent, key, timeoutMs)),
  );
}

/** When the last undecided intent can be judged. */
export function judgeableAt(intents: readonly Intent[], timeoutMs: number): Date {
  return new Date(
    Math.max(0, ...intents.filter((intent) => !intent.closedAt).map((intent) => endOf(intent, timeoutMs))) + 1,
  );
}
