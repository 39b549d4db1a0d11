import type { Secret } from '../ports';

/** The version that holds a label. */
export function versionWith(secret: Secret, stage: string): string | undefined {
  return Object.entries(secret.versions).find(([, stages]) => stages.includes(stage))?.[0];
}

/** AWSPENDING on another version than AWSCURRENT: a rotation is outstanding. */
export function outstanding(secret: Secret): string | undefined {
  const pending = versionWith(secret, 'AWSPENDING');
  return pending === versionWith(secret, 'AWSCURRENT') ? undefined : pending;
}
