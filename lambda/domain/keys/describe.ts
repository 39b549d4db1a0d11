import type { LastUse } from '../ports';
import { inWords } from '../time';

/** All that a person may see of a key that is on its way out. */
export const lastFour = (keyId: string): string => keyId.slice(-4);

/** For messages: when, by which service and where. */
export function describeLastUse(lastUse: LastUse): string {
  return lastUse.used ? `last used ${inWords(lastUse.at)} by ${lastUse.service} in ${lastUse.region}` : 'never used';
}
