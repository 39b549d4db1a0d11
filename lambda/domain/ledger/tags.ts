/**
 * What was done and is intended, kept as tags on the secret and written before the act.
 * Tag values hold no quotes, braces or commas and at most 255 characters, so fields are separated by spaces.
 */
import type { ConditionCode } from '../../contract/codes';
import type { Secret } from '../ports';
import { versionWith } from './versions';
import { MINUTE_MS } from '../time';

export const PREFIX = 'access-keys:';

export const TAGS = {
  userId: `${PREFIX}user-id`,
  /** Whose it is, for people and for a secret that is deleted, of which nothing else can be read. */
  userName: `${PREFIX}user-name`,
  generation: `${PREFIX}generation`,
  /** Version of AWSCURRENT that a former user of the same name left behind: to this one it holds no key. */
  former: `${PREFIX}former`,
  /** Version whose owner has been told. */
  notified: `${PREFIX}notified`,
  /** Token, code and time of the last failed attempt that was told, and since when it fails; it stays, because events of it come late. */
  failed: `${PREFIX}failed`,
  /** Token of an outstanding rotation, and since when it is left to Secrets Manager. */
  outstanding: `${PREFIX}outstanding`,
  /** Since when this secret stands where one was that is gone, and keys that that one held; until AWSCURRENT names a key that works. */
  lost: `${PREFIX}lost`,
  /** Since when this secret holds what another one held, from which its user moved; until a rotation has replaced its key. */
  moved: `${PREFIX}moved`,
  released: `${PREFIX}released`,
  /** Why rotation was called off by us: freeze, exempt, retired or leaving. */
  paused: `${PREFIX}paused`,
  /** The current key of a user who retires: state, since when, key id. */
  offboarding: `${PREFIX}ending`,
  /** Fingerprint of the resource policy that we put last; while another is being put, both. */
  policy: `${PREFIX}policy`,
  /** Digests of readers that were refused at the last run because they do not exist. */
  readersMissing: `${PREFIX}readers-missing`,
  /** Digests of readers that were deleted after they were let in, as long as the roster names them. */
  readersDeleted: `${PREFIX}readers-deleted`,
  /** When the first rotation starts, as owner and admins were notified. */
  announced: `${PREFIX}announced`,
  /** Until when somebody holds the lease. */
  lease: `${PREFIX}lease`,
  /** The last rollback: versions and keys that it went from and to, and whether all of it is done. */
  rolledBack: `${PREFIX}rolled-back`,
  /** Since when a secret is ours that somebody else made; until all of it is as the roster says. */
  adopted: `${PREFIX}adopted`,
  /** Every how many hours the secret is rotated by the schedule that we set last. */
  schedule: `${PREFIX}schedule`,
  /** Version of AWSCURRENT that somebody else put there, once reported, and when. */
  foreignCurrent: `${PREFIX}foreign-current`,
} as const;

const ALERT = `${PREFIX}alert:`;

const COMPROMISED = `${PREFIX}compromised:`;

/** IAM's lists lag behind by at most this long. */
export const LIST_LAG_MS = 5 * MINUTE_MS;

/** Back from the newer version to the older one; written before AWSCURRENT moves. */
export interface Rollback {
  readonly newer: string;
  readonly older: string;
  readonly newerKeyId: string;
  readonly olderKeyId: string;
  readonly done: boolean;
  /** When it was commanded; absent of one that an earlier version carried out. */
  readonly at?: Date;
}

export const rollbackTag = ({ newer, older, newerKeyId, olderKeyId, done, at }: Rollback): Record<string, string> => ({
  [TAGS.rolledBack]: [
    newer,
    older,
    newerKeyId,
    olderKeyId,
    done ? 'done' : 'begun',
    ...(at ? [at.toISOString()] : []),
  ].join(' '),
});

/** The rollback that AWSCURRENT is the outcome of; undefined once another rotation, or a person, moved it on. */
export function rollbackOf(secret: Secret): Rollback | undefined {
  const [newer = '', older, newerKeyId = '', olderKeyId = '', state, at] =
    secret.tags[TAGS.rolledBack]?.split(' ') ?? [];
  return older !== undefined && older === versionWith(secret, 'AWSCURRENT')
    ? { newer, older, newerKeyId, olderKeyId, done: state === 'done', ...(at && { at: new Date(at) }) }
    : undefined;
}

/** @param at when somebody went back to another key; undefined where it holds the same one */
export const foreignCurrentTag = (versionId: string, at: Date | undefined): Record<string, string> => ({
  [TAGS.foreignCurrent]: at ? `${versionId} ${at.toISOString()}` : versionId,
});

/** AWSCURRENT was moved by a person, which was reported; undefined once it has moved on. */
export function foreignCurrentOf(secret: Secret): { readonly at?: Date } | undefined {
  const [versionId, at] = secret.tags[TAGS.foreignCurrent]?.split(' ') ?? [];
  if (versionId === undefined || versionId !== versionWith(secret, 'AWSCURRENT')) return undefined;
  return at ? { at: new Date(at) } : {};
}

/** When a person, or an operator, put AWSCURRENT where it is; an instant that is still to come is nobody's. */
export function movedBackAt(secret: Secret, now: Date): Date | undefined {
  const at = rollbackOf(secret)?.at ?? foreignCurrentOf(secret)?.at;
  return at && at <= now ? at : undefined;
}

/** Whether a version of this secret, or of one that was there before it, has held a key of this user. */
export const hasHeldAKey = (secret: Secret): boolean =>
  secret.tags[TAGS.notified] !== undefined || secret.tags[TAGS.lost] !== undefined;

/** A secret that was there before, is gone, and took with it which key is in use. */
export interface Loss {
  readonly since: Date;
  /** Keys that it held, as far as they existed then. */
  readonly keyIds: readonly string[];
}

export const lossTag = ({ since, keyIds }: Loss): Record<string, string> => ({
  [TAGS.lost]: [since.toISOString(), ...keyIds].join(' '),
});

export function lossOf(secret: Secret): Loss | undefined {
  const [since, ...keyIds] = secret.tags[TAGS.lost]?.split(' ') ?? [];
  return since === undefined ? undefined : { since: new Date(since), keyIds };
}

/** Whether AWSCURRENT still holds what a former user of the same name left. */
export function isFormers(secret: Secret): boolean {
  const current = versionWith(secret, 'AWSCURRENT');
  return current !== undefined && secret.tags[TAGS.former] === current;
}

/** All that was written of a user, but for the generation of the roster. */
export const tagKeysOf = (secret: Secret): string[] =>
  Object.keys(secret.tags).filter((key) => key.startsWith(PREFIX) && key !== TAGS.generation);

/** A comma may stand in a user's name and in no tag. */
export const userNameTag = (userName: string): Record<string, string> => ({
  [TAGS.userName]: userName.replaceAll(',', ':'),
});

/** Whether the secret was made for a user of this name, as far as it says. */
export function isNamedFor(secret: Secret, userName: string): boolean {
  const named = secret.tags[TAGS.userName];
  return named === undefined || named.toLowerCase() === userNameTag(userName)[TAGS.userName]!.toLowerCase();
}

/** A key that was declared compromised is never brought back. */
export interface Compromised {
  readonly keyId: string;
  /** When it was declared. */
  readonly at: Date;
  /** When it was deactivated last. */
  readonly deactivatedAt?: Date;
  /** When it was last reported that it had been active again. */
  readonly reportedAt?: Date;
  /** What owner and admins have not been notified of: that it was declared, or that it was active again. */
  readonly owes?: 'declared' | 'again';
}

const REPORTED = 'reported=';

export const compromisedTag = ({
  keyId,
  at,
  deactivatedAt,
  reportedAt,
  owes,
}: Compromised): Record<string, string> => ({
  [COMPROMISED + keyId]: [
    at.toISOString(),
    ...(deactivatedAt ? [deactivatedAt.toISOString()] : []),
    ...(reportedAt ? [`${REPORTED}${reportedAt.toISOString()}`] : []),
    ...(owes ? [owes] : []),
  ].join(' '),
});

export const isCompromised = (secret: Secret, keyId: string): boolean => secret.tags[COMPROMISED + keyId] !== undefined;

export const compromisedKeys = (secret: Secret): Compromised[] =>
  entries(secret, COMPROMISED).map(([keyId, value]) => {
    const [at = '', ...words] = value.split(' ');
    const deactivatedAt = words.find((word) => /^\d{4}-/.test(word));
    const reportedAt = words.find((word) => word.startsWith(REPORTED))?.slice(REPORTED.length);
    const owes = words.find((word) => word === 'declared' || word === 'again');
    return {
      keyId,
      at: new Date(at),
      ...(deactivatedAt && { deactivatedAt: new Date(deactivatedAt) }),
      ...(reportedAt && { reportedAt: new Date(reportedAt) }),
      ...(owes && { owes }),
    };
  });

/**
 * The label that proves the tag: on some version, put there before the tag is written. Whoever may only tag cannot put it, so
 * that no key is deactivated because of a tag alone.
 */
export const compromisedLabel = (keyId: string): `COMPROMISED_${string}` => `COMPROMISED_${keyId}`;

export const compromisedTagKey = (keyId: string): string => COMPROMISED + keyId;

/** Conditions the admin was told of, or is about to be, by code, with the instant of the last telling. */
export function alertsOf(secret: Secret): Map<ConditionCode, Date> {
  return new Map(entries(secret, ALERT).map(([code, at]) => [code as ConditionCode, new Date(at.split(' ')[0]!)]));
}

const OWED = 'owed';

/** @param owed the notice is about to be sent, and has that instant whenever it is */
export const alertTag = (code: ConditionCode, at: Date, owed = false): Record<string, string> => ({
  [ALERT + code]: `${at.toISOString()}${owed ? ` ${OWED}` : ''}`,
});

/** Whether the condition's notice was about to be sent, and perhaps was. */
export const isAlertOwed = (secret: Secret, code: ConditionCode): boolean =>
  secret.tags[ALERT + code]?.endsWith(` ${OWED}`) ?? false;

export const alertTagKey = (code: string): string => ALERT + code;

/** The last failed attempt of a rotation. */
export interface Failure {
  readonly token: string;
  readonly code: string;
  readonly at: Date;
  /** When its first attempt failed. */
  readonly since: Date;
}

export const failureTag = ({ token, code, at, since }: Failure): Record<string, string> => ({
  [TAGS.failed]: [token, code, at.toISOString(), since.toISOString()].join(' '),
});

export function failureOf(secret: Secret): Failure | undefined {
  const [token, code, at, since = at] = secret.tags[TAGS.failed]?.split(' ') ?? [];
  return token && code && at ? { token, code, at: new Date(at), since: new Date(since!) } : undefined;
}

/** Since when reconcile leaves this rotation to Secrets Manager. */
export function leftSince(secret: Secret, token: string): Date | undefined {
  const [marked, at] = secret.tags[TAGS.outstanding]?.split(' ') ?? [];
  return marked === token && at ? new Date(at) : undefined;
}

export const leftTag = (token: string, now: Date): Record<string, string> => ({
  [TAGS.outstanding]: `${token} ${now.toISOString()}`,
});

export function entries(secret: Secret, prefix: string): [string, string][] {
  return Object.entries(secret.tags)
    .filter(([key]) => key.startsWith(prefix))
    .map(([key, value]) => [key.slice(prefix.length), value]);
}
