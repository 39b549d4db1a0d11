import { RotationError } from './errors';
import type { RosterSlice, SliceUser } from '../contract/slice';
import type { AccessKeyPair, Secret, Secrets } from './ports';

/** What a secret version holds. Without a key it says: no key yet, its rotation is the first. */
export interface SecretValue {
  readonly userName: string;
  readonly accountId: string;
  readonly key?: AccessKeyPair;
}

const FIELDS = ['user_name', 'account_id', 'access_key_id', 'secret_access_key'] as const;

/**
 * Reads a version's text.
 * @throws RotationError SECRET_VALUE_INVALID when it is not such a value, as after an edit by hand; the message never quotes it
 */
export function parseSecretValue(text: string): SecretValue {
  const fields = parseObject(text);
  for (const field of FIELDS) {
    if (field in fields && typeof fields[field] !== 'string') throw invalid(`its member ${field} is not a string`);
  }
  const {
    user_name: userName,
    account_id: accountId,
    access_key_id: id,
    secret_access_key: secret,
  } = fields as Record<string, string>;
  if (!userName || !accountId) throw invalid('it lacks user_name or account_id');
  if (Boolean(id) !== Boolean(secret)) throw invalid('it holds half of a key');
  return id && secret ? { userName, accountId, key: { id, secret } } : { userName, accountId };
}

export function printSecretValue(value: SecretValue): string {
  return JSON.stringify({
    ...(value.key && { access_key_id: value.key.id, secret_access_key: value.key.secret }),
    user_name: value.userName,
    account_id: value.accountId,
  });
}

/**
 * Like {@link parseSecretValue}, and the value must be this user's: by the names in it, or because IAM lists its key for
 * this user, whatever name the user had when it was written.
 * @param keyIds keys that IAM lists for this user, where they are known
 * @throws RotationError SECRET_VALUE_INVALID or SECRET_VALUE_FOREIGN
 */
export function parseOwnValue(
  text: string,
  userName: string,
  accountId: string,
  keyIds: readonly string[] = [],
): SecretValue {
  const value = parseSecretValue(text);
  if (value.key && keyIds.includes(value.key.id)) return value;
  if (value.userName.toLowerCase() !== userName.toLowerCase() || value.accountId !== accountId) {
    throw new RotationError(
      'SECRET_VALUE_FOREIGN',
      `the secret's value names another user than ${userName} in ${accountId}`,
      'restore the value from a previous version; nothing was changed',
    );
  }
  return value;
}

interface ValueHolder {
  readonly secrets: Secrets;
  readonly secret: Secret;
}

/**
 * The key that the version with this label names; undefined when nothing has the label, its version has no value, or its
 * value says that there is no key yet.
 * @throws RotationError SECRET_VALUE_INVALID
 */
export async function keyUnder({ secrets, secret }: ValueHolder, stage: string): Promise<AccessKeyPair | undefined> {
  const text = await secrets.value(secret.arn, stage);
  return text === undefined ? undefined : parseSecretValue(text).key;
}

/**
 * Like {@link keyUnder}, and the value must be this user's.
 * @param only the label on this version, and keys that IAM lists for this user where they are known
 * @throws RotationError SECRET_VALUE_INVALID or SECRET_VALUE_FOREIGN
 */
export async function ownKeyUnder(
  { secrets, secret, user, slice }: ValueHolder & { readonly user: SliceUser; readonly slice: RosterSlice },
  stage: string,
  only: { readonly versionId?: string; readonly keyIds?: readonly string[] } = {},
): Promise<AccessKeyPair | undefined> {
  const text = await secrets.value(secret.arn, stage, only.versionId);
  return text === undefined ? undefined : parseOwnValue(text, user.name, slice.accountId, only.keyIds).key;
}

function parseObject(text: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw invalid('it is not JSON');
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw invalid('it is not a JSON object');
  return parsed as Record<string, unknown>;
}

function invalid(found: string): RotationError {
  return new RotationError(
    'SECRET_VALUE_INVALID',
    `the secret's value was changed by hand: ${found}`,
    'restore the value from a previous version; nothing was changed',
  );
}
