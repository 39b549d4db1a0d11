import type { Timer } from '../../clock';
import type { StoredPolicy } from './secret-policies';

export const CURRENT = 'AWSCURRENT';
export const PENDING = 'AWSPENDING';
const PREVIOUS = 'AWSPREVIOUS';

export interface SecretVersion {
  readonly id: string;
  readonly createdAt: Date;
  readonly stages: Set<string>;
  /** Neither: RotateSecret made the version and createSecret has not filled it yet. */
  value?: { readonly text: string } | { readonly binary: Uint8Array };
  lastAccessedOn?: Date;
}

export interface RotationRules {
  readonly AutomaticallyAfterDays?: number;
  readonly Duration?: string;
  readonly ScheduleExpression?: string;
}

export interface Secret {
  readonly arn: string;
  readonly name: string;
  readonly accountId: string;
  readonly region: string;
  readonly createdAt: Date;
  readonly versions: Map<string, SecretVersion>;
  readonly tags: Map<string, string>;
  /** One that lost its tags shows an empty list, one that never had any none. */
  wasTagged?: boolean;
  description?: string;
  kmsKeyId?: string;
  policy?: StoredPolicy;
  changedAt: Date;
  lastAccessedOn?: Date;
  rotatedAt?: Date;
  deletedAt?: Date;
  /** End of the recovery window. */
  deletionDate?: Date;
  deletionTimer?: Timer;
  rotation: Rotation;
}

export interface Rotation {
  enabled: boolean;
  functionArn?: string;
  rules?: RotationRules;
  /** The window of the next scheduled rotation. */
  next?: { readonly opensAt: Date; readonly closesAt: Date };
  scheduled?: Timer;
  retry?: Timer;
  /** Token of the attempt under way. */
  running?: string;
}

export function holderOf(secret: Secret, stage: string): SecretVersion | undefined {
  for (const version of secret.versions.values()) if (version.stages.has(stage)) return version;
  return undefined;
}

/** The version of a rotation that has begun and not finished. */
export function outstanding(secret: Secret): SecretVersion | undefined {
  const pending = holderOf(secret, PENDING);
  return pending && !pending.stages.has(CURRENT) ? pending : undefined;
}

/** Moves a label; AWSPREVIOUS follows AWSCURRENT to the version that it leaves. */
export function moveStage(secret: Secret, stage: string, to: SecretVersion | undefined): void {
  const from = holderOf(secret, stage);
  if (from === to) return;
  from?.stages.delete(stage);
  to?.stages.add(stage);
  if (stage === CURRENT && from) moveStage(secret, PREVIOUS, from);
}
