import type { LoggedEvent } from '../history/event-log';
import type { KeyLife } from '../history/key-timeline';
import { day } from './elements';
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

export type MarkKind =
  | 'rotation'
  | 'failure'
  | 'deletion'
  | 'switch'
  | 'compromised'
  | 'rollback'
  | 'notice'
  | 'alert'
  | 'command'
  | 'released'
  | 'retired'
  | 'restored'
  | 'refusal'
  | 'violation';

/** What happened to one user on one day, of one kind, on one lane; alerts day after day are one mark that goes on. */
export interface Mark {
  readonly row: number;
  /** Absent for what stands above the lanes. */
  readonly lane?: number;
  readonly kind: MarkKind;
  readonly at: number;
  readonly until: number;
  readonly events: readonly LoggedEvent[];
}

/** Keys side by side: each takes the first lane that is free when it is created. */
function lanesOf(lives: readonly KeyLife[]): ReadonlyMap<string, number> {
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
    const bar = (state: Bar['state'], from: number, to: number): Bar => ({
      row,
      lane,
      state,
      from: Math.max(from, start),
      to: Math.min(to, end),
      life,
    });
    return [
      bar('active', Date.parse(life.createdAt), until),
      ...life.used.map((span) =>
        bar('in use', Date.parse(span.from), Math.min(until, Date.parse(span.to ?? span.from) + DAY_MS / 2)),
      ),
      ...life.inactive.map((span) =>
        bar('inactive', Date.parse(span.from), span.to === undefined ? until : Date.parse(span.to)),
      ),
    ];
  });
}

const ON_A_LANE: ReadonlySet<MarkKind> = new Set(['rotation', 'deletion', 'switch', 'compromised', 'rollback']);
/** What comes again so soon is the same thing still going on. */
const SAME_RUN_MS = 1.5 * DAY_MS;

export function marksOf(user: UserRow, row: number, events: readonly LoggedEvent[]): readonly Mark[] {
  const lanes = lanesOf(user.lives);
  const marks: { row: number; lane?: number; kind: MarkKind; at: number; until: number; events: LoggedEvent[] }[] = [];
  for (const event of events) {
    const kind = markKind(event);
    if (kind === undefined) continue;
    const lane = ON_A_LANE.has(kind) && 'keyId' in event ? (lanes.get(event.keyId) ?? 0) : undefined;
    const at = Date.parse(event.at);
    const goesOn = (mark: Mark): boolean =>
      kind === 'alert' ? at - mark.until <= SAME_RUN_MS : Math.floor(mark.at / DAY_MS) === Math.floor(at / DAY_MS);
    const former = marks.findLast((mark) => mark.kind === kind && mark.lane === lane);
    if (former && goesOn(former)) {
      former.until = kind === 'alert' ? at : former.until;
      former.events.push(event);
    } else marks.push({ row, lane, kind, at, until: at, events: [event] });
  }
  return marks.toSorted((one, other) => one.at - other.at);
}

/**
 * Marks on one line side by side: each as near to its instant as those before it let it be.
 * @param xs wanted, growing
 * @param most no mark stands beyond it
 */
export function sideBySide(xs: readonly number[], width: number, most: number): readonly number[] {
  const placed: number[] = [];
  for (const x of xs) placed.push(Math.max(x, (placed.at(-1) ?? -Infinity) + width));
  for (let index = placed.length - 1, limit = most; index >= 0; index--, limit -= width)
    placed[index] = Math.min(placed[index]!, limit);
  return placed;
}

export function markKind(event: LoggedEvent): MarkKind | undefined {
  switch (event.kind) {
    case 'key-created':
      return event.origin === 'rotation' ? 'rotation' : undefined;
    case 'key-deleted':
      return 'deletion';
    case 'key-deactivated':
      return event.compromised ? 'compromised' : undefined;
    case 'current-key':
      return event.back ? 'rollback' : undefined;
    case 'secret-restored':
      return 'restored';
    case 'command':
      return 'command';
    case 'owner-switched':
      return 'switch';
    case 'notice':
      return noticeKind(event);
    case 'mail':
      return event.audience === 'owner' ? 'notice' : 'alert';
    case 'key-refused':
      return 'refusal';
    case 'violation':
      return 'violation';
    default:
      return undefined;
  }
}

const CODE_KINDS: Readonly<Record<string, MarkKind>> = {
  USER_RELEASED: 'released',
  USER_RETIRES: 'retired',
  USER_RETIRED: 'retired',
};

function noticeKind({ type, code = '' }: Extract<LoggedEvent, { readonly kind: 'notice' }>): MarkKind | undefined {
  return type === 'rotation-failed' || type === 'rotation-partial' || type === 'retirement-failed'
    ? 'failure'
    : CODE_KINDS[code];
}

/** Those of everybody, and the user's own. */
export const bandsFor = (bands: PageData['bands'], { accountId, userName }: UserRow): PageData['bands'] =>
  bands.filter((band) => band.userName === undefined || (band.accountId === accountId && band.userName === userName));

/** One event in words. */
export function describe(event: LoggedEvent): string {
  switch (event.kind) {
    case 'key-created':
      return event.origin === 'existing'
        ? `key ${event.keyId} was there before`
        : `rotation created key ${event.keyId}`;
    case 'key-deactivated':
      return `key ${event.keyId} deactivated${event.compromised ? ': it was declared compromised' : ''}`;
    case 'key-activated':
      return `key ${event.keyId} activated again`;
    case 'key-deleted':
      return `key ${event.keyId} deleted`;
    case 'current-key':
      return event.back ? `the secret holds key ${event.keyId} again` : `the secret holds key ${event.keyId}`;
    case 'secret-deleted':
      return `secret deleted, and can be restored for ${event.recoveryDays} days`;
    case 'secret-restored':
      return 'secret restored';
    case 'command':
      return `an operator commanded ${event.command}`;
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

type MailEvent = Extract<LoggedEvent, { readonly kind: 'mail' }>;

/** A line of a table: an event with the mails about it; what is told day after day is one line. */
export interface Story {
  readonly at: string;
  readonly until: string;
  readonly times: number;
  /** The latest of them. */
  readonly event: LoggedEvent;
  readonly mails: readonly MailEvent[];
}

/** @param events of one user, in order */
export function storiesOf(events: readonly LoggedEvent[]): readonly Story[] {
  const mailsOf = new Map<string, MailEvent[]>(
    events.flatMap((event) => (event.kind === 'notice' ? [[event.eventId, []]] : [])),
  );
  for (const event of events) if (event.kind === 'mail') mailsOf.get(event.eventId ?? '')?.push(event);
  const stories: { at: string; until: string; times: number; event: LoggedEvent; mails: MailEvent[] }[] = [];
  const latest = new Map<string, (typeof stories)[number]>();
  for (const event of events) {
    if (event.kind === 'mail' && mailsOf.has(event.eventId ?? '')) continue;
    const mails = event.kind === 'notice' ? (mailsOf.get(event.eventId) ?? []) : [];
    const what = sameness(event);
    const former = what === '' ? undefined : latest.get(what);
    if (former && Date.parse(event.at) - Date.parse(former.until) <= SAME_RUN_MS) {
      Object.assign(former, { until: event.at, times: former.times + 1, event, mails: [...former.mails, ...mails] });
      continue;
    }
    const story = { at: event.at, until: event.at, times: 1, event, mails };
    stories.push(story);
    latest.set(what, story);
  }
  return stories;
}

/** What may be told again and again; empty for what happens once. */
function sameness(event: LoggedEvent): string {
  if (event.kind === 'notice') return `${event.type} ${event.code ?? ''}`;
  if (event.kind === 'key-refused') return `refused ${event.keyId}`;
  return event.kind === 'mail' ? `${event.audience} ${event.subject}` : '';
}

/** `12 times, daily until 31 Jan 2027`; empty for what happened once. */
export function repetition({ at, until, times }: Story): string {
  if (times === 1) return '';
  const days = (Date.parse(until) - Date.parse(at)) / DAY_MS;
  return `${times} times, ${Math.round(days) === times - 1 ? 'daily ' : ''}until ${day(until)}`;
}
