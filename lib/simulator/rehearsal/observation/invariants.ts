import type { AccountState, UserState, VersionState } from '../environment/account-state';
import type { InvariantRule } from '../history/event-log';
import { nameOf } from '../environment/user-key';
import type { SecretSearch } from './secret-search';

/** A promise found broken, before it has a time. */
export interface Finding {
  readonly rule: InvariantRule;
  readonly userName?: string;
  readonly message: string;
}

/**
 * What must hold after every call that changes a key or a secret.
 * @param offboarded `account/user` of those whose keys are to end, as the roster says
 */
export function alwaysTrue(state: AccountState, offboarded: ReadonlySet<string>): readonly Finding[] {
  return state.users.flatMap((user) => [
    ...twoKeysAtMost(user),
    ...(offboarded.has(nameOf(state.accountId, user.userName)) ? [] : currentKeyWorks(user)),
  ]);
}

/**
 * What must also hold once no rotation is outstanding.
 * @param managed keys that the product made
 * @param lost keys that were in a secret which somebody deleted
 */
export function trueAtRest(
  state: AccountState,
  managed: ReadonlySet<string>,
  lost: ReadonlySet<string>,
): readonly Finding[] {
  return state.users.flatMap((user) => noOrphan(user, managed, lost));
}

/**
 * The product deactivated or deleted an Active key while the stored one did not work, which left its owner with less than
 * it had. Of a user who never had a stored key another Active one must be left.
 */
export function lastKeyKept(before: UserState, after: UserState, hasStored: boolean): readonly Finding[] {
  const active = ({ keys }: UserState): string[] =>
    keys.flatMap(({ keyId, status }) => (status === 'Active' ? keyId : []));
  const stopped = active(before).filter((keyId) => !active(after).includes(keyId));
  const stored = before.versions?.find(({ labels }) => labels.includes('AWSCURRENT'))?.keyId;
  if (stored !== undefined && active(before).includes(stored)) return [];
  if (!hasStored && active(after).length > 0) return [];
  return stopped.map((keyId) => ({
    rule: 'last-key-kept',
    userName: after.userName,
    message: `key ${keyId} of ${after.userName} was deactivated or deleted while no key that works was stored`,
  }));
}

/** Whether AWSCURRENT names a key that works. */
export const isStoredKeySound = (user: UserState): boolean =>
  currentKeyWorks(user).length === 0 && holdsKey(user.versions ?? []);

const holdsKey = (versions: readonly VersionState[]): boolean =>
  versions.some(({ keyId, labels }) => keyId !== undefined && labels.includes('AWSCURRENT'));

function twoKeysAtMost(user: UserState): readonly Finding[] {
  if (user.keys.length <= 2) return [];
  return [
    {
      rule: 'two-keys-at-most',
      userName: user.userName,
      message: `${user.userName} has ${user.keys.length} access keys, and IAM allows 2`,
    },
  ];
}

/** The version labelled AWSCURRENT names an Active key of its user, with the secret that IAM made. */
function currentKeyWorks(user: UserState): readonly Finding[] {
  if (user.versions === undefined) return [];
  const found = (what: string): readonly Finding[] => [
    { rule: 'current-key-works', userName: user.userName, message: `the secret of ${user.userName} ${what}` },
  ];
  const current = user.versions.filter((version) => version.labels.includes('AWSCURRENT'));
  if (current.length !== 1) return found(`has ${current.length} versions labelled AWSCURRENT, and needs exactly 1`);
  const [version] = current;
  if (version?.keyId === undefined)
    return hasHadAKey(user.versions) ? found('lost its key: AWSCURRENT holds none') : [];
  const key = user.keys.find((other) => other.keyId === version.keyId);
  if (key === undefined) return found(`names key ${version.keyId}, which the user does not have`);
  if (key.status !== 'Active') return found(`names key ${key.keyId}, which is ${key.status}`);
  if (version.userName && version.userName !== user.userName) return found(`says that its key belongs to another user`);
  if (version.secret !== key.secret) return found(`holds a secret access key that does not fit ${key.keyId}`);
  return [];
}

function hasHadAKey(versions: readonly VersionState[]): boolean {
  return versions.some((version) => version.keyId !== undefined && !version.labels.includes('AWSPENDING'));
}

/** A key that the product made and no version names is lost: nobody can use it, and it takes one of two places. */
function noOrphan(user: UserState, managed: ReadonlySet<string>, lost: ReadonlySet<string>): readonly Finding[] {
  if (isRotating(user)) return [];
  const stored = new Set([...(user.versions ?? []).map((version) => version.keyId), ...(user.formerKeyIds ?? [])]);
  return user.keys
    .filter(({ keyId }) => managed.has(keyId) && !stored.has(keyId) && !lost.has(keyId))
    .map((key) => ({
      rule: 'no-orphan-at-rest',
      userName: user.userName,
      message: `key ${key.keyId} of ${user.userName} is in no version of the secret`,
    }));
}

/** AWSPENDING on another version than AWSCURRENT: a rotation is outstanding. */
function isRotating(user: UserState): boolean {
  return (
    user.versions?.some((version) => version.labels.includes('AWSPENDING') && !version.labels.includes('AWSCURRENT')) ??
    false
  );
}

export function noSecretIn(place: string, text: string, search: SecretSearch): readonly Finding[] {
  return search.find(text).map((keyId) => ({
    rule: 'no-secret-outside-the-store',
    message: `the secret access key of ${keyId} appears in ${place}`,
  }));
}

/** An owner's call was refused although the roster lets no key stop while it is being used. */
export function ownerLockedOut(userName: string, keyId: string, mayStopWhileUsed: boolean): readonly Finding[] {
  if (mayStopWhileUsed) return [];
  return [
    {
      rule: 'owner-not-locked-out',
      userName,
      message: `key ${keyId} of ${userName} stopped working before its owner had switched`,
    },
  ];
}
