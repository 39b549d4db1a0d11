/**
 * What happened, as an object in the org bucket: `events/ACCOUNT/ID.json`. Messages only point to it.
 * The id is a hash that names secret, occasion and type, so that writing or publishing it again changes nothing. Id and
 * account equal those of the object's key; that the account wrote it is proved by the bucket policy alone.
 */
export interface NoticeEvent {
  readonly schemaVersion: 1;
  /** Hex, 32 characters. */
  readonly id: string;
  readonly type: NoticeType;
  readonly audience: readonly Audience[];
  readonly accountId: string;
  /** As the account's roster has it; for the admins' text, which the account itself sends. */
  readonly accountName?: string;
  readonly region: string;
  readonly userName: string;
  readonly secretName: string;
  /** Secret version that the event is about; absent when there is none. */
  readonly versionId?: string;
  /** ISO 8601, UTC. */
  readonly occurredAt: string;
  /** The key that AWSCURRENT holds after the event. */
  readonly currentKeyId?: string;
  /** Active keys besides the stored one, while that one does not work. */
  readonly workingKeyIds?: readonly string[];
  /** The key that is being, or has been, retired. */
  readonly previousKeyId?: string;
  /** The previous key is not deactivated before this instant, whatever the roster says later; ISO 8601. Absent: it no longer works, or there is none. */
  readonly previousKeyActiveUntil?: string;
  /** What happens to the previous key at that instant while it is still being used. */
  readonly whenStillUsed?: 'hold' | 'deactivate';
  /** A deactivated key is deleted after this instant, sooner only if a new key needs its place; ISO 8601. */
  readonly previousKeyDeletedAfter?: string;
  readonly previousKeyLastUsed?: { readonly at: string; readonly service: string; readonly region: string };
  /** Stable code of the failure or condition, see docs/errors.md. */
  readonly code?: string;
  /** What was found, in one sentence, never with a secret value. */
  readonly reason?: string;
  /** What happens next, or what the reader should do, in one sentence. */
  readonly nextStep?: string;
  /** What cures it, exactly, as one would type it. */
  readonly command?: string;
}

export type Audience = 'owner' | 'admin';

export type NoticeType =
  /** A rotation finished; the owner learns of the new key. */
  | 'rotated'
  /** A rotation failed and the user's keys are unchanged. */
  | 'rotation-failed'
  /** The new key is live but something after it failed. */
  | 'rotation-partial'
  /** The previous key will soon be deactivated and is still being used. */
  | 'previous-key-in-use'
  | 'previous-key-deactivated'
  | 'previous-key-deleted'
  /** The new key is live and retiring the previous one failed. */
  | 'retirement-failed'
  /** The current key was declared compromised and deactivated; a new one is being made. */
  | 'key-compromised'
  /** AWSCURRENT holds the previous key again, and the newer one retires. */
  | 'rolled-back'
  /** The secret holds no key that works, and somebody has to act; `code` says why. */
  | 'stored-key-unusable'
  /** A condition the admin should know of; `code` says which. */
  | 'attention'
  /** A condition reported before is over. */
  | 'resolved';

/** Body of the SNS message's machine-readable form. It proves nothing: the reader fetches the object. */
export interface NoticePointer {
  readonly event: string;
}
