import type { LoggedEvent } from '../history/event-log';

/** One account's users, keys and secrets at one instant, as whoever sees everything sees them. */
export interface AccountState {
  readonly accountId: string;
  readonly users: readonly UserState[];
}

export interface UserState {
  readonly userName: string;
  readonly keys: readonly KeyState[];
  /** Absent before the product has made the user's secret, and when its recovery window is over. */
  readonly versions?: readonly VersionState[];
  /** Keys in secrets that the user had under other names. */
  readonly formerKeyIds?: readonly string[];
  /** The end of the recovery window, while the secret is deleted. */
  readonly secretEndsAt?: Date;
}

export interface KeyState {
  readonly keyId: string;
  readonly status: 'Active' | 'Inactive' | 'Expired';
  readonly createdAt: Date;
  /** The ledger says so. */
  readonly compromised: boolean;
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

/** What happened to keys and secrets between two states, as events at the later one's instant. */
export function keyEvents(before: AccountState | undefined, after: AccountState, at: Date): readonly LoggedEvent[] {
  return after.users.flatMap((user) => {
    const former = before?.users.find((other) => other.userName === user.userName);
    const known = former?.keys ?? [];
    const base = { at: at.toISOString(), accountId: after.accountId, userName: user.userName };
    const gone = known.filter((key) => !user.keys.some((other) => other.keyId === key.keyId));
    return [
      ...gone.map((key): LoggedEvent => ({ ...base, kind: 'key-deleted', keyId: key.keyId })),
      ...user.keys.flatMap((key): readonly LoggedEvent[] => {
        const earlier = known.find((other) => other.keyId === key.keyId);
        if (earlier === undefined) return [{ ...base, kind: 'key-created', keyId: key.keyId, origin: 'rotation' }];
        if (earlier.status === key.status) return [];
        if (key.status === 'Active') return [{ ...base, kind: 'key-activated', keyId: key.keyId }];
        return [
          {
            ...base,
            kind: 'key-deactivated',
            keyId: key.keyId,
            ...(key.compromised && { compromised: true as const }),
          },
        ];
      }),
      ...secretEvents(former, user, at).map((event): LoggedEvent => ({ ...base, ...event })),
    ];
  });
}

type SecretEvent =
  | { readonly kind: 'current-key'; readonly keyId: string; readonly back?: true }
  | { readonly kind: 'secret-deleted'; readonly recoveryDays: number }
  | { readonly kind: 'secret-restored' };

const DAY_MS = 86_400_000;

function secretEvents(before: UserState | undefined, after: UserState, at: Date): readonly SecretEvent[] {
  const [former, current] = [before, after].map(
    (state) => state?.versions?.find(({ labels }) => labels.includes('AWSCURRENT'))?.keyId,
  );
  const madeAt = (keyId: string | undefined): number =>
    after.keys.find((key) => key.keyId === keyId)?.createdAt.getTime() ?? 0;
  const ended: readonly SecretEvent[] =
    after.secretEndsAt && !before?.secretEndsAt
      ? [{ kind: 'secret-deleted', recoveryDays: Math.round((after.secretEndsAt.getTime() - at.getTime()) / DAY_MS) }]
      : [];
  const restored: readonly SecretEvent[] =
    before?.secretEndsAt && after.versions && !after.secretEndsAt ? [{ kind: 'secret-restored' }] : [];
  if (current === undefined || current === former) return [...ended, ...restored];
  return [
    ...ended,
    ...restored,
    { kind: 'current-key', keyId: current, ...(madeAt(current) < madeAt(former) && { back: true as const }) },
  ];
}
