/**
 * The last working key: nothing that retires touches an Active key of a user while AWSCURRENT does not name a key that
 * exists and is Active, whoever caused that and whatever is due. One of the others may be all that its owner has.
 */
import { hasHeldAKey, isCompromised, isFormers } from '../ledger/tags';
import type { AccessKey, KeyAdministration, Secret, Secrets } from '../ports';
import { keyUnder } from '../secret-value';
import type { SliceUser } from '../../contract/slice';

export interface Holdings {
  readonly secret: Secret;
  readonly user: SliceUser;
  readonly existing: readonly AccessKey[];
  readonly currentKeyId: string | undefined;
}

/** AWSCURRENT names a key that exists and is Active. */
export const storedKeyWorks = ({ existing, currentKeyId }: Holdings): boolean =>
  existing.some(({ id, status }) => id === currentKeyId && status === 'Active');

/**
 * AWSCURRENT names a key that is gone or Inactive: every retirement of this user stands still. Two exceptions. A key that
 * was declared compromised: its successor needs room. A user whom the reviewed roster retires: none of its keys is to work.
 */
export const retirementsWait = (holdings: Holdings): boolean => {
  const { secret, user, currentKeyId } = holdings;
  return (
    user.state !== 'retired' &&
    currentKeyId !== undefined &&
    !storedKeyWorks(holdings) &&
    !isCompromised(secret, currentKeyId)
  );
};

/** No Active key of this user retires until the secret holds one that works. */
export const isUnsettled = (holdings: Holdings): boolean =>
  retirementsWait(holdings) ||
  (holdings.user.state !== 'retired' && holdings.currentKeyId === undefined && hasHeldAKey(holdings.secret));

/**
 * Whether this Active key may be the last that works. Where no key was ever stored, as at adoption, every key but the
 * last Active one may go; where one was, and AWSCURRENT names none now, none may.
 */
export function mayBeLast(holdings: Holdings, keyId: string): boolean {
  const { secret, user, existing, currentKeyId } = holdings;
  if (user.state === 'retired' || currentKeyId !== undefined || hasHeldAKey(secret)) return isUnsettled(holdings);
  return !existing.some(({ id, status }) => id !== keyId && status === 'Active');
}

export interface KeyHolder {
  readonly secrets: Secrets;
  readonly secret: Secret;
  readonly user: SliceUser;
  readonly iam: KeyAdministration;
}

export interface Verdict {
  /** `protected`: AWSCURRENT or AWSPENDING names it. `last`: it is Active and may be the last that works. */
  readonly verdict: 'free' | 'protected' | 'last';
  /** Undefined when IAM does not list it. */
  readonly key: AccessKey | undefined;
}

/**
 * What is true of a key now, read anew immediately before it is deactivated or deleted.
 * @throws RotationError SECRET_VALUE_INVALID when a value cannot be understood: then nothing may be touched
 */
export async function judgeKey(holder: KeyHolder, keyId: string): Promise<Verdict> {
  const { secret, user, iam } = holder;
  const named = (await keyUnder(holder, 'AWSCURRENT'))?.id;
  const pending = (await keyUnder(holder, 'AWSPENDING'))?.id;
  const existing = await iam.list();
  const key = existing.find(({ id }) => id === keyId);
  if (keyId === named || keyId === pending) return { verdict: 'protected', key };
  const isLast =
    key?.status === 'Active' &&
    mayBeLast({ secret, user, existing, currentKeyId: isFormers(secret) ? undefined : named }, keyId);
  return { verdict: isLast ? 'last' : 'free', key };
}
