/**
 * One at a time on a secret: what a person commands, and what reconcile does that cannot be undone. A label moves
 * between two versions by compare-and-swap: UpdateSecretVersionStage fails when RemoveFromVersionId no longer holds it
 * (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html). A tag says until
 * when the lease is held; one whose holder died is over by then.
 */
import { RotationError } from '../errors';
import { TAGS } from './tags';
import { versionWith } from './versions';
import type { Clock, Secret, Secrets } from '../ports';
import { MINUTE_MS } from '../time';

interface Lessee {
  readonly secrets: Secrets;
  readonly secret: Secret;
  readonly clock: Clock;
}

const LEASE = 'KEY_LEASE';
const LEASE_MS = 5 * MINUTE_MS;

/** No lease lasts longer; clocks differ by less than the second half of it. */
export const LONGEST_LEASE_MS = 2 * LEASE_MS;

/** Until when somebody holds the secret's lease; one that lasts for longer than any is nobody's. */
export function leasedUntil(secret: Secret, now: Date): Date | undefined {
  const until = new Date(secret.tags[TAGS.lease] ?? 0);
  return until > now && until.getTime() <= now.getTime() + LONGEST_LEASE_MS ? until : undefined;
}

/**
 * Runs the act while nobody else holds the lease, on the secret as it is then: whatever was read before may be over.
 * The tag comes before the label moves, for between the two a second one would find the lease free; whoever then fails
 * to move the label leaves the tag, and it runs out. So does one that cannot be taken off: the act is done all the same.
 *
 * A secret of one version cannot lend itself out. There is no rollback of it, and keys may be deactivated and deleted
 * twice; who brings a key back looks afterwards whether it was declared compromised meanwhile.
 * @throws RotationError SECRET_BUSY, having done nothing
 */
export async function withLease<T>(lessee: Lessee, act: (secret: Secret) => Promise<T>): Promise<T> {
  const { secrets, clock } = lessee;
  const secret = await describe(lessee);
  const holder = versionWith(secret, LEASE) ?? versionWith(secret, 'AWSCURRENT');
  const other = otherVersion(secret, holder);
  if (holder === undefined || other === undefined) return act(secret);
  if (leasedUntil(secret, clock.now())) throw busy(secret);
  await secrets.tag(secret.arn, { [TAGS.lease]: new Date(clock.now().getTime() + LEASE_MS).toISOString() });
  try {
    if (versionWith(secret, LEASE) === undefined) await secrets.moveStage(secret.arn, LEASE, { to: holder });
    await secrets.moveStage(secret.arn, LEASE, { to: other, from: holder });
  } catch (error) {
    throw busy(secret, error);
  }
  try {
    return await act(await describe(lessee));
  } finally {
    await secrets.untag(secret.arn, [TAGS.lease]).catch(() => undefined);
  }
}

async function describe({ secrets, secret }: Lessee): Promise<Secret> {
  const found = await secrets.describe(secret.arn);
  if (!found) throw new RotationError('SECRET_UNKNOWN', `the secret ${secret.name} no longer exists`);
  return found;
}

/** Another version that a label keeps from being cleaned up. */
function otherVersion(secret: Secret, holder: string | undefined): string | undefined {
  return Object.entries(secret.versions).find(
    ([id, stages]) => id !== holder && stages.some((stage) => stage !== LEASE),
  )?.[0];
}

function busy(secret: Secret, cause?: unknown): RotationError {
  return new RotationError(
    'SECRET_BUSY',
    `another operation on the secret ${secret.name} is in progress`,
    'it is retried automatically; repeat a command after five minutes',
    { cause },
  );
}
