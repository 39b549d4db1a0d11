/**
 * One account's part of the roster, as the functions of that account read it from `roster/ACCOUNT.json`.
 * All defaults are resolved when it is published; nothing here is optional that changes behaviour.
 */
export interface RosterSlice {
  readonly schemaVersion: 1;
  /** Grows with every published change of this slice; a function never acts on an older one than it has seen. */
  readonly generation: number;
  readonly accountId: string;
  /** For people; absent where the roster gives no other name than the id, and in what was published before there was one. */
  readonly accountName?: string;
  readonly region: string;
  /** Whom owners can ask, for their mails. */
  readonly contact?: string;
  /** `leaving`: release every user of the account. */
  readonly state: 'active' | 'leaving';
  readonly userGuard: UserGuard;
  readonly limits: SliceLimits;
  /** ARNs of roles that may always read secrets. */
  readonly breakGlassRoles: readonly string[];
  readonly users: readonly SliceUser[];
}

export type UserGuard =
  | { readonly kind: 'tag'; readonly key: string; readonly value: string }
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'none' };

export interface SliceLimits {
  readonly maxFirstRotationsPerRun: number;
  /** Calendar dates in UTC, both inclusive: YYYY-MM-DD. */
  readonly freeze: readonly { readonly from: string; readonly to: string }[];
}

export interface SliceUser {
  readonly name: string;
  /** Full name of the secret, `/access-key/…`. */
  readonly secretName: string;
  /** Where the owner's mail goes; undefined when the user has no deliverable address: the admins get it. */
  readonly email?: string;
  /**
   * Names that this user's secret had before, the latest last; added when the slice is published. What those secrets hold
   * are keys of this user, and never unmanaged.
   */
  readonly formerSecretNames?: readonly string[];
  /** A secret of that name that the product did not make is taken over, when its key is the user's and works. */
  readonly adoptSecret?: true;
  readonly state: 'active' | 'retired';
  readonly rotateEveryHours: number;
  readonly keepPreviousForHours: number;
  readonly quietForHours: number;
  readonly deleteInactiveAfterHours: number;
  readonly whenStillUsed: 'hold' | 'deactivate';
  /** A held key is deactivated so long after its owner was sent the date, used or not; absent: never. */
  readonly holdAtMostHours?: number;
  /** The first rotation of a user who has a key is announced so long before it; absent: it starts at once. */
  readonly announceFirstRotationHours?: number;
  readonly unmanagedKeys: 'retire' | 'hold' | 'delete';
  readonly ownerReads: boolean;
  /** Principal ARNs of the same account that may read AWSCURRENT. */
  readonly readers: readonly string[];
  /** Reported, never rotated, until the end (calendar date in UTC, inclusive). */
  readonly exempt?: { readonly reason: string; readonly approvedBy: string; readonly until: string };
}
