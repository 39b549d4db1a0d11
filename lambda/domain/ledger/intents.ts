import type { Secret } from '../ports';
import { PREFIX, entries } from './tags';

/** Whether a key was, or may have been, made for this version. */
export const isBegun = (secret: Secret, token: string): boolean =>
  intentsOf(secret).some((intent) => intent.token === token) ||
  (secret.versions[token]?.includes('AWSCURRENT') ?? false);

const INTENT = `${PREFIX}intent:`;

/** The intent to create one key, written before CreateAccessKey is sent. */
export interface Intent {
  /** One per invocation, so that attempts never overwrite each other. */
  readonly attempt: string;
  readonly token: string;
  readonly at: Date;
  /** When the invocation saw its call end; undefined when it never said. */
  readonly closedAt?: Date;
  /** Keys that existed before. */
  readonly keyIds: readonly string[];
}

export function intentTag(intent: Intent): Record<string, string> {
  const closed = intent.closedAt?.toISOString() ?? 'open';
  return { [INTENT + intent.attempt]: [intent.token, intent.at.toISOString(), closed, ...intent.keyIds].join(' ') };
}

export const intentTagKey = (intent: Intent): string => INTENT + intent.attempt;

export function intentsOf(secret: Secret): Intent[] {
  return entries(secret, INTENT).map(([attempt, value]) => {
    const [token = '', at = '', closed = '', ...keyIds] = value.split(' ');
    return { attempt, token, at: new Date(at), keyIds, ...(closed !== 'open' && { closedAt: new Date(closed) }) };
  });
}
