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
  /** What could not be read or done, never left out. */
  readonly unknown: readonly { readonly userName: string; readonly code: string; readonly reason: string }[];
}

export interface UserReport {
  readonly userName: string;
  readonly secretName: string;
  readonly keys: readonly KeyReport[];
  /** Codes of standing conditions. */
  readonly conditions: readonly string[];
  readonly nextRotationAt?: string;
}

export interface KeyReport {
  readonly keyId: string;
  readonly role: 'current' | 'pending' | 'retiring' | 'unmanaged';
  readonly status: 'Active' | 'Inactive' | 'Expired';
  readonly createdAt: string;
  readonly lastUsedAt?: string;
  readonly lastUsedBy?: string;
  readonly nextStep?: 'deactivate' | 'delete';
  readonly nextStepAt?: string;
}
