/** What a change of the roster does, account by account and field by field. */
import type { SliceUser, UserGuard } from '../../lambda/contract/slice';
import type { Roster, RosterAccount } from '../roster/roster';
import { costOf, type Cost } from './cost';

export interface Before<T> {
  readonly before: T;
  readonly after: T;
}

export interface FieldChange {
  readonly field: string;
  /** As the roster writes it; absent for none. */
  readonly from?: string;
  readonly to?: string;
}

export interface UserChange {
  readonly userName: string;
  readonly fields: readonly FieldChange[];
}

export interface AccountChange {
  readonly id: string;
  readonly name: string;
  readonly change: 'added' | 'removed' | 'changed';
  readonly fields: readonly FieldChange[];
  readonly added: readonly string[];
  /** No longer in the roster: released, keys and secrets stay. */
  readonly removed: readonly string[];
  /** To be deactivated and deleted, whether managed before or not. */
  readonly retired: readonly string[];
  readonly restored: readonly string[];
  readonly changed: readonly UserChange[];
  /** New users whose first rotation comes as soon as there is room. */
  readonly firstRotations: number;
  /** Of these, how many are announced to their owners first, if they have a key. */
  readonly announced: number;
  /** Users whose keys may be older than the period is now: at most so many rotations fall due at once. */
  readonly dueAtOnce: number;
  readonly cost: Before<Cost>;
}

const NOBODY: RosterAccount['users'] = [];

/** Accounts that differ, in the order of their ids. */
export function accountChanges(from: Roster | undefined, to: Roster): readonly AccountChange[] {
  return accountPairs(from?.accounts ?? [], to.accounts).flatMap(
    ([before, after]) => accountChange(before, after) ?? [],
  );
}

/** Accounts of one id, in the order of their ids. */
export function accountPairs(
  from: readonly RosterAccount[],
  to: readonly RosterAccount[],
): readonly (readonly [RosterAccount | undefined, RosterAccount | undefined])[] {
  const [before, after] = [byId(from), byId(to)];
  return [...new Set([...before.keys(), ...after.keys()])].sort().map((id) => [before.get(id), after.get(id)]);
}

/** Changes of what is not in an account: organization, addresses, limits, source. */
export function rosterChanges(from: Roster, to: Roster): readonly FieldChange[] {
  return differences(rosterFields(from), rosterFields(to));
}

/** Users as pairs of one name, ignoring case. */
export function userPairs(
  before: RosterAccount | undefined,
  after: RosterAccount | undefined,
): readonly { readonly from?: SliceUser; readonly to?: SliceUser }[] {
  const pairs = new Map<string, { from?: SliceUser; to?: SliceUser }>();
  for (const user of before?.users ?? NOBODY) pairs.set(user.name.toLowerCase(), { from: user });
  for (const user of after?.users ?? NOBODY)
    pairs.set(user.name.toLowerCase(), { ...pairs.get(user.name.toLowerCase()), to: user });
  return [...pairs.values()];
}

function changeOf(before: object | undefined, after: object | undefined): AccountChange['change'] {
  if (!before) return 'added';
  return after ? 'changed' : 'removed';
}

function accountChange(before: RosterAccount | undefined, after: RosterAccount | undefined): AccountChange | undefined {
  const { id, name } = (after ?? before)!;
  const pairs = userPairs(before, after);
  const names = (wanted: (pair: (typeof pairs)[number]) => boolean): string[] =>
    pairs.filter(wanted).map(({ from, to }) => (to ?? from)!.name);
  const begin =
    after?.state === 'active' ? pairs.filter(({ from, to }) => !from && to?.state === 'active' && !to.exempt) : [];
  const change: AccountChange = {
    id,
    name,
    change: changeOf(before, after),
    fields: before && after ? differences(accountFields(before), accountFields(after)) : [],
    added: names(({ from }) => !from),
    removed: names(({ to }) => !to),
    retired: names(({ from, to }) => from?.state !== 'retired' && to?.state === 'retired'),
    restored: names(({ from, to }) => from?.state === 'retired' && to?.state === 'active'),
    changed: pairs.flatMap(({ from, to }) => {
      const fields = from && to ? differences(userFields(from), userFields(to)) : [];
      return fields.length > 0 ? [{ userName: to!.name, fields }] : [];
    }),
    firstRotations: begin.length,
    announced: begin.filter(({ to }) => to?.announceFirstRotationHours).length,
    dueAtOnce: after?.state === 'active' ? pairs.filter(isDueSooner).length : 0,
    cost: { before: costOf(before ? [before] : []), after: costOf(after ? [after] : []) },
  };
  const same =
    before && after && change.fields.length + change.added.length + change.removed.length + change.changed.length === 0;
  return same ? undefined : change;
}

/** A shorter period is counted from the day on which the key was made. */
const isDueSooner = ({ from, to }: { readonly from?: SliceUser; readonly to?: SliceUser }): boolean =>
  from !== undefined && to?.state === 'active' && !to.exempt && to.rotateEveryHours < from.rotateEveryHours;

type Fields = Readonly<Record<string, string | undefined>>;

function differences(from: Fields, to: Fields): FieldChange[] {
  return Object.keys({ ...from, ...to })
    .filter((field) => from[field] !== to[field])
    .map((field) => ({
      field,
      ...(from[field] !== undefined && { from: from[field] }),
      ...(to[field] !== undefined && { to: to[field] }),
    }));
}

/** A roster outside its accounts, for comparison. */
export const rosterFields = ({
  organization,
  region,
  userGuard,
  secretsKey,
  notifications,
  source,
  limits,
}: Roster): Fields => ({
  'organization.id': organization?.id,
  'organization.managementAccount': organization?.managementAccount,
  'organization.securityAccount': organization?.securityAccount,
  'organization.organizationalUnits': organization && list(organization.organizationalUnits),
  region,
  userGuard: printGuard(userGuard),
  secretsKey,
  'notifications.admins': list(notifications.admins),
  'notifications.sender': notifications.sender,
  'notifications.senderIdentity': notifications.senderIdentity ?? 'address',
  'notifications.ownerDomain': notifications.ownerDomain,
  'notifications.contact': notifications.contact,
  'source.connectionArn': source?.connectionArn,
  'source.repository': source?.repository,
  'source.branch': source?.branch,
  'limits.maxFirstRotationsPerRun': String(limits.maxFirstRotationsPerRun),
  'limits.maxRemovalsPercent': String(limits.maxRemovalsPercent),
  'limits.freeze': printFreeze(limits.freeze),
});

/** An account without its users, for comparison. */
export const accountFields = ({ name, canary, state, deployment, breakGlassRoles }: RosterAccount): Fields => ({
  name,
  canary: String(canary),
  state,
  deployment,
  breakGlassRoles: list(breakGlassRoles),
});

/** A user as the roster writes it, for comparison. */
export const userFields = (user: SliceUser): Fields => ({
  name: user.name,
  secretName: user.secretName,
  email: user.email,
  state: user.state,
  rotateEvery: printHours(user.rotateEveryHours),
  keepPreviousFor: printHours(user.keepPreviousForHours),
  quietFor: printHours(user.quietForHours),
  deleteInactiveAfter: printHours(user.deleteInactiveAfterHours),
  whenStillUsed: user.whenStillUsed,
  holdAtMost: user.holdAtMostHours === undefined ? undefined : printHours(user.holdAtMostHours),
  announceFirstRotation:
    user.announceFirstRotationHours === undefined ? undefined : printHours(user.announceFirstRotationHours),
  unmanagedKeys: user.unmanagedKeys,
  ownerReads: String(user.ownerReads),
  adoptSecret: user.adoptSecret && 'true',
  readers: list(user.readers),
  exempt: printExemption(user.exempt),
});

/** `48h` or `7d`, whichever says it whole. */
export const printHours = (hours: number): string => (hours % 24 === 0 ? `${hours / 24}d` : `${hours}h`);

export const printFreeze = (windows: Roster['limits']['freeze']): string | undefined =>
  list(windows.map(({ from, to }) => `${from} to ${to}`));

export const printExemption = (exempt: SliceUser['exempt']): string | undefined =>
  exempt && `until ${exempt.until}: ${exempt.reason} (${exempt.approvedBy})`;

function printGuard(guard: UserGuard): string {
  if (guard.kind === 'tag') return `tag ${guard.key}=${guard.value}`;
  return guard.kind === 'path' ? `path ${guard.path}` : 'none';
}

/** Order is of no consequence in any list of the roster. */
const list = (items: readonly string[]): string | undefined =>
  items.length > 0 ? [...items].sort().join(', ') : undefined;

export const byId = (accounts: readonly RosterAccount[]): ReadonlyMap<string, RosterAccount> =>
  new Map(accounts.map((account) => [account.id, account]));
