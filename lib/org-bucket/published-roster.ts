import type { Roster } from '../roster/roster';

export interface PublishedRoster {
  readonly schemaVersion: 1;
  /** Grows with every publication. */
  readonly generation: number;
  readonly roster: Roster;
}

/** The roster as the pipeline leaves it in the org bucket, for the guard of the next push. */
export const printPublished = (roster: Roster, generation: number): string =>
  `${JSON.stringify({ schemaVersion: 1, generation, roster } satisfies PublishedRoster)}\n`;

/** @throws Error when it is not one of these, or of a version that this code does not know: nothing can be compared with it */
export function parsePublished(text: string): PublishedRoster {
  let published: Partial<PublishedRoster> | null;
  try {
    published = JSON.parse(text) as Partial<PublishedRoster> | null;
  } catch {
    throw new Error('the published roster is not JSON: it was cut off or is another file');
  }
  if (published?.schemaVersion === undefined)
    throw new Error('this is not a published roster: it has no schema version');
  if (published.schemaVersion !== 1)
    throw new Error(
      `the published roster has the schema version ${JSON.stringify(published.schemaVersion)}, and this code knows 1`,
    );
  if (typeof published.generation !== 'number' || !isWhole(published.roster))
    throw new Error('the published roster is not whole: its generation, accounts, addresses or limits are missing');
  if (hasControl(published)) throw new Error('the published roster has control characters, which no roster can have');
  return published as PublishedRoster;
}

/** No roster that validates holds one, of whatever version; whoever reads the plan could be shown lines of somebody else's. */
function hasControl(value: unknown): boolean {
  if (typeof value === 'string') return /[\u0000-\u001f\u007f]/.test(value);
  return typeof value === 'object' && value !== null && Object.entries(value).flat().some(hasControl);
}

function isWhole({ accounts, notifications, limits }: Partial<Roster> = {}): boolean {
  return (
    Array.isArray(accounts) &&
    accounts.every((account) => typeof account?.id === 'string' && Array.isArray(account.users)) &&
    Array.isArray(notifications?.admins) &&
    Array.isArray(limits?.freeze)
  );
}
