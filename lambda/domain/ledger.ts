/**
 * What was done and is intended, kept as tags on the secret and written before the act.
 * Tag values hold no quotes, braces or commas and at most 255 characters, so fields are separated by spaces.
 */
import type { AccessKey, Secret } from './ports';

const PREFIX = 'access-keys:';
export const TAGS = {
  userId: `${PREFIX}user-id`,
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
  released: `${PREFIX}released`,
  /** Why rotation was called off by us: freeze, exempt, retired or leaving. */
  paused: `${PREFIX}paused`,
  /** The current key of a user who retires: state, since when, key id. */
  ending: `${PREFIX}ending`,
  /** Fingerprint of the resource policy that we put last. */
  policy: `${PREFIX}policy`,
  /** Until when somebody holds the lease. */
  lease: `${PREFIX}lease`,
  /** The last rollback: versions and keys that it went from and to, and whether all of it is done. */
  rolledBack: `${PREFIX}rolled-back`,
  /** Version of AWSCURRENT that somebody else put there, once told. */
  foreignCurrent: `${PREFIX}foreign-current`,
} as const;
const INTENT = `${PREFIX}intent:`;
const RETIRING = `${PREFIX}retiring:`;
const ALERT = `${PREFIX}alert:`;
const COMPROMISED = `${PREFIX}compromised:`;

/** Slack for clocks that differ and for IAM's whole seconds. */
const SLACK_MS = 5_000;
/** IAM's lists lag behind by at most this long. */
export const LIST_LAG_MS = 5 * 60_000;

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

/** The last instant at which the invocation behind the intent can have created a key. */
function endOf(intent: Intent, timeoutMs: number): number {
  return (intent.closedAt?.getTime() ?? intent.at.getTime() + timeoutMs) + SLACK_MS;
}

function covers(intent: Intent, key: AccessKey, timeoutMs: number): boolean {
  const createdAt = key.createdAt.getTime();
  return !intent.keyIds.includes(key.id) && createdAt >= intent.at.getTime() - SLACK_MS && createdAt <= endOf(intent, timeoutMs);
}

/**
 * Splits the keys that are in no version into orphans of ours, keys that an attempt still running may be about
 * to store, and unmanaged ones. One intent makes at most one key: a stored key uses its intent up, and where
 * several keys could be the one, none is taken for ours.
 * @param known ids that a version or the ledger names
 */
export function judgeUnknownKeys(keys: readonly AccessKey[], known: ReadonlySet<string>, intents: readonly Intent[], timeoutMs: number, now: Date): { orphans: AccessKey[]; undecided: AccessKey[]; unmanaged: AccessKey[] } {
  const open = unfulfilled(keys.filter((key) => known.has(key.id)), intents, timeoutMs);
  const judged = { orphans: [] as AccessKey[], undecided: [] as AccessKey[], unmanaged: [] as AccessKey[] };
  const unknown = keys.filter((key) => !known.has(key.id));
  for (const key of unknown) {
    const candidates = open.filter((intent) => covers(intent, key, timeoutMs));
    const rivals = unknown.filter((other) => candidates.some((intent) => covers(intent, other, timeoutMs)));
    if (candidates.length === 0 || rivals.length > candidates.length) judged.unmanaged.push(key);
    else if (candidates.some((intent) => !intent.closedAt && now.getTime() <= endOf(intent, timeoutMs))) judged.undecided.push(key);
    else judged.orphans.push(key);
  }
  return judged;
}

function unfulfilled(stored: readonly AccessKey[], intents: readonly Intent[], timeoutMs: number): Intent[] {
  const open = [...intents].sort((a, b) => b.at.getTime() - a.at.getTime());
  for (const key of stored) {
    const latest = open.findIndex((intent) => covers(intent, key, timeoutMs));
    if (latest >= 0) open.splice(latest, 1);
  }
  return open;
}

/** Intents that can no longer explain a key: their time and the lists' lag are over. Those of `keepToken` stay. */
export function spentIntents(intents: readonly Intent[], keys: readonly AccessKey[], keepToken: string | undefined, timeoutMs: number, now: Date): Intent[] {
  return intents.filter((intent) => intent.token !== keepToken && now.getTime() > endOf(intent, timeoutMs) + LIST_LAG_MS && !keys.some((key) => covers(intent, key, timeoutMs)));
}

/** When the last undecided intent can be judged. */
export function judgeableAt(intents: readonly Intent[], timeoutMs: number): Date {
  return new Date(Math.max(0, ...intents.filter((intent) => !intent.closedAt).map((intent) => endOf(intent, timeoutMs))) + 1);
}

/** A key on its way out. */
export interface Retirement {
  readonly keyId: string;
  /** `deactivating` is written before UpdateAccessKey, `inactive` once the key is seen Inactive. */
  readonly state: 'active' | 'deactivating' | 'inactive';
  /** Since when it retires, or, once `inactive`, since when it is known to be. */
  readonly since: Date;
  /** What its owner was promised: not deactivated, or once `inactive` not deleted, before this, whatever the roster says later. */
  readonly until?: Date;
  /** How many warnings its owner had. */
  readonly warnings: number;
  /** The secret version that replaced it; '-' for an adopted key. */
  readonly replacedBy: string;
}

export function retirementTag(retirement: Retirement): Record<string, string> {
  const { keyId, state, since, warnings, replacedBy, until } = retirement;
  return { [RETIRING + keyId]: [state, since.toISOString(), warnings, replacedBy, ...(until ? [until.toISOString()] : [])].join(' ') };
}

export const retirementTagKey = (keyId: string): string => RETIRING + keyId;

export function retirementsOf(secret: Secret): Retirement[] {
  return entries(secret, RETIRING).map(([keyId, value]) => {
    const [state, since = '', warnings = '0', replacedBy = '-', until] = value.split(' ');
    return { keyId, state: state === 'inactive' || state === 'deactivating' ? state : 'active', since: new Date(since), warnings: Number(warnings), replacedBy, ...(until && { until: new Date(until) }) };
  });
}

/** How far the end of a retired user's current key has come. `deactivating` and `deleting` are written before the act. */
export interface Ending {
  readonly state: 'waiting' | 'deactivating' | 'inactive' | 'deleting';
  readonly since: Date;
  readonly keyId: string;
  /** The key was found Inactive: who comes back does not get it back. */
  readonly found?: boolean;
  /** The owner was promised that it is not deleted before this. */
  readonly until?: Date;
}

export const endingTag = ({ state, since, keyId, found, until }: Ending): Record<string, string> => ({ [TAGS.ending]: [state, since.toISOString(), keyId, ...(found ? ['found'] : []), ...(until ? [until.toISOString()] : [])].join(' ') });

export function endingOf(secret: Secret): Ending | undefined {
  const [state, since = '', keyId = '', ...more] = secret.tags[TAGS.ending]?.split(' ') ?? [];
  const until = more.find((word) => word !== 'found');
  return state === undefined ? undefined : { state: state === 'deactivating' || state === 'inactive' || state === 'deleting' ? state : 'waiting', since: new Date(since), keyId, found: more.includes('found'), ...(until && { until: new Date(until) }) };
}

/** Back from the newer version to the older one; written before AWSCURRENT moves. */
export interface Rollback {
  readonly newer: string;
  readonly older: string;
  readonly newerKeyId: string;
  readonly olderKeyId: string;
  readonly done: boolean;
}

export const rollbackTag = ({ newer, older, newerKeyId, olderKeyId, done }: Rollback): Record<string, string> => ({ [TAGS.rolledBack]: [newer, older, newerKeyId, olderKeyId, done ? 'done' : 'begun'].join(' ') });

/** The rollback that AWSCURRENT is the outcome of; undefined once another rotation, or a person, moved it on. */
export function rollbackOf(secret: Secret): Rollback | undefined {
  const [newer = '', older, newerKeyId = '', olderKeyId = '', state] = secret.tags[TAGS.rolledBack]?.split(' ') ?? [];
  return older !== undefined && older === versionWith(secret, 'AWSCURRENT') ? { newer, older, newerKeyId, olderKeyId, done: state === 'done' } : undefined;
}

/** Whether a version of this secret, or of one that was there before it, has held a key of this user. */
export const hasHeldAKey = (secret: Secret): boolean => secret.tags[TAGS.notified] !== undefined || secret.tags[TAGS.lost] !== undefined;

/** A secret that was there before, is gone, and took with it which key is in use. */
export interface Loss {
  readonly since: Date;
  /** Keys that it held, as far as they existed then. */
  readonly keyIds: readonly string[];
}

export const lossTag = ({ since, keyIds }: Loss): Record<string, string> => ({ [TAGS.lost]: [since.toISOString(), ...keyIds].join(' ') });

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
export const tagKeysOf = (secret: Secret): string[] => Object.keys(secret.tags).filter((key) => key.startsWith(PREFIX) && key !== TAGS.generation);

/** A key that was declared compromised is never brought back. */
export const compromisedTag = (keyId: string, at: Date): Record<string, string> => ({ [COMPROMISED + keyId]: at.toISOString() });

export const isCompromised = (secret: Secret, keyId: string): boolean => secret.tags[COMPROMISED + keyId] !== undefined;

export const compromisedKeys = (secret: Secret): { readonly keyId: string; readonly at: Date }[] => entries(secret, COMPROMISED).map(([keyId, at]) => ({ keyId, at: new Date(at) }));

export const compromisedTagKey = (keyId: string): string => COMPROMISED + keyId;

/** Conditions the admin was told of, by code, with the instant of the last telling. */
export function alertsOf(secret: Secret): Map<string, Date> {
  return new Map(entries(secret, ALERT).map(([code, at]) => [code, new Date(at)]));
}

export const alertTagKey = (code: string): string => ALERT + code;

/** The last failed attempt of a rotation. */
export interface Failure {
  readonly token: string;
  readonly code: string;
  readonly at: Date;
  /** When its first attempt failed. */
  readonly since: Date;
}

export const failureTag = ({ token, code, at, since }: Failure): Record<string, string> => ({ [TAGS.failed]: [token, code, at.toISOString(), since.toISOString()].join(' ') });

export function failureOf(secret: Secret): Failure | undefined {
  const [token, code, at, since = at] = secret.tags[TAGS.failed]?.split(' ') ?? [];
  return token && code && at ? { token, code, at: new Date(at), since: new Date(since!) } : undefined;
}

/** Since when reconcile leaves this rotation to Secrets Manager. */
export function leftSince(secret: Secret, token: string): Date | undefined {
  const [marked, at] = secret.tags[TAGS.outstanding]?.split(' ') ?? [];
  return marked === token && at ? new Date(at) : undefined;
}

export const leftTag = (token: string, now: Date): Record<string, string> => ({ [TAGS.outstanding]: `${token} ${now.toISOString()}` });

function entries(secret: Secret, prefix: string): [string, string][] {
  return Object.entries(secret.tags)
    .filter(([key]) => key.startsWith(prefix))
    .map(([key, value]) => [key.slice(prefix.length), value]);
}

/** The version that holds a label. */
export function versionWith(secret: Secret, stage: string): string | undefined {
  return Object.entries(secret.versions).find(([, stages]) => stages.includes(stage))?.[0];
}
