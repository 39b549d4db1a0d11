import { PREFIX, entries, TAGS } from './tags';
import type { Secret } from '../ports';

const RETIRING = `${PREFIX}retiring:`;

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
  /** When something happened of which its owner has not been notified: a warning came due or, once `inactive`, it was deactivated. */
  readonly owing?: Date;
  /** Why `until` was moved, which happens once: the owner's mail came `late` and named another date, or nobody was mailed. */
  readonly moved?: 'late' | 'unnotified';
  /** When the last warning came due. */
  readonly warnedAt?: Date;
  /** Somebody else deactivated it. */
  readonly byOthers?: boolean;
  /** The date that the last warning named for a key that is held: it is deactivated then, used or not. */
  readonly heldUntil?: Date;
}

const OWING = 'owes=';
const MOVED = 'moved=';
const WARNED = 'warned=';
const BY_OTHERS = 'by-others';
const HELD = 'held=';
const ANNOUNCED = 'announced';

export function retirementTag(retirement: Retirement): Record<string, string> {
  const { keyId, state, since, warnings, replacedBy, until, owing, moved, warnedAt, heldUntil, byOthers } = retirement;
  return {
    [RETIRING + keyId]: [
      state,
      since.toISOString(),
      warnings,
      replacedBy,
      ...(until ? [until.toISOString()] : []),
      ...(moved ? [`${MOVED}${moved}`] : []),
      ...(warnedAt ? [`${WARNED}${warnedAt.toISOString()}`] : []),
      ...(byOthers ? [BY_OTHERS] : []),
      ...(heldUntil ? [`${HELD}${heldUntil.toISOString()}`] : []),
      ...(owing ? [`${OWING}${owing.toISOString()}`] : []),
    ].join(' '),
  };
}

export const retirementTagKey = (keyId: string): string => RETIRING + keyId;

export function retirementsOf(secret: Secret): Retirement[] {
  return entries(secret, RETIRING).map(([keyId, value]) => {
    const [state, since = '', warnings = '0', replacedBy = '-', ...words] = value.split(' ');
    const until = words.find(isInstant);
    const owing = owingIn(words);
    const moved = wordAfter(MOVED, words);
    const warnedAt = wordAfter(WARNED, words);
    const heldUntil = wordAfter(HELD, words);
    return {
      keyId,
      state: state === 'inactive' || state === 'deactivating' ? state : 'active',
      since: new Date(since),
      warnings: Number(warnings),
      replacedBy,
      ...(until && { until: new Date(until) }),
      ...((moved === 'late' || moved === 'unnotified') && { moved }),
      ...(warnedAt !== undefined && { warnedAt: new Date(warnedAt) }),
      ...(words.includes(BY_OTHERS) && { byOthers: true }),
      ...(heldUntil !== undefined && { heldUntil: new Date(heldUntil) }),
      ...(owing && { owing }),
    };
  });
}

const isInstant = (word: string): boolean => /^\d{4}-/.test(word);

const wordAfter = (name: string, words: readonly string[]): string | undefined =>
  words.find((word) => word.startsWith(name))?.slice(name.length);

function owingIn(words: readonly string[]): Date | undefined {
  const at = wordAfter(OWING, words);
  return at === undefined ? undefined : new Date(at);
}

/** How far the end of a retired user's current key has come. `deactivating` and `deleting` are written before the act. */
export interface UserOffboarding {
  readonly state: 'waiting' | 'deactivating' | 'inactive' | 'deleting';
  readonly since: Date;
  readonly keyId: string;
  /** The key was found Inactive: who comes back does not get it back. */
  readonly found?: boolean;
  /** The owner was promised that it is not deleted before this. */
  readonly until?: Date;
  /** When it was deactivated, while its owner has not been notified of that. */
  readonly owing?: Date;
  /** The admins know that the secret goes. */
  readonly announced?: boolean;
}

export const offboardingTag = ({
  state,
  since,
  keyId,
  found,
  until,
  owing,
  announced,
}: UserOffboarding): Record<string, string> => ({
  [TAGS.offboarding]: [
    state,
    since.toISOString(),
    keyId,
    ...(found ? ['found'] : []),
    ...(until ? [until.toISOString()] : []),
    ...(announced ? [ANNOUNCED] : []),
    ...(owing ? [`${OWING}${owing.toISOString()}`] : []),
  ].join(' '),
});

export function offboardingOf(secret: Secret): UserOffboarding | undefined {
  const [state, since = '', keyId = '', ...more] = secret.tags[TAGS.offboarding]?.split(' ') ?? [];
  const until = more.find(isInstant);
  const owing = owingIn(more);
  return state === undefined
    ? undefined
    : {
        state: state === 'deactivating' || state === 'inactive' || state === 'deleting' ? state : 'waiting',
        since: new Date(since),
        keyId,
        found: more.includes('found'),
        ...(until && { until: new Date(until) }),
        ...(more.includes(ANNOUNCED) && { announced: true }),
        ...(owing && { owing }),
      };
}
