import type { RosterSlice, SliceUser } from '../../contract/slice';

/** Who is told. An owner is only ever found in the roster; what no owner can receive goes to the administrators. */
export type Recipient =
  | { readonly kind: 'owner'; readonly user: SliceUser; readonly address: string }
  | { readonly kind: 'admins'; readonly because: 'no-address'; readonly user: SliceUser }
  | { readonly kind: 'admins'; readonly because: 'not-in-roster' };

/** One plain ASCII address: neither a second recipient nor a display name nor a line break fits in. */
const ADDRESS = /^[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?$/i;

/** User names are unique ignoring case in IAM, so the roster's spelling wins. */
export function recipientOf(userName: string, slice: RosterSlice): Recipient {
  const wanted = userName.toLowerCase();
  const user = slice.users.find(({ name }) => name.toLowerCase() === wanted);
  if (!user) return { kind: 'admins', because: 'not-in-roster' };
  const address = user.email ?? '';
  return ADDRESS.test(address) ? { kind: 'owner', user, address } : { kind: 'admins', because: 'no-address', user };
}
