import type { HistoryEvent } from '../history';
import type { KeyLife } from '../key-life';
import type { PageData } from './page-data';

const DAY_MS = 86_400_000;

export type UserRow = PageData['users'][number];

/** A piece of a key's life on one lane of its user's row. Instants are milliseconds. */
export interface Bar {
  readonly row: number;
  readonly lane: number;
  readonly state: 'active' | 'in use' | 'inactive';
  readonly from: number;
  readonly to: number;
  readonly life: KeyLife;
}

export type MarkKind = 'rotation' | 'failure' | 'deletion' | 'switch' | 'notice' | 'alert' | 'violation';

/** What happened to one user on one day, of one kind, on one lane: a mark that can be told from its neighbours. */
export interface Mark {
  readonly row: number;
  readonly lane: number;
  readonly kind: MarkKind;
  readonly at: number;
  readonly events: readonly HistoryEvent[];
}

/** Keys side by side: each takes the first lane that is free when it is created. */
export function lanesOf(lives: readonly KeyLife[]): ReadonlyMap<string, number> {
  const freeAt: number[] = [];
  const lanes = new Map<string, number>();
  for (const life of lives) {
    const created = Date.parse(life.createdAt);
    const found = freeAt.findIndex((free) => free <= created);
    const lane = found === -1 ? freeAt.length : found;
    freeAt[lane] = life.deletedAt === undefined ? Infinity : Date.parse(life.deletedAt);
    lanes.set(life.keyId, lane);
  }
  return lanes;
}

export function barsOf(user: UserRow, row: number, data: PageData): readonly Bar[] {
  const [start, end] = [Date.parse(data.start), Date.parse(data.end)];
  const lanes = lanesOf(user.lives);
  return user.lives.flatMap((life) => {
    const lane = lanes.get(life.keyId) ?? 0;
    const until = life.deletedAt === undefined ? end : Date.parse(life.deletedAt);
    const bar = (state: Bar['state'], from: number, to: number): Bar => ({ row, lane, state, from: Math.max(from, start), to: Math.min(to, end), life });
    return [
      bar('active', Date.parse(life.createdAt), until),
      ...life.used.map((span) => bar('in use', Date.parse(span.from), Math.min(until, Date.parse(span.to ?? span.from) + DAY_MS / 2))),
      ...life.inactive.map((span) => bar('inactive', Date.parse(span.from), span.to === undefined ? until : Date.parse(span.to))),
    ];
  });
}

export function marksOf(user: UserRow, row: number, events: readonly HistoryEvent[]): readonly Mark[] {
  const lanes = lanesOf(user.lives);
  const marks = new Map<string, { row: number; lane: number; kind: MarkKind; at: number; events: HistoryEvent[] }>();
  for (const event of events) {
    const kind = markKind(event);
    if (kind === undefined) continue;
    const lane = 'keyId' in event ? (lanes.get(event.keyId) ?? 0) : 0;
    const at = Date.parse(event.at);
    const place = [kind, lane, Math.floor(at / DAY_MS)].join(' ');
    const mark = marks.get(place);
    if (mark === undefined) marks.set(place, { row, lane, kind, at, events: [event] });
    else mark.events.push(event);
  }
  return [...marks.values()].toSorted((one, other) => one.at - other.at);
}

function markKind(event: HistoryEvent): MarkKind | undefined {
  switch (event.kind) {
    case 'key-created':
      return event.origin === 'rotation' ? 'rotation' : undefined;
    case 'key-deleted':
      return 'deletion';
    case 'owner-switched':
      return 'switch';
    case 'notice':
      return event.type === 'rotation-failed' || event.type === 'rotation-partial' || event.type === 'retirement-failed' ? 'failure' : undefined;
    case 'mail':
      return event.audience === 'owner' ? 'notice' : 'alert';
    case 'key-refused':
    case 'violation':
      return 'violation';
    default:
      return undefined;
  }
}

/** One event in words. */
export function describe(event: HistoryEvent): string {
  switch (event.kind) {
    case 'key-created':
      return event.origin === 'existing' ? `key ${event.keyId} was there before` : `rotation created key ${event.keyId}`;
    case 'key-deactivated':
      return `key ${event.keyId} deactivated`;
    case 'key-activated':
      return `key ${event.keyId} activated again`;
    case 'key-deleted':
      return `key ${event.keyId} deleted`;
    case 'key-used':
      return `${event.by} used key ${event.keyId}`;
    case 'key-refused':
      return `AWS refused key ${event.keyId} to the ${event.by} (${event.code})`;
    case 'owner-switched':
      return `owner switched to key ${event.keyId} (${event.means === 'old key' ? 'read it with the old key' : 'it was handed over'})`;
    case 'notice':
      return [event.type.replaceAll('-', ' '), event.code, event.reason].filter(Boolean).join(': ');
    case 'mail':
      return `mail to the ${event.audience === 'owner' ? 'owner' : 'admins'}: ${event.subject}`;
    case 'fault':
      return `fault: ${event.what}`;
    case 'violation':
      return `VIOLATION ${event.rule}: ${event.message}`;
  }
}
