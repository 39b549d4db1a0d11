/** What a rehearsal records: the events of every user's keys, in virtual time. No value here is ever a secret. */

import type { NoticeType } from '../../../../lambda/contract/notice';

interface Happening {
  /** Virtual time, ISO 8601, UTC. */
  readonly at: string;
  readonly accountId: string;
  /** Absent when the event concerns the account as a whole. */
  readonly userName?: string;
}

export type LoggedEvent = Happening &
  (
    | { readonly kind: 'key-created'; readonly keyId: string; readonly origin: KeyOrigin }
    | { readonly kind: 'key-deactivated'; readonly keyId: string; readonly compromised?: true }
    | { readonly kind: 'key-activated'; readonly keyId: string }
    | { readonly kind: 'key-deleted'; readonly keyId: string }
    | { readonly kind: 'current-key'; readonly keyId: string; readonly back?: true }
    | { readonly kind: 'secret-deleted'; readonly recoveryDays: number }
    | { readonly kind: 'secret-restored' }
    | { readonly kind: 'command'; readonly command: OperatorCommand }
    | { readonly kind: 'key-used'; readonly keyId: string; readonly by: KeyBearer }
    | { readonly kind: 'key-refused'; readonly keyId: string; readonly by: KeyBearer; readonly code: string }
    | {
        readonly kind: 'owner-switched';
        readonly keyId: string;
        readonly formerKeyId?: string;
        readonly means: SwitchMeans;
      }
    | {
        readonly kind: 'notice';
        readonly type: NoticeType;
        readonly eventId: string;
        readonly code?: string;
        readonly reason?: string;
      }
    | {
        readonly kind: 'mail';
        readonly audience: 'owner' | 'admin';
        readonly subject: string;
        readonly file: string;
        readonly eventId?: string;
      }
    | { readonly kind: 'fault'; readonly what: string }
    | { readonly kind: 'violation'; readonly rule: InvariantRule; readonly message: string }
  );

/** What an operator may command; as its words on the command line. */
export type OperatorCommand = 'rotate' | 'rotate --compromised' | 'rollback';

/** `existing`: there before the product came. `rotation`: made by it. `by hand`: made by a person since. */
export type KeyOrigin = 'existing' | 'rotation' | 'person';

/** Who holds the key: the owner, or something forgotten that still uses the user's second key. */
export type KeyBearer = 'owner' | 'forgotten script';

/** `old key`: read the secret as the mail's command says. `handed over`: somebody allowed to read it passed it on. */
export type SwitchMeans = 'old key' | 'handed over';

export type InvariantRule =
  | 'current-key-works'
  | 'last-key-kept'
  | 'owner-notified-first'
  | 'owner-not-locked-out'
  | 'two-keys-at-most'
  | 'no-orphan-at-rest'
  | 'no-secret-outside-the-store'
  | 'notices-are-true'
  | 'notices-once-a-day';

export interface Violation {
  readonly at: string;
  readonly accountId: string;
  readonly userName?: string;
  readonly rule: InvariantRule;
  /** In plain words, one sentence. */
  readonly message: string;
}

/** Collects events in the order of their time; those of one instant stay in the order they came. */
export class History {
  private readonly recorded: LoggedEvent[] = [];

  record(event: LoggedEvent): void {
    this.recorded.push(event);
  }

  /** Records each violation once: a state that stays wrong is one violation, at the moment it was first seen. */
  violate(violation: Violation): void {
    const known = this.violations.some((other) => other.rule === violation.rule && other.message === violation.message);
    if (!known) this.recorded.push({ kind: 'violation', ...violation });
  }

  get events(): readonly LoggedEvent[] {
    return this.recorded.toSorted((one, other) => Number(one.at > other.at) - Number(one.at < other.at));
  }

  get violations(): readonly Violation[] {
    return this.recorded
      .filter((event) => event.kind === 'violation')
      .map(({ kind: _kind, ...violation }) => violation);
  }
}
