/** Where a message says that its event lies. */
export interface EventLocation {
  readonly key: string;
  readonly accountId: string;
  readonly eventId: string;
}

const EVENT_KEY = /^events\/(\d{12})\/([0-9a-f]{32})\.json$/;

/**
 * Takes the event's place out of an SNS envelope (raw delivery off) and nothing else: a message proves nothing, the
 * object that it points to does.
 * @returns undefined for anything but a pointer to an event; a retry would not change that
 */
export function eventLocation(body: string): EventLocation | undefined {
  const key = member(member(body, 'Message'), 'event');
  const [found, accountId, eventId] = (typeof key === 'string' && EVENT_KEY.exec(key)) || [];
  return found === key && accountId && eventId ? { key: found!, accountId, eventId } : undefined;
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
