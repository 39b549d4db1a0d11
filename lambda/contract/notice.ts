/**
 * What happened, as an object in the org bucket: `events/ACCOUNT/DAY/ID.json`. Messages only point to it.
 * The id is a hash that names secret, occasion and type, so that writing or publishing it again changes nothing. Id, day
 * and account equal those of the object's key; that the account wrote it is proved by the bucket policy alone.
 */
import type { FailureCode, NoticeCode } from './codes';

export type NoticeEvent = NoticeHead &
  (
    | Rotated
    | RotationFailed
    | RotationPartial
    | PreviousKeyInUse
    | PreviousKeyDeactivated
    | PreviousKeyDeleted
    | RetirementFailed
    | KeyCompromised
    | RolledBack
    | StoredKeyUnusable
    | FirstRotationAnnounced
    | ActionNeeded
    | Attention
    | Resolved
  );

export type NoticeType = NoticeEvent['type'];

/** The notice of one type. */
export type NoticeOf<T extends NoticeType> = Extract<NoticeEvent, { readonly type: T }>;

export type Audience = 'owner' | 'admin';

/** What every notice says. */
export interface NoticeHead {
  readonly schemaVersion: 2;
  /** Hex, 32 characters. */
  readonly id: string;
  /**
   * Calendar date in UTC under which the object lies. It belongs to the occasion and not to the attempt: what is repeated
   * after midnight is the same object.
   */
  readonly day: string;
  readonly audience: readonly Audience[];
  readonly accountId: string;
  /** As the account's roster has it; for the admins' text, which the account itself sends. */
  readonly accountName?: string;
  readonly region: string;
  /** Empty where the account as a whole is meant. */
  readonly userName: string;
  readonly secretName: string;
  /** ISO 8601, UTC. */
  readonly occurredAt: string;
}

/** The key that a newer one replaced, as whoever sends the notice knows it; instants are ISO 8601. */
export type PreviousKey = NoPreviousKey | WorkingKey | InactiveKey | GoneKey | UncertainKey;

/** No stored key was replaced. */
export interface NoPreviousKey {
  readonly kind: 'none';
}
export interface WorkingKey {
  readonly kind: 'works';
  readonly keyId: string;
  /** The key is not deactivated before this instant, whatever the roster says later. */
  readonly until: string;
  /** What happens at that instant while the key is still being used. */
  readonly whenStillUsed: 'hold' | 'deactivate';
}
export interface InactiveKey {
  readonly kind: 'inactive';
  readonly keyId: string;
  /** It is deleted after this instant, sooner only if a new key needs its place. Absent while no deletion is planned. */
  readonly deletedAfter?: string;
}
/** It does not exist any more. Without an id where it went before anybody wrote it down. */
export interface GoneKey {
  readonly kind: 'gone';
  readonly keyId?: string;
}
/** Whether it works is not known, and nothing is promised of it. */
export interface UncertainKey {
  readonly kind: 'uncertain';
  readonly keyId?: string;
}

export interface KeyUse {
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly service: string;
  readonly region: string;
}

/** One step of a rotation: when it was done, and the invocation that did it. */
export interface RotationStep {
  readonly step: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Lambda's request id, as CloudWatch Logs and CloudTrail have it. */
  readonly requestId: string;
}

/** What was found, and what comes of it, each in one sentence and never with a secret value. */
interface Explained<Code extends NoticeCode = NoticeCode> {
  /** Stable, see docs/errors.md. */
  readonly code: Code;
  readonly reason: string;
  /** What happens next, or what the reader should do. */
  readonly nextStep?: string;
  /** What cures it, exactly, as one would type it. */
  readonly command?: string;
}

/** A rotation finished; the owner learns of the new key. */
interface Rotated {
  readonly type: 'rotated';
  /** Secret version that became AWSCURRENT. */
  readonly versionId: string;
  readonly currentKeyId: string;
  readonly previousKey: PreviousKey;
  readonly steps: readonly RotationStep[];
}
/** A rotation failed and the user's keys are unchanged. */
interface RotationFailed extends Explained<FailureCode> {
  readonly type: 'rotation-failed';
  readonly versionId: string;
}
/** The new key is live but something after it failed. */
interface RotationPartial extends Explained<FailureCode> {
  readonly type: 'rotation-partial';
  readonly versionId: string;
  /** Absent in what only the admins get. */
  readonly currentKeyId?: string;
  readonly previousKey: PreviousKey;
  readonly steps: readonly RotationStep[];
}
interface Retiring {
  /** The key that AWSCURRENT holds; absent before a first rotation. */
  readonly currentKeyId?: string;
  readonly previousKeyLastUsed?: KeyUse;
}
/** The previous key will soon be deactivated and is still being used. */
interface PreviousKeyInUse extends Retiring {
  readonly type: 'previous-key-in-use';
  readonly previousKey: WorkingKey;
}
interface PreviousKeyDeactivated extends Retiring {
  readonly type: 'previous-key-deactivated';
  /** Given where somebody else deactivated it. */
  readonly code?: 'PREVIOUS_KEY_DEACTIVATED';
  readonly previousKey: InactiveKey;
}
interface PreviousKeyDeleted extends Retiring {
  readonly type: 'previous-key-deleted';
  readonly previousKey: GoneKey;
  /** Why, where it made room for another. */
  readonly reason?: string;
}
/** Deactivating or deleting the previous key failed. */
interface RetirementFailed extends Retiring, Explained<FailureCode> {
  readonly type: 'retirement-failed';
  readonly previousKey: WorkingKey | InactiveKey | UncertainKey;
}
/** A key was declared compromised and deactivated; a new one is being made if it was the current one. */
interface KeyCompromised extends Explained {
  readonly type: 'key-compromised';
  /** Another key than the compromised one. */
  readonly currentKeyId?: string;
  readonly previousKey: InactiveKey;
}
/** AWSCURRENT holds the previous key again, and the newer one, here `previousKey`, retires. */
interface RolledBack extends Explained {
  readonly type: 'rolled-back';
  readonly versionId: string;
  readonly currentKeyId: string;
  readonly previousKey: WorkingKey | InactiveKey;
}
/** The secret holds no key that works, and somebody has to act; `code` says why. */
interface StoredKeyUnusable extends Explained {
  readonly type: 'stored-key-unusable';
  readonly currentKeyId?: string;
  /** Active keys besides the stored one. */
  readonly workingKeyIds: readonly string[];
}
/** The user's first rotation is to come, and not before `startsAt`. */
interface FirstRotationAnnounced {
  readonly type: 'first-rotation-announced';
  /** ISO 8601, UTC. */
  readonly startsAt: string;
  /** The user's Active keys. */
  readonly workingKeyIds: readonly string[];
}
/** Only the owner knows what uses these keys, and something waits until they are not used any more; `code` says what. */
interface ActionNeeded extends Explained<'ROTATION_WAITS' | 'KEY_STILL_USED'> {
  readonly type: 'action-needed';
  readonly currentKeyId?: string;
  /** Active keys that are used. */
  readonly workingKeyIds: readonly string[];
  readonly previousKeyLastUsed?: KeyUse;
}
/** Something that the admins should know of; `code` says what. */
interface Attention extends Explained {
  readonly type: 'attention';
}
/** A condition reported before is over. */
interface Resolved {
  readonly type: 'resolved';
  readonly code: NoticeCode;
  readonly reason: string;
}

/**
 * Body of the SNS message's machine-readable form. It proves nothing: the reader fetches the object.
 * `event` names the place where version 1 kept its objects: a mailer that knows no other finds nothing there, and the
 * message goes to its dead-letter queue instead of being taken for none.
 */
export interface NoticePointer {
  readonly event: string;
  /** Where the object lies; absent of version 1. */
  readonly object?: string;
}
