/** Changes of the roster that could lock people out, lose keys or let others read them: stopped unless reviewed as such. */
import type { SliceUser } from '../../lambda/domain/slice';
import type { Roster, RosterAccount } from '../roster/roster';
import { printHours, rosterChanges, userPairs, type FieldChange } from './changes';

export interface Danger {
  /** Stable, for machines. */
  readonly kind: string;
  readonly accountId?: string;
  readonly userName?: string;
  readonly from?: string;
  readonly to?: string;
  /** One sentence. */
  readonly reason: string;
}

/** What no acknowledgement lets through, with the two pushes that get there. */
export interface Refusal {
  readonly kind: 'canary-flipped' | 'account-not-released';
  readonly accountId: string;
  readonly reason: string;
  readonly steps: readonly [string, string];
}

/** Whether accounts said in their reports that nothing of theirs is rotated any more. */
export type Released = (accountId: string) => boolean;

export function dangersOf(from: Roster | undefined, to: Roster): readonly Danger[] {
  if (!from) return [];
  const before = new Map(from.accounts.map((account) => [account.id, account]));
  const after = new Map(to.accounts.map((account) => [account.id, account]));
  const ids = [...new Set([...before.keys(), ...after.keys()])].sort();
  return [
    ...rosterChanges(from, to).flatMap(rosterDanger),
    ...removals(from, to),
    ...ids.flatMap((id) => [...accountDangers(before.get(id), after.get(id)), ...userPairs(before.get(id), after.get(id)).flatMap((pair) => (pair.to ? userDangers(id, pair.from, pair.to) : []))]),
  ];
}

/** An account in both StackSets at once would have its stack deleted by one while the other makes it. */
export function refusalsOf(from: Roster | undefined, to: Roster, released: Released): readonly Refusal[] {
  const after = new Map(to.accounts.map((account) => [account.id, account]));
  return (from?.accounts ?? []).flatMap((account): Refusal[] => {
    const { id } = account;
    const next = after.get(id);
    if (next && next.canary !== account.canary && next.deployment === 'stackset' && account.deployment === 'stackset') {
      return [{ kind: 'canary-flipped', accountId: id, reason: `account ${id} would go from one StackSet to the other in one push, and each would undo the other`, steps: ['push the account with deployment: manual, which removes its stack; its rotations wait meanwhile', `push it with canary: ${next.canary} and without deployment`] }];
    }
    if (!next && !(account.state === 'leaving' && released(id))) {
      return [{ kind: 'account-not-released', accountId: id, reason: `account ${id} would lose its functions while its users are still rotated`, steps: ['push the account with state: leaving, and wait until its report says released', 'push the roster without it'] }];
    }
    return [];
  });
}

const ROSTER_DANGERS: Readonly<Record<string, { readonly kind: string; readonly reason: string }>> = {
  'organization.id': { kind: 'organization-changed', reason: 'functions of the former organization lose the topic and the bucket, those of another one gain them' },
  'organization.managementAccount': { kind: 'organization-changed', reason: 'another account is taken for the one that no StackSet reaches' },
  'organization.securityAccount': { kind: 'organization-changed', reason: 'topic, bucket and pipeline would be made anew in another account' },
  'organization.organizationalUnits': { kind: 'units-changed', reason: 'accounts outside the units lose their functions' },
  region: { kind: 'region-changed', reason: 'secrets, functions and bucket would be made anew in another region, and those of the former one are left' },
  userGuard: { kind: 'guard-changed', reason: 'the functions reach other users than before' },
  'notifications.admins': { kind: 'addresses-changed', reason: 'alerts go to other people' },
  'notifications.sender': { kind: 'addresses-changed', reason: 'owners get mail from another sender' },
  'notifications.ownerDomain': { kind: 'addresses-changed', reason: 'notices go to other addresses' },
  'source.connectionArn': { kind: 'source-changed', reason: 'another connection decides what is deployed' },
  'source.repository': { kind: 'source-changed', reason: 'another repository decides what is deployed' },
  'source.branch': { kind: 'source-changed', reason: 'another branch decides what is deployed' },
};

function rosterDanger({ field, from, to }: FieldChange): Danger[] {
  const change = { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
  if (field === 'limits.maxRemovalsPercent') return Number(to) > Number(from) ? [{ kind: 'limit-loosened', ...change, reason: 'later changes may remove more users without being stopped' }] : [];
  if (field === 'userGuard' && from === 'none') return [];
  const known = ROSTER_DANGERS[field];
  return known ? [{ kind: known.kind, ...change, reason: `${field}: ${known.reason}` }] : [];
}

/** Users that leave the roster, retire, or are in an account that leaves; judged by the stricter of both limits. */
function removals(from: Roster, to: Roster): Danger[] {
  const after = new Map(to.accounts.map((account) => [account.id, account]));
  const total = from.accounts.reduce((sum, { users }) => sum + users.length, 0);
  const ended = from.accounts.flatMap((account) => userPairs(account, after.get(account.id)).flatMap(({ from: user, to: next }) => (user && ends(user, next, account, after.get(account.id)) ? [`${account.id}/${user.name}`] : [])));
  const limit = Math.min(from.limits.maxRemovalsPercent, to.limits.maxRemovalsPercent);
  if (ended.length === 0 || (100 * ended.length) / total <= limit) return [];
  return [{ kind: 'many-removals', from: `${total} users`, to: ended.sort().join(' '), reason: `${ended.length} of ${total} users would end, more than ${limit} percent` }];
}

function ends(user: SliceUser, next: SliceUser | undefined, account: RosterAccount, after: RosterAccount | undefined): boolean {
  return !next || (user.state === 'active' && next.state === 'retired') || (account.state === 'active' && after?.state === 'leaving');
}

function accountDangers(before: RosterAccount | undefined, after: RosterAccount | undefined): Danger[] {
  const accountId = (before ?? after)!.id;
  if (!before) return after!.breakGlassRoles.length > 0 ? [readersDanger(accountId, undefined, [], after!.breakGlassRoles)] : [];
  if (!after) return [{ kind: 'account-removed', accountId, from: before.name, reason: 'the account loses its functions' }];
  const roles = added(before.breakGlassRoles, after.breakGlassRoles);
  return [
    ...(roles.length > 0 ? [readersDanger(accountId, undefined, before.breakGlassRoles, after.breakGlassRoles)] : []),
    ...(before.deployment !== after.deployment ? [{ kind: 'deployment-changed', accountId, from: before.deployment, to: after.deployment, reason: 'the stack is removed by the one way before it comes by the other; rotations wait meanwhile' }] : []),
  ];
}

const HARSHNESS: readonly string[] = ['hold', 'retire', 'deactivate', 'delete'];

/** A user who is new may have been taken out before: what others gain by it is judged as if nobody had read the secret. */
function userDangers(accountId: string, before: SliceUser | undefined, after: SliceUser): Danger[] {
  const place = { accountId, userName: after.name };
  if (!before) return after.readers.length > 0 ? [readersDanger(accountId, after.name, [], after.readers)] : [];
  const readsOf = ({ readers, ownerReads }: SliceUser): string[] => [...readers, ...(ownerReads ? ['the owner'] : [])];
  const shorter = (field: 'keepPreviousFor' | 'quietFor' | 'deleteInactiveAfter'): Danger[] => {
    const [from, to] = [before[`${field}Hours`], after[`${field}Hours`]];
    return to < from ? [{ kind: 'times-shortened', ...place, from: printHours(from), to: printHours(to), reason: `${field}: an old key ends sooner than its owner was told` }] : [];
  };
  const harsher = (field: 'unmanagedKeys' | 'whenStillUsed'): Danger[] => {
    const [from, to] = [before[field], after[field]];
    return HARSHNESS.indexOf(to) > HARSHNESS.indexOf(from) ? [{ kind: 'made-harsher', ...place, from, to, reason: `${field}: keys end that would have been left` }] : [];
  };
  return [
    ...(added(readsOf(before), readsOf(after)).length > 0 ? [readersDanger(accountId, after.name, readsOf(before), readsOf(after))] : []),
    ...(before.email !== after.email ? [{ kind: 'addresses-changed', ...place, from: before.email ?? 'the admins', to: after.email ?? 'the admins', reason: "the owner's notices go to another address" }] : []),
    ...(before.secretName !== after.secretName ? [{ kind: 'secret-renamed', ...place, from: before.secretName, to: after.secretName, reason: 'whoever reads the former secret finds no new key there' }] : []),
    ...shorter('keepPreviousFor'),
    ...shorter('quietFor'),
    ...shorter('deleteInactiveAfter'),
    ...harsher('unmanagedKeys'),
    ...harsher('whenStillUsed'),
  ];
}

/** Says who read before as well: the same addition to other readers is another change. */
function readersDanger(accountId: string, userName: string | undefined, before: readonly string[], after: readonly string[]): Danger {
  const print = (readers: readonly string[]): string => (readers.length > 0 ? [...readers].sort().join(', ') : 'nobody');
  return { kind: 'readers-added', accountId, ...(userName !== undefined && { userName }), from: print(before), to: print(after), reason: userName === undefined ? 'roles gain every secret of the account' : "principals gain the user's secret" };
}

const added = (before: readonly string[], after: readonly string[]): string[] => after.filter((item) => !before.includes(item)).sort();
