/**
 * Keys that a secret of a user has held, for the day on which the secret is gone and its ledger with it: then the account's
 * last report is all that still knows. A report is no proof. It only ever slows an act down: what it names stays longer.
 */
import type { AccountReport, UserReport } from '../../../contract/report';
import type { RunWithoutRoster } from '../context';

/** Every key but those that no version names. */
export const heldOf = ({ keys }: Pick<UserReport, 'keys'>): string[] =>
  keys.flatMap(({ keyId, role }) => (role === 'unmanaged' ? [] : keyId));

/**
 * By what this function saw, or another one before it reported. The report is read once in a function's life, before the
 * function writes one: where a secret is to be made, or a user cannot be read.
 * @throws what the read threw: then it is not known
 */
export async function heldKeys({ reports, cache }: RunWithoutRoster, userName: string): Promise<readonly string[]> {
  const cached = cache.users.get(userName)?.held;
  if (cached) return cached;
  cache.reportedHeld ??= heldIn((await reports.read()) ?? '{}');
  return cache.reportedHeld.get(userName) ?? [];
}

const KEY_ID = /^[A-Z0-9]{16,128}$/;
/** IAM allows no more. */
const MOST_KEYS = 2;

/** What is not of a report's form is left out: the ids become a tag. */
function heldIn(text: string): ReadonlyMap<string, readonly string[]> {
  const { users = [], unknown = [] } = parsed(text);
  const held = new Map<string, readonly string[]>();
  const keep = (userName: string, keyIds: readonly string[]): void =>
    void held.set(userName, keyIds.filter((id) => KEY_ID.test(id)).slice(0, MOST_KEYS));
  for (const { userName, keys } of users) keep(userName, heldOf({ keys }));
  for (const { userName, heldKeys: keyIds = [] } of unknown) if (!held.has(userName)) keep(userName, keyIds);
  return held;
}

function parsed(text: string): Partial<AccountReport> {
  try {
    return JSON.parse(text) as Partial<AccountReport>;
  } catch {
    return {};
  }
}
