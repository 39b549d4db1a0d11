import { RotationError } from './errors';
import type { RosterSlice, SliceUser } from '../contract/slice';
import type { AccessKeyPair, KeyAdministration, Secret, Secrets } from './ports';

/**
 * What a secret version holds. Without a key it says: no key yet, its rotation is the first. One with a key that names
 * nobody is of the original single-account rotator, or was edited.
 */
export interface SecretValue {
  readonly userName: string;
  readonly accountId: string;
  readonly key?: AccessKeyPair;
  /** What somebody added to the value; absent where nobody did. */
  readonly added?: Readonly<Record<string, unknown>>;
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
    user_name: userName = '',
    account_id: accountId = '',
    access_key_id: id,
    secret_access_key: secret,
  } = fields as Record<string, string>;
  if (Boolean(id) !== Boolean(secret)) throw invalid('it contains only half of a key');
  if (!id && (!userName || !accountId)) throw invalid('user_name or account_id is missing');
  const others = Object.entries(fields).filter(([name]) => !FIELDS.some((field) => field === name));
  const added = others.length > 0 ? { added: Object.fromEntries(others) } : {};
  return id && secret ? { userName, accountId, key: { id, secret }, ...added } : { userName, accountId, ...added };
}

export function printSecretValue(value: SecretValue): string {
  return JSON.stringify({
    ...(value.key && { access_key_id: value.key.id, secret_access_key: value.key.secret }),
    user_name: value.userName,
    account_id: value.accountId,
    ...value.added,
  });
}

/** Ids of access keys: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html */
const KEY_ID = /\bA(KIA|SIA)[A-Z0-9]{12,124}\b/;

/**
 * What somebody added, for the value of the next key: without what holds the key of this one or the id of any, as it is, in
 * an URL or in base64. What is computed from a key, such as a password, is not recognised.
 */
export function keptFields({ key, added = {} }: SecretValue): Pick<SecretValue, 'added'> {
  const holdsKey = (field: unknown): boolean => {
    const text = JSON.stringify(field);
    const decoded = [text, unescaped(text), ...decodedIn(text)];
    return decoded.some((form) => KEY_ID.test(form) || (key !== undefined && form.includes(key.secret)));
  };
  const kept = Object.entries(added).filter(([, field]) => !holdsKey(field));
  return kept.length > 0 ? { added: Object.fromEntries(kept) } : {};
}

const unescaped = (text: string): string =>
  text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

const decodedIn = (text: string): string[] =>
  (text.match(/[A-Za-z0-9+/_-]{16,}={0,2}/g) ?? []).map((word) => Buffer.from(word, 'base64').toString('latin1'));

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
  if (!value.userName || !value.accountId) throw invalid('user_name or account_id is missing');
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

interface OwnValueHolder extends ValueHolder {
  readonly user: SliceUser;
  readonly slice: RosterSlice;
  readonly iam: Pick<KeyAdministration, 'list'>;
}

interface Only {
  /** The label on this version. */
  readonly versionId?: string;
  /** Keys that IAM lists for this user, where they are known. */
  readonly keyIds?: readonly string[];
}

/**
 * What the version with this label holds, which must be this user's. Where it names nobody, or somebody else, as after the
 * user was renamed, IAM is asked for the user's keys.
 * @throws RotationError SECRET_VALUE_INVALID or SECRET_VALUE_FOREIGN, and what IAM's list threw
 */
export async function ownValueUnder(
  { secrets, secret, user, slice, iam }: OwnValueHolder,
  stage: string,
  { versionId, keyIds }: Only = {},
): Promise<SecretValue | undefined> {
  const text = await secrets.value(secret.arn, stage, versionId);
  if (text === undefined) return undefined;
  try {
    return parseOwnValue(text, user.name, slice.accountId, keyIds);
  } catch (error) {
    if (keyIds || !parseSecretValue(text).key) throw error;
    const listed = (await iam.list()).map(({ id }) => id);
    return parseOwnValue(text, user.name, slice.accountId, listed);
  }
}

/** The key in it; throws like {@link ownValueUnder}. */
export const ownKeyUnder = async (
  holder: OwnValueHolder,
  stage: string,
  only?: Only,
): Promise<AccessKeyPair | undefined> => (await ownValueUnder(holder, stage, only))?.key;

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
    `the secret's value was changed manually: ${found}`,
    'restore the value from a previous version; nothing was changed',
  );
}
