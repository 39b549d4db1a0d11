import type { LoggedEvent, KeyOrigin } from './event-log';

/** One access key's life, read from the events. Instants are ISO 8601; an absent end means the rehearsal's end. */
export interface KeyLife {
  readonly keyId: string;
  readonly origin: KeyOrigin;
  readonly createdAt: string;
  readonly deletedAt?: string;
  readonly inactive: readonly Span[];
  /** Days in a row with a use are one span. */
  readonly used: readonly Span[];
}

export interface Span {
  readonly from: string;
  readonly to?: string;
}

interface Draft {
  keyId: string;
  origin: KeyOrigin;
  createdAt: string;
  deletedAt?: string;
  inactive: { from: string; to?: string }[];
  used: { from: string; to: string }[];
}

/** Uses at most this far apart belong to one span. */
const SAME_SPAN_MS = 36 * 3_600_000;

/** The lives of one user's keys, in the order of their creation. Expects that user's events in order. */
export function keyLives(events: readonly LoggedEvent[]): readonly KeyLife[] {
  const drafts = new Map<string, Draft>();
  for (const event of events) {
    if (event.kind === 'key-created') {
      drafts.set(event.keyId, {
        keyId: event.keyId,
        origin: event.origin,
        createdAt: event.at,
        inactive: [],
        used: [],
      });
    } else if ('keyId' in event) {
      const draft = drafts.get(event.keyId);
      if (draft !== undefined) live(draft, event);
    }
  }
  return [...drafts.values()];
}

function live(draft: Draft, event: LoggedEvent): void {
  switch (event.kind) {
    case 'key-deactivated':
      draft.inactive.push({ from: event.at });
      break;
    case 'key-activated': {
      const open = draft.inactive.at(-1);
      if (open !== undefined) open.to ??= event.at;
      break;
    }
    case 'key-deleted': {
      draft.deletedAt = event.at;
      const open = draft.inactive.at(-1);
      if (open !== undefined) open.to ??= event.at;
      break;
    }
    case 'key-used': {
      const last = draft.used.at(-1);
      if (last !== undefined && Date.parse(event.at) - Date.parse(last.to) <= SAME_SPAN_MS) last.to = event.at;
      else draft.used.push({ from: event.at, to: event.at });
      break;
    }
  }
}
