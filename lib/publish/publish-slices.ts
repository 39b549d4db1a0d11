import { slicePath } from '../../lambda/contract/names';
import type { RosterSlice, SliceUser } from '../../lambda/contract/slice';
import type { Roster, RosterAccount } from '../roster/roster';
import { toSlices } from '../roster/to-slices';
import type { OrgStore, StoredText } from '../org-bucket/store';

export interface PublishedSlices {
  readonly written: readonly string[];
  readonly unchanged: number;
}

const AT_ONCE = 32;

/**
 * Writes the slices of these accounts that are not there as they should be. Generations grow with time, so that a
 * slice which was removed and comes back is newer than anything its account remembers.
 */
export async function publishSlices(
  roster: Roster,
  accounts: readonly RosterAccount[],
  store: OrgStore,
  now: Date,
): Promise<PublishedSlices> {
  const queue = toSlices({ ...roster, accounts }, () => 0);
  const written: string[] = [];
  let unchanged = 0;
  const work = async (): Promise<void> => {
    for (let slice = queue.pop(); slice; slice = queue.pop()) {
      const key = slicePath(slice.accountId);
      const former = await store.read(key);
      const next = successor(former, slice, now);
      if (next) {
        await store.write(key, `${JSON.stringify(next)}\n`, former?.etag);
        written.push(slice.accountId);
      } else unchanged++;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { written: written.sort(), unchanged };
}

/**
 * Removes the slices of accounts that the roster no longer has. Their stacks are gone by then; a function that is
 * still there changes nothing without a slice.
 * @returns the accounts
 */
export async function removeSlices({ accounts }: Roster, store: OrgStore): Promise<string[]> {
  const wanted = new Set(accounts.map(({ id }) => slicePath(id)));
  const gone = (await store.keys(slicePath('').replace('.json', ''))).filter((key) => !wanted.has(key));
  for (const key of gone) await store.remove(key);
  return gone.map((key) => key.replace(/^.*\/|\.json$/g, '')).sort();
}

/** What is to be written in place of what is there; undefined when that says the same. */
function successor(former: StoredText | undefined, wanted: RosterSlice, now: Date): RosterSlice | undefined {
  const published = former && read(former.text);
  const slice = withFormerNames(wanted, published);
  if (published && JSON.stringify({ ...published, generation: 0 }) === JSON.stringify({ ...slice, generation: 0 }))
    return undefined;
  return { ...slice, generation: Math.max((published?.generation ?? 0) + 1, Math.floor(now.getTime() / 1000)) };
}

/** So many names of a user's secret are remembered. */
const MOST_FORMER_NAMES = 8;

/** Only what was published knows under which names a user's secrets were before. */
function withFormerNames(slice: RosterSlice, published: Partial<RosterSlice> | undefined): RosterSlice {
  const before = new Map((published?.users ?? []).map((user) => [user.name.toLowerCase(), user]));
  const formerly = ({ name, secretName }: SliceUser): Pick<SliceUser, 'formerSecretNames'> => {
    const user = before.get(name.toLowerCase());
    const names = new Set([...(user?.formerSecretNames ?? []), ...(user ? [user.secretName] : [])]);
    names.delete(secretName);
    return names.size > 0 ? { formerSecretNames: [...names].slice(-MOST_FORMER_NAMES) } : {};
  };
  return { ...slice, users: slice.users.map((user) => ({ ...user, ...formerly(user) })) };
}

/** A slice that cannot be read is replaced by one that can. */
function read(text: string): RosterSlice | undefined {
  try {
    return JSON.parse(text) as RosterSlice;
  } catch {
    return undefined;
  }
}
