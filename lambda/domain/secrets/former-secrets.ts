/**
 * Secrets that a user had under another name. What they hold are keys of this user: they go along to the secret under the
 * new name, and are never unmanaged. Such evidence only ever slows an act down: a key that goes along must be in IAM's list
 * of this user, and work.
 */
import { compromisedKeys, compromisedTag, isCompromised } from '../ledger/tags';
import { retirementsOf, retirementTag } from '../ledger/retirements';
import type { AccessKey, Identities, Secret, Secrets } from '../ports';
import { parseOwnValue, type SecretValue } from '../secret-value';

/** What goes along to a new secret. */
export interface Inheritance {
  /** What the secret held last, when its key works. */
  readonly value?: SecretValue;
  /** Of the ledger, what is about keys that exist: which of them retire, and which were declared compromised. */
  readonly tags: Readonly<Record<string, string>>;
  /** Existing keys that were declared compromised: the tags need their labels. */
  readonly compromised: readonly string[];
  /** Every existing key that one of the secrets holds. */
  readonly keyIds: readonly string[];
}

interface Heir {
  readonly secrets: Secrets;
  readonly identities: Identities;
  readonly userName: string;
  readonly accountId: string;
  readonly existing: readonly AccessKey[];
}

/**
 * @param formers the latest last
 * @throws what a read threw: until all were read it is not known which keys are the user's
 */
export async function inheritanceOf(heir: Heir, formers: readonly Secret[]): Promise<Inheritance> {
  const keyIds = new Set<string>();
  const tags: Record<string, string> = {};
  const compromised = new Set<string>();
  let value: SecretValue | undefined;
  for (const former of formers) {
    for (const id of await keysIn(
      heir.secrets,
      former,
      heir.existing.map((key) => key.id),
    ))
      keyIds.add(id);
    Object.assign(tags, ledgerOf(former, heir.existing));
    for (const { id } of heir.existing) if (isCompromised(former, id)) compromised.add(id);
    value = (await workingValue(heir, former)) ?? value;
  }
  return { tags, compromised: [...compromised], keyIds: [...keyIds], ...(value && { value }) };
}

/**
 * Whether a former secret holds this key, under whatever label and in whatever format.
 * @throws what a read threw
 */
export async function isInFormerSecret(secrets: Secrets, names: readonly string[], keyId: string): Promise<boolean> {
  for (const name of names) {
    const former = await secrets.describe(name);
    if (former && (await keysIn(secrets, former, [keyId])).length > 0) return true;
  }
  return false;
}

/** The values of a deleted secret cannot be read. */
async function keysIn(secrets: Secrets, former: Secret, keyIds: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  if (former.deletedAt) return [];
  for (const [versionId, [stage]] of Object.entries(former.versions)) {
    const text = stage === undefined ? undefined : await secrets.value(former.arn, stage, versionId);
    for (const id of keyIds) if (text?.includes(id)) found.add(id);
  }
  return [...found];
}

function ledgerOf(former: Secret, existing: readonly AccessKey[]): Record<string, string> {
  const exists = ({ keyId }: { readonly keyId: string }): boolean => existing.some(({ id }) => id === keyId);
  return Object.assign(
    {},
    ...retirementsOf(former).filter(exists).map(retirementTag),
    ...compromisedKeys(former).filter(exists).map(compromisedTag),
  ) as Record<string, string>;
}

async function workingValue(heir: Heir, former: Secret): Promise<SecretValue | undefined> {
  const { secrets, identities, userName, accountId, existing } = heir;
  const text = former.deletedAt ? undefined : await secrets.value(former.arn, 'AWSCURRENT');
  const value = text === undefined ? undefined : tryParse(text, userName, accountId, existing);
  const key = existing.find(({ id, status }) => id === value?.key?.id && status === 'Active');
  if (!value?.key || !key || isCompromised(former, key.id)) return undefined;
  return (await identities.identify(value.key)) ? value : undefined;
}

function tryParse(text: string, userName: string, accountId: string, keys: readonly AccessKey[]) {
  try {
    return parseOwnValue(
      text,
      userName,
      accountId,
      keys.map(({ id }) => id),
    );
  } catch {
    return undefined;
  }
}
