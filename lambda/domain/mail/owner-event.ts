/** The event object as it lies in the org bucket: believed for what happened, never for who is told or in which words. */
import { RotationError } from '../errors';
import type { EventLocation } from './pointer';
import type { Audience, NoticeEvent, NoticeType } from '../../contract/notice';

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
] as const satisfies readonly NoticeType[];

export type OwnerNoticeType = (typeof OWNER_NOTICE_TYPES)[number];

/** An event with everything an owner's mail takes from it, each member of a form that cannot carry a message of its own. */
export interface OwnerEvent extends Pick<
  NoticeEvent,
  | 'id'
  | 'accountId'
  | 'occurredAt'
  | 'currentKeyId'
  | 'workingKeyIds'
  | 'previousKeyId'
  | 'previousKeyActiveUntil'
  | 'previousKeyDeletedAfter'
  | 'whenStillUsed'
  | 'previousKeyLastUsed'
  | 'code'
> {
  readonly type: OwnerNoticeType;
  readonly userName: string;
}

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

const OPTIONAL: Readonly<
  Record<
    | 'currentKeyId'
    | 'workingKeyIds'
    | 'previousKeyId'
    | 'previousKeyActiveUntil'
    | 'previousKeyDeletedAfter'
    | 'whenStillUsed'
    | 'code',
    Read
  >
> = {
  currentKeyId: matches(KEY_ID),
  workingKeyIds: isKeyIds,
  previousKeyId: matches(KEY_ID),
  previousKeyActiveUntil: isInstant,
  previousKeyDeletedAfter: isInstant,
  whenStillUsed: matches(/^(hold|deactivate)$/),
  code: matches(WORD),
};

/**
 * @returns undefined for a sound event that no owner is to be told of
 * @throws RotationError EVENT_INVALID, which quotes nothing of the object; a retry would not help, but a newer version of
 * this function might, so the message belongs into the dead-letter queue
 */
export function ownerEvent(text: string, { accountId, eventId }: EventLocation): OwnerEvent | undefined {
  const event = parsed(text);
  if (event.schemaVersion !== 1) throw invalid('its schema version is not 1');
  if (event.id !== eventId || event.accountId !== accountId)
    throw invalid('it names another id or account than its key');
  const { type, audience } = event;
  if (typeof type !== 'string' || !Array.isArray(audience)) throw invalid('it lacks type or audience');
  if (!isOwnerType(type) || !(audience as Audience[]).includes('owner')) return undefined;
  if (!matches(USER_NAME)(event.userName)) throw invalid('its user name is none');
  if (!isInstant(event.occurredAt)) throw invalid('occurredAt is no instant');
  for (const [name, read] of Object.entries(OPTIONAL))
    if (event[name] !== undefined && !read(event[name])) throw invalid(`${name} is malformed`);
  return { ...(event as unknown as OwnerEvent), type, previousKeyLastUsed: lastUsed(event.previousKeyLastUsed) };
}

/** AWS says "N/A" where it does not know; whatever is not one plain word is left out. */
function lastUsed(value: unknown): NoticeEvent['previousKeyLastUsed'] {
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
