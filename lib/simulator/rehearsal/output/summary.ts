import type { NoticeType } from '../../../../lambda/contract/notice';
import type { LoggedEvent, Violation } from '../history/event-log';

/** What `rehearse --format json` prints, exactly. */
export interface RehearsalSummary {
  readonly ok: boolean;
  readonly days: number;
  readonly accounts: number;
  readonly users: number;
  readonly rotations: { readonly succeeded: number; readonly failed: number; readonly partial: number };
  readonly keys: { readonly created: number; readonly deactivated: number; readonly deleted: number };
  readonly mails: number;
  readonly alerts: number;
  readonly violations: readonly Violation[];
  readonly seed: number;
}

/** One user's line in the table. */
export interface UserSummary {
  readonly accountId: string;
  readonly accountName: string;
  readonly userName: string;
  readonly exempt: boolean;
  readonly rotations: { readonly succeeded: number; readonly failed: number; readonly partial: number };
  readonly keys: { readonly created: number; readonly deactivated: number; readonly deleted: number };
  readonly notices: number;
  readonly alerts: number;
  readonly worst: WorstMoment;
}

/** The worst that happened to a user; the earlier kinds are worse. */
export type WorstMoment =
  | { readonly kind: 'violation'; readonly at: string; readonly rule: string }
  | { readonly kind: 'refused'; readonly at: string }
  | { readonly kind: 'partial'; readonly at: string }
  | { readonly kind: 'failed'; readonly at: string; readonly code?: string }
  | { readonly kind: 'held'; readonly at: string }
  | { readonly kind: 'waiting'; readonly at: string; readonly code?: string }
  /** How long the owner had already switched when the previous key stopped working. */
  | { readonly kind: 'margin'; readonly at: string; readonly hours: number }
  | { readonly kind: 'none' };

/** A user of the roster, as far as the report needs it. */
export interface RehearsedUser {
  readonly accountId: string;
  readonly accountName: string;
  readonly userName: string;
  readonly exempt: boolean;
}

export function summarizeUser(user: RehearsedUser, events: readonly LoggedEvent[]): UserSummary {
  return {
    ...user,
    rotations: countRotations(events),
    keys: countKeys(events),
    notices: events.filter((event) => event.kind === 'mail' && event.audience === 'owner').length,
    alerts: events.filter((event) => event.kind === 'mail' && event.audience === 'admin').length,
    worst: worstMoment(events),
  };
}

/** The whole rehearsal in numbers. Every mail counts; alerts are those that went to the admins. */
export function summarize(
  setting: { readonly days: number; readonly seed: number; readonly accounts: number; readonly users: number },
  events: readonly LoggedEvent[],
  violations: readonly Violation[],
): RehearsalSummary {
  const mails = events.filter((event) => event.kind === 'mail');
  return {
    ok: violations.length === 0,
    days: setting.days,
    accounts: setting.accounts,
    users: setting.users,
    rotations: countRotations(events),
    keys: countKeys(events),
    mails: mails.length,
    alerts: mails.filter((mail) => mail.audience === 'admin').length,
    violations,
    seed: setting.seed,
  };
}

function countRotations(events: readonly LoggedEvent[]): UserSummary['rotations'] {
  return {
    succeeded: countNotices(events, 'rotated'),
    failed: countNotices(events, 'rotation-failed'),
    partial: countNotices(events, 'rotation-partial'),
  };
}

function countNotices(events: readonly LoggedEvent[], type: NoticeType): number {
  return events.filter((event) => event.kind === 'notice' && event.type === type).length;
}

/** Keys that existed before the product came are not counted as created. */
function countKeys(events: readonly LoggedEvent[]): UserSummary['keys'] {
  return {
    created: events.filter((event) => event.kind === 'key-created' && event.origin === 'rotation').length,
    deactivated: events.filter((event) => event.kind === 'key-deactivated').length,
    deleted: events.filter((event) => event.kind === 'key-deleted').length,
  };
}

/** Also says when: the table and the page point there. */
function worstMoment(events: readonly LoggedEvent[]): WorstMoment {
  for (const event of events)
    if (event.kind === 'violation') return { kind: 'violation', at: event.at, rule: event.rule };
  for (const event of events) {
    if (event.kind === 'key-refused' && event.by === 'owner') return { kind: 'refused', at: event.at };
  }
  for (const type of ['rotation-partial', 'rotation-failed', 'previous-key-in-use', 'attention'] as const) {
    for (const event of events) if (event.kind === 'notice' && event.type === type) return asWorst(type, event);
  }
  return narrowestMargin(events) ?? { kind: 'none' };
}

type WorstNotice = 'rotation-partial' | 'rotation-failed' | 'previous-key-in-use' | 'attention';

function asWorst(type: WorstNotice, { at, code }: { readonly at: string; readonly code?: string }): WorstMoment {
  const coded = code === undefined ? { at } : { at, code };
  switch (type) {
    case 'rotation-partial':
      return { kind: 'partial', at };
    case 'rotation-failed':
      return { kind: 'failed', ...coded };
    case 'previous-key-in-use':
      return { kind: 'held', at };
    case 'attention':
      return { kind: 'waiting', ...coded };
  }
}

function narrowestMargin(events: readonly LoggedEvent[]): WorstMoment | undefined {
  const switchedAt = new Map<string, string>();
  let narrowest: { at: string; hours: number } | undefined;
  for (const event of events) {
    if (event.kind === 'owner-switched' && event.formerKeyId !== undefined) switchedAt.set(event.formerKeyId, event.at);
    if (event.kind !== 'key-deactivated' && event.kind !== 'key-deleted') continue;
    const switched = switchedAt.get(event.keyId);
    if (switched === undefined) continue;
    switchedAt.delete(event.keyId);
    const hours = Math.floor((Date.parse(event.at) - Date.parse(switched)) / 3_600_000);
    if (narrowest === undefined || hours < narrowest.hours) narrowest = { at: event.at, hours };
  }
  return narrowest && { kind: 'margin', ...narrowest };
}

/** A few words for the table, without the date. */
export function describeWorst(worst: WorstMoment): string {
  switch (worst.kind) {
    case 'violation':
      return 'promise broken';
    case 'refused':
      return 'old key stopped';
    case 'partial':
      return 'rotation partial';
    case 'failed':
      return 'rotation failed';
    case 'held':
      return 'old key kept';
    case 'waiting':
      return 'waited';
    case 'margin':
      return `${worst.hours >= 48 ? `${Math.floor(worst.hours / 24)}d` : `${worst.hours}h`} after switch`;
    case 'none':
      return '-';
  }
}
