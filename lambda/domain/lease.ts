/**
 * One at a time on a secret: what a person commands, and what reconcile does that cannot be undone. A label moves
 * between two versions by compare-and-swap: UpdateSecretVersionStage fails when RemoveFromVersionId no longer holds it
 * (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html). A tag says until
 * when the lease is held; one whose holder died is over by then.
 */
import { RotationError } from './errors';
import { TAGS, versionWith } from './ledger';
import type { Clock, Secret, Secrets } from './ports';

interface Lessee {
  readonly secrets: Secrets;
  readonly secret: Secret;
  readonly clock: Clock;
}

export const LEASE = 'KEY_LEASE';
const LEASE_MS = 5 * 60_000;

/** Until when somebody holds the secret's lease. */
export function leasedUntil(secret: Secret, now: Date): Date | undefined {
  const until = new Date(secret.tags[TAGS.lease] ?? 0);
  return until > now ? until : undefined;
}

/**
 * Runs the act while nobody else holds the lease. A secret of one version has nothing that two could contend for.
 * @throws RotationError SECRET_BUSY, having done nothing
 */
export async function withLease<T>({ secrets, secret, clock }: Lessee, act: () => Promise<T>): Promise<T> {
  const fresh = (await secrets.describe(secret.arn)) ?? secret;
  const current = versionWith(fresh, 'AWSCURRENT');
  const holder = versionWith(fresh, LEASE) ?? current;
  const other = otherVersion(fresh, holder);
  if (holder === undefined || other === undefined) return act();
  if (leasedUntil(fresh, clock.now())) throw busy(secret);
  try {
    if (versionWith(fresh, LEASE) === undefined) await secrets.moveStage(secret.arn, LEASE, { to: holder });
    await secrets.moveStage(secret.arn, LEASE, { to: other, from: holder });
  } catch (error) {
    throw busy(secret, error);
  }
  await secrets.tag(secret.arn, { [TAGS.lease]: new Date(clock.now().getTime() + LEASE_MS).toISOString() });
  try {
    return await act();
  } finally {
    await secrets.untag(secret.arn, [TAGS.lease]);
  }
}

/** Another version that a label keeps from being cleaned up. */
function otherVersion(secret: Secret, holder: string | undefined): string | undefined {
  return Object.entries(secret.versions).find(([id, stages]) => id !== holder && stages.some((stage) => stage !== LEASE))?.[0];
}

function busy(secret: Secret, cause?: unknown): RotationError {
  return new RotationError('SECRET_BUSY', `somebody else is at work on the secret ${secret.name}`, 'it is attempted again; a command can be repeated in five minutes', { cause });
}
