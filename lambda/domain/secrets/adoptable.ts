/** Secrets of a user's name that this product did not make. */
import { RotationError } from '../errors';
import { PREFIX } from '../ledger/tags';
import { parseOwnValue } from '../secret-value';
import type { Identities, KeyAdministration, Secret, Secrets } from '../ports';

/**
 * Whether the secret is one of ours: the ledger is on it, or it is rotated by our function. Of a deleted one only the ledger
 * can tell, and whoever took all of its tags away has to restore it, too.
 */
export function isOurs(secret: Secret, rotateFunctionArn: string): boolean {
  const hasLedger = Object.keys({ ...secret.tags, ...secret.malformedTags }).some((key) => key.startsWith(PREFIX));
  return hasLedger || (!secret.deletedAt && secret.rotationFunctionArn === rotateFunctionArn);
}

interface Claim {
  readonly secrets: Secrets;
  readonly identities: Identities;
  readonly iam: KeyAdministration;
  readonly userName: string;
  readonly accountId: string;
  /** The reviewed roster says that the secret may be taken over. */
  readonly isWanted: boolean;
}

/**
 * Nothing is done to a secret of somebody else, unless the roster wants it, its key belongs to the user, and works.
 * @throws RotationError SECRET_NOT_OURS
 */
export async function requireAdoptable(claim: Claim, secret: Secret): Promise<void> {
  if (secret.deletedAt) throw notOurs(secret, claim, 'is deleted, and nothing says that this product made it', RESTORE);
  if (!claim.isWanted) throw notOurs(secret, claim, 'exists, and this product did not make it', ADOPT);
  const found = await findingOf(claim, secret);
  if (found) throw notOurs(secret, claim, `is not taken over, although adoptSecret says so: ${found}`, PUT);
}

/** What stands against it. */
async function findingOf({ secrets, identities, iam, userName, accountId }: Claim, { arn }: Secret) {
  const text = await secrets.value(arn, 'AWSCURRENT');
  const keys = await iam.list();
  const key =
    text === undefined
      ? undefined
      : keyIn(
          text,
          userName,
          accountId,
          keys.map(({ id }) => id),
        );
  if (!key) return `its value holds no key in the fields access_key_id and secret_access_key`;
  if (!keys.some(({ id, status }) => id === key.id && status === 'Active'))
    return `the key that it holds is not an Active key of ${userName}`;
  return (await identities.identify(key)) ? undefined : 'the key that it holds does not work';
}

function keyIn(text: string, userName: string, accountId: string, keyIds: readonly string[]) {
  try {
    return parseOwnValue(text, userName, accountId, keyIds).key;
  } catch {
    return undefined;
  }
}

const RENAME = 'give the user a secretName of its own';
const ADOPT = `${RENAME}; or, if the key in this secret is the user's and is to be rotated here, set adoptSecret: true on the user, and every reader that the roster does not list loses access; or delete the secret without recovery, and one is made`;
const PUT = `${RENAME}; or put a value whose key is an Active one of the user; or delete the secret without recovery, and one is made`;
const RESTORE = `${RENAME}; or restore the secret and set adoptSecret: true on the user; or delete it without recovery, and one is made`;

const notOurs = ({ name }: Secret, { userName }: Claim, found: string, wayOut: string): RotationError =>
  new RotationError(
    'SECRET_NOT_OURS',
    `the secret ${name} of ${userName} ${found}`,
    `it is neither changed nor restored, and ${userName} is not rotated until then; ${wayOut}`,
  );
