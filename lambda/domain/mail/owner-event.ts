/** The event object as it lies in the org bucket: believed for what happened, never for who is told or in which words. */
import { RotationError } from '../errors';
import type { EventLocation } from './pointer';
import type { Audience, KeyUse, NoticeHead, NoticeType, PreviousKey } from '../../contract/notice';

/** What an owner can be told of; other types are the administrators' alone. */
export const OWNER_NOTICE_TYPES = [
  'rotated',
  'rotation-partial',
  'previous-key-in-use',
  'previous-key-deactivated',
  'previous-key-deleted',
  'retirement-failed',
  'key-compromised',
  'rolled-back',
  'stored-key-unusable',
  'first-rotation-announced',
  'action-needed',
] as const satisfies readonly NoticeType[];

export type OwnerNoticeType = (typeof OWNER_NOTICE_TYPES)[number];

/** An event with everything an owner's mail takes from it, each member of a form that cannot carry a message of its own. */
export interface OwnerEvent extends Pick<NoticeHead, 'id' | 'accountId' | 'occurredAt' | 'userName'> {
  readonly type: OwnerNoticeType;
  readonly currentKeyId?: string;
  readonly workingKeyIds?: readonly string[];
  readonly previousKey: ReadPreviousKey;
  readonly previousKeyLastUsed?: KeyUse;
  readonly code?: string;
  /** Of an announcement. */
  readonly startsAt?: string;
}

/** `unsaid`: schema version 1 did not say whether there was one. */
export type ReadPreviousKey = PreviousKey | { readonly kind: 'unsaid' };

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,3})?Z$/;
const KEY_ID = /^[A-Z0-9]{16,128}$/;
const WORD = /^[\w.-]{1,64}$/;
/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const USER_NAME = /^[\w+=,.@-]{1,64}$/;

type Read = (value: unknown) => boolean;
const matches =
  (form: RegExp): Read =>
  (value) =>
    typeof value === 'string' && form.test(value);
const isInstant: Read = (value) => matches(INSTANT)(value) && !Number.isNaN(Date.parse(String(value)));

const isKeyIds: Read = (value) => Array.isArray(value) && value.length <= 2 && value.every(matches(KEY_ID));

const OPTIONAL: Readonly<Record<'currentKeyId' | 'workingKeyIds' | 'code' | 'startsAt', Read>> = {
  startsAt: isInstant,
  currentKeyId: matches(KEY_ID),
  workingKeyIds: isKeyIds,
  code: matches(WORD),
};

/**
 * @returns undefined for a sound event that no owner is to be told of
 * @throws RotationError EVENT_INVALID, which quotes nothing of the object; a retry would not help, but a newer version of
 * this function might, so the message belongs into the dead-letter queue
 */
export function ownerEvent(text: string, { accountId, eventId, day }: EventLocation): OwnerEvent | undefined {
  const event = parsed(text);
  if (event.schemaVersion !== (day === undefined ? 1 : 2)) throw invalid('its schema version does not match its path');
  if (event.id !== eventId || event.accountId !== accountId || event.day !== day)
    throw invalid('its id, day or account does not match its key');
  const { type, audience, userName, occurredAt } = event;
  if (typeof type !== 'string' || !Array.isArray(audience)) throw invalid('it lacks type or audience');
  if (!isOwnerType(type) || !(audience as Audience[]).includes('owner')) return undefined;
  if (!matches(USER_NAME)(userName)) throw invalid('its userName is not valid');
  if (!isInstant(occurredAt)) throw invalid('occurredAt is not a valid timestamp');
  for (const [name, read] of Object.entries(OPTIONAL))
    if (event[name] !== undefined && !read(event[name])) throw invalid(`${name} is malformed`);
  if (type === 'first-rotation-announced' && event.startsAt === undefined) throw invalid('it names no date');
  const { currentKeyId, workingKeyIds, code, startsAt } = event as Partial<OwnerEvent>;
  const previousKeyLastUsed = lastUsed(event.previousKeyLastUsed);
  return {
    id: eventId,
    accountId,
    type,
    userName: String(userName),
    occurredAt: String(occurredAt),
    previousKey: day === undefined ? previousKeyOfVersion1(event, type) : previousKeyOf(event.previousKey),
    ...(currentKeyId && { currentKeyId }),
    ...(workingKeyIds && { workingKeyIds }),
    ...(previousKeyLastUsed && { previousKeyLastUsed }),
    ...(code && { code }),
    ...(startsAt && { startsAt }),
  };
}

/** Of each kind, what it must say and what it may say. */
const PREVIOUS_KEYS: Readonly<Record<PreviousKey['kind'], Readonly<Record<string, readonly [Read, 'must' | 'may']>>>> =
  {
    none: {},
    works: {
      keyId: [matches(KEY_ID), 'must'],
      until: [isInstant, 'must'],
      whenStillUsed: [matches(/^(hold|deactivate)$/), 'must'],
    },
    inactive: { keyId: [matches(KEY_ID), 'must'], deletedAfter: [isInstant, 'may'] },
    gone: { keyId: [matches(KEY_ID), 'may'] },
    uncertain: { keyId: [matches(KEY_ID), 'may'] },
  };

function previousKeyOf(value: unknown): PreviousKey {
  if (value === undefined) return { kind: 'none' };
  const { kind, ...said } = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  if (typeof kind !== 'string' || !Object.hasOwn(PREVIOUS_KEYS, kind)) throw invalid('previousKey is of no known kind');
  const members = Object.entries(PREVIOUS_KEYS[kind as PreviousKey['kind']]);
  for (const [name, [read, need]] of members)
    if (said[name] === undefined ? need === 'must' : !read(said[name]))
      throw invalid(`${name} of previousKey is malformed`);
  return Object.fromEntries([['kind', kind], ...members.map(([name]) => [name, said[name]])]) as unknown as PreviousKey;
}

/** Version 1 left out what did not apply, and the mailer drew its conclusions. */
function previousKeyOfVersion1(event: Record<string, unknown>, type: OwnerNoticeType): ReadPreviousKey {
  const {
    previousKeyId: keyId,
    previousKeyActiveUntil: until,
    previousKeyDeletedAfter: deletedAfter,
    whenStillUsed = 'hold',
  } = event;
  if (until !== undefined && keyId !== undefined) return previousKeyOf({ kind: 'works', keyId, until, whenStillUsed });
  if (keyId === undefined) return { kind: type === 'stored-key-unusable' ? 'none' : 'unsaid' };
  if (type === 'rotation-partial') return previousKeyOf({ kind: 'uncertain', keyId });
  return previousKeyOf(
    type === 'previous-key-deactivated' || type === 'retirement-failed' || type === 'key-compromised'
      ? { kind: 'inactive', keyId, deletedAfter }
      : { kind: 'gone', keyId },
  );
}

/** AWS says "N/A" where it does not know; whatever is not one plain word is left out. */
function lastUsed(value: unknown): KeyUse | undefined {
  if (value === undefined) return undefined;
  const { at, service, region } = (value ?? {}) as Record<string, unknown>;
  if (!isInstant(at)) throw invalid('previousKeyLastUsed is malformed');
  const word = (name: unknown, kind: string): string => (matches(WORD)(name) ? String(name) : `an unknown ${kind}`);
  return { at: String(at), service: word(service, 'service'), region: word(region, 'region') };
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value = JSON.parse(text) as unknown;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    throw invalid('it is not JSON');
  }
  throw invalid('it is not an object');
}

function isOwnerType(type: string): type is OwnerNoticeType {
  return (OWNER_NOTICE_TYPES as readonly string[]).includes(type);
}

function invalid(found: string): RotationError {
  return new RotationError('EVENT_INVALID', `an event object cannot be read: ${found}`);
}
