import { zipSync } from 'fflate';
import type { MemberCode } from '../stacks/member/member-code';
import { WrittenMeanwhile, type OrgStore } from '../org-bucket/store';

/** Zip knows no earlier time; a fixed one makes the same bytes of the same code. */
const NO_TIME = new Date(1980, 0, 1);

/**
 * Writes the member functions' code where templates expect it. Objects are named by their content: one that is there
 * already is the same, and none is ever replaced or removed while a stack may use it.
 * @returns the keys that were not there
 */
export async function publishCode({ objects }: MemberCode, store: OrgStore): Promise<string[]> {
  const written: string[] = [];
  for (const { key, source } of Object.values(objects)) {
    if (await store.has(key)) continue;
    if (await isWritten(store, key, zipSync({ 'index.js': source }, { mtime: NO_TIME, level: 9 }))) written.push(key);
  }
  return written;
}

/** Where the bucket does not say whether an object is there, writing it does. */
async function isWritten(store: OrgStore, key: string, zip: Uint8Array): Promise<boolean> {
  try {
    await store.write(key, zip, undefined);
    return true;
  } catch (error) {
    if (error instanceof WrittenMeanwhile) return false;
    throw error;
  }
}
