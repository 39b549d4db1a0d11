/** The settings of a user: its own, else the account's, else the roster's defaults, else these. */
export interface Settings {
  readonly rotateEvery: string;
  readonly keepPreviousFor: string;
  readonly quietFor: string;
  readonly deleteInactiveAfter: string;
  readonly whenStillUsed: 'hold' | 'deactivate';
  /** `never` unless given: a key that is still used is held for ever. */
  readonly holdAtMost?: string;
  readonly unmanagedKeys: 'retire' | 'hold' | 'delete';
  readonly ownerReads: boolean;
  readonly announceFirstRotation: string;
}

export const BUILT_IN: Settings = {
  rotateEvery: '90d',
  keepPreviousFor: '7d',
  quietFor: '48h',
  deleteInactiveAfter: '7d',
  whenStillUsed: 'hold',
  unmanagedKeys: 'retire',
  ownerReads: true,
  announceFirstRotation: '0d',
};

const NAMES: readonly string[] = [...Object.keys(BUILT_IN), 'holdAtMost'];

/** The later level wins, field by field; levels may hold other fields too. */
export function resolve(...levels: readonly object[]): Settings {
  const resolved: Record<string, unknown> = { ...BUILT_IN };
  for (const level of levels) {
    for (const name of NAMES) {
      const value = (level as Record<string, unknown>)[name];
      if (value !== undefined) resolved[name] = value;
    }
  }
  return resolved as unknown as Settings;
}

/** Hours of a duration such as `48h` or `90d`; undefined when it is none. */
export function hoursOf(duration: unknown): number | undefined {
  const match = typeof duration === 'string' ? /^(\d{1,5})([hd])$/.exec(duration) : null;
  return match ? Number(match[1]) * (match[2] === 'd' ? 24 : 1) : undefined;
}
