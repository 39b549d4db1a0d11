/** Versions of a secret that are not its user's: another user's key may be in them, and that user may still work with it. */
import { RotationError } from '../errors';
import { isNamedFor } from '../ledger/tags';
import { parseOwnValue } from '../secret-value';
import type { Secret, Secrets } from '../ports';

interface Holder {
  readonly secrets: Secrets;
  readonly secret: Secret;
  readonly userName: string;
  readonly accountId: string;
  /** Keys that IAM lists for this user. */
  readonly keyIds: readonly string[];
}

/**
 * Whoever may read a secret reads every version of it, so that all must be this user's before it is handed over. A version
 * without a label may be cleaned up by Secrets Manager at any time and is not looked for.
 * @param but labels whose versions are known to be this user's
 * @throws RotationError SECRET_VALUE_FOREIGN
 */
export async function requireOwnVersions(holder: Holder, but: readonly string[] = []): Promise<void> {
  const { secrets, secret, userName, accountId, keyIds } = holder;
  for (const [versionId, stages] of Object.entries(secret.versions)) {
    if (stages.length === 0 || stages.some((stage) => but.includes(stage))) continue;
    const text = await secrets.value(secret.arn, stages[0]!, versionId);
    if (text !== undefined && !isOwn(text, userName, accountId, keyIds))
      throw foreignSecret(secret, userName, stages[0]!);
  }
}

/**
 * By the ledger alone, which is all that a deleted secret shows. A name that was forged there only keeps a secret deleted.
 * @throws RotationError SECRET_VALUE_FOREIGN
 */
export function requireOwnName(secret: Secret, userName: string): void {
  if (!isNamedFor(secret, userName)) throw foreignSecret(secret, userName);
}

function isOwn(text: string, userName: string, accountId: string, keyIds: readonly string[]): boolean {
  try {
    parseOwnValue(text, userName, accountId, keyIds);
    return true;
  } catch {
    return false;
  }
}

const foreignSecret = ({ name }: Secret, userName: string, stage?: string): RotationError =>
  new RotationError(
    'SECRET_VALUE_FOREIGN',
    `the secret ${name} was made for another user than ${userName}${stage ? `, whose key its version with the label ${stage} may hold` : ''}`,
    `it is not handed over; give ${userName} a secretName of its own, or, once nobody needs a key in it, delete the secret without recovery`,
  );
