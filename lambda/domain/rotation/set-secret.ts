import type { Rotation } from './context';
import { requirePendingKey, listedKey } from './pending-key';

/** Step setSecret: IAM has nothing to set; makes sure that the pending key is Active. */
export async function setSecret(rotation: Rotation): Promise<void> {
  const pending = await requirePendingKey(rotation);
  const listed = await listedKey(rotation, pending.id);
  if (listed?.status === 'Inactive') await rotation.iam.activate(pending.id);
}
