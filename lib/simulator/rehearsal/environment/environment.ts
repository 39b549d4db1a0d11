import type { NoticeEvent } from '../../../../lambda/contract/notice';
import type { AccountState } from './account-state';

/** What a rehearsal needs of the organization it plays in; times are virtual. */
export interface Environment {
  now(): Date;
  /** Runs whatever is due until that instant: schedules, rotations, queues. */
  advanceTo(at: Date): Promise<void>;
  /** A signed GetCallerIdentity. Never throws for an answer of AWS: that the key is refused is told by its code. */
  work(accountId: string, credentials: KeyPair): Promise<Refusal | Unanswered | undefined>;
  /** A signed GetSecretValue of AWSCURRENT, as the notice's command does it; a refusal is told by its code. */
  readCurrent(accountId: string, credentials: KeyPair, secretName: string): Promise<KeyPair | Refusal | Unanswered>;
  /** Of the whole account, or of one of its users. */
  stateOf(accountId: string, userName?: string): AccountState;
  /** What was published and mailed since the last time this was asked. */
  takeNotices(): readonly NoticeEvent[];
  takeMails(): readonly EnvironmentMail[];
  /** What left a function or was sent to AWS since then, but for the values of secrets. */
  takeTexts(): readonly Text[];
  /** Called after each call that changed a key or a secret of the account. */
  onChange(listener: (change: Change) => void): void;
  /** Called with each notice at the instant at which it is published, also when that is repeated. */
  onNotice(listener: (notice: NoticeEvent) => void): void;
}

export interface Change {
  readonly accountId: string;
  /** Absent when it may be anybody's. */
  readonly userName?: string;
  /** A function of the product made the call, not a person. */
  readonly byProduct: boolean;
}

export interface KeyPair {
  readonly keyId: string;
  readonly secret: string;
}

export interface Refusal {
  readonly refused: string;
}

/** AWS could not be reached, or asked to come later: it says nothing of the key. */
export interface Unanswered {
  readonly unanswered: string;
}

/** Something that anybody might read. */
export interface Text {
  readonly accountId: string;
  /** With an article: `a log line of access-keys-rotate`. */
  readonly place: string;
  readonly text: string;
}

export interface EnvironmentMail {
  readonly at: Date;
  readonly audience: 'owner' | 'admin';
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly html?: string;
  /** The event that the mail tells of, where that is known. */
  readonly eventId?: string;
}
