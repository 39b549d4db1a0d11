/** What an account tells of itself: `reports/ACCOUNT.json` in the org bucket. */
export interface AccountReport {
  readonly schemaVersion: 1;
  readonly accountId: string;
  /** Generation of the roster slice that was applied. */
  readonly generation: number;
  /** Which code wrote this. */
  readonly codeVersion: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly users: readonly UserReport[];
  /** `state: leaving`, and nothing of the account is rotated any more: its stack may go. */
  readonly released?: boolean;
  /** What could not be read or done, never left out. */
  readonly unknown: readonly UnknownUser[];
}

export interface UnknownUser {
  readonly userName: string;
  readonly code: string;
  readonly reason: string;
  /** Keys that a version of the user's secret had held when the user could be read last. */
  readonly heldKeys?: readonly string[];
}

export interface UserReport {
  readonly userName: string;
  readonly secretName: string;
  readonly keys: readonly KeyReport[];
  /** Not rotated, by the roster, until that day. */
  readonly exempt?: { readonly reason: string; readonly approvedBy: string; readonly until: string };
  /** Codes of standing conditions. */
  readonly conditions: readonly string[];
  readonly nextRotationAt?: string;
}

export interface KeyReport {
  readonly keyId: string;
  readonly role: 'current' | 'pending' | 'retiring' | 'unmanaged';
  readonly status: 'Active' | 'Inactive' | 'Expired';
  readonly createdAt: string;
  /** Whole days since it was created. */
  readonly ageDays: number;
  readonly lastUsedAt?: string;
  readonly lastUsedBy?: string;
  /** `rotate`: by Secrets Manager's schedule, at the latest at that instant. */
  readonly nextStep?: 'rotate' | 'deactivate' | 'delete';
  readonly nextStepAt?: string;
}
