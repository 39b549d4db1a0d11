import type { HistoryEvent } from './history';

/** One account's users, keys and secrets at one instant, as whoever sees everything sees them. */
export interface AccountState {
  readonly accountId: string;
  readonly users: readonly UserState[];
}

export interface UserState {
  readonly userName: string;
  readonly keys: readonly KeyState[];
  /** Absent before the product has made the user's secret, and after it was deleted. */
  readonly versions?: readonly VersionState[];
}

export interface KeyState {
  readonly keyId: string;
  readonly status: 'Active' | 'Inactive' | 'Expired';
  readonly createdAt: Date;
  /** The secret access key that IAM made. */
  readonly secret: string;
}

/** A secret version that holds a key, or one without a key when `keyId` is absent. */
export interface VersionState {
  readonly versionId: string;
  readonly labels: readonly string[];
  readonly keyId?: string;
  readonly secret?: string;
  readonly userName?: string;
}

/** What happened to keys between two states, as events at the later one's instant. */
export function keyEvents(before: AccountState | undefined, after: AccountState, at: Date): readonly HistoryEvent[] {
  return after.users.flatMap((user) => {
    const known = before?.users.find((other) => other.userName === user.userName)?.keys ?? [];
    const base = { at: at.toISOString(), accountId: after.accountId, userName: user.userName };
    const gone = known.filter((key) => !user.keys.some((other) => other.keyId === key.keyId));
    return [
      ...gone.map((key): HistoryEvent => ({ ...base, kind: 'key-deleted', keyId: key.keyId })),
      ...user.keys.flatMap((key): readonly HistoryEvent[] => {
        const former = known.find((other) => other.keyId === key.keyId);
        if (former === undefined) return [{ ...base, kind: 'key-created', keyId: key.keyId, origin: 'rotation' }];
        if (former.status === key.status) return [];
        return [{ ...base, kind: key.status === 'Active' ? 'key-activated' : 'key-deactivated', keyId: key.keyId }];
      }),
    ];
  });
}
