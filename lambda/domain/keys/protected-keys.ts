import type { Secrets, Secret, KeyAdministration, AccessKey } from '../ports';
import { keyUnder } from '../secret-value';
import { retirementsOf } from '../ledger/retirements';
import { isInFormerSecret } from '../secrets/former-secrets';
import type { SliceUser } from '../../contract/slice';

/**
 * Whether AWSCURRENT or AWSPENDING names the key now, which is then never deactivated or deleted. Read immediately
 * before every such act.
 * @throws RotationError SECRET_VALUE_INVALID when a value cannot be understood: then nothing may be touched
 */
async function isProtected(secrets: Secrets, secret: Secret, keyId: string): Promise<boolean> {
  const current = await keyUnder({ secrets, secret }, 'AWSCURRENT');
  const pending = await keyUnder({ secrets, secret }, 'AWSPENDING');
  return keyId === current?.id || keyId === pending?.id;
}

/** In an emergency, where any key but a protected one may go: runs the act; says whether it ran. */
export async function unlessProtected(
  secrets: Secrets,
  secret: Secret,
  keyId: string,
  act: () => Promise<void>,
): Promise<boolean> {
  if (await isProtected(secrets, secret, keyId)) return false;
  await act();
  return true;
}

/**
 * By what a key that seems to be in no version is known after all. A run reads one thing after another, and a label that
 * moves meanwhile makes a key look like nobody's: asked right before such a key is deleted or begins to retire.
 */
export async function knownAs(
  secrets: Secrets,
  before: Secret,
  keyId: string,
  { formerSecretNames = [] }: SliceUser,
): Promise<'protected' | 'retiring' | 'former' | undefined> {
  const { arn } = before;
  if (await isProtected(secrets, before, keyId)) return 'protected';
  const former = [await secrets.value(arn, 'KEY_RETIRING'), await secrets.value(arn, 'AWSPREVIOUS')];
  const secret = await secrets.describe(arn);
  if (!secret || retirementsOf(secret).some((retirement) => retirement.keyId === keyId)) return 'retiring';
  if (former.some((text) => text?.includes(keyId))) return 'former';
  return (await isInFormerSecret(secrets, formerSecretNames, keyId)) ? 'former' : undefined;
}

/** An Inactive key is deleted as it is; an Active one is deactivated first, so that the deletion never hits a working key. */
export async function deactivateAndDelete(keys: KeyAdministration, key: AccessKey): Promise<void> {
  if (key.status === 'Active') await keys.deactivate(key.id);
  await keys.delete(key.id);
}
