/** Where a message says that its event lies. */
export interface EventLocation {
  readonly key: string;
  readonly accountId: string;
  readonly eventId: string;
  /** Absent of schema version 1. */
  readonly day?: string;
}

const EVENT_KEY = /^events\/(?<accountId>\d{12})\/(?:(?<day>\d{4}-\d{2}-\d{2})\/)?(?<eventId>[0-9a-f]{32})\.json$/;

/**
 * Takes the event's place out of an SNS envelope (raw delivery off) and nothing else: a message proves nothing, the
 * object that it points to does.
 * @returns undefined for anything but a pointer to an event; a retry would not change that
 */
export function eventLocation(body: string): EventLocation | undefined {
  const message = member(body, 'Message');
  const key = member(message, 'object') ?? member(message, 'event');
  const found = typeof key === 'string' ? EVENT_KEY.exec(key) : null;
  const { accountId, eventId, day } = found?.groups ?? {};
  if (found?.[0] !== key || !accountId || !eventId) return undefined;
  return { key: key as string, accountId, eventId, ...(day !== undefined && { day }) };
}

/** A member of a JSON object in text; undefined where there is none. */
export function member(text: unknown, name: string): unknown {
  if (typeof text !== 'string') return undefined;
  try {
    return (JSON.parse(text) as Record<string, unknown> | null)?.[name];
  } catch {
    return undefined;
  }
}
