import type { RosterAccount } from '../roster/roster';

/** US dollars: https://aws.amazon.com/secrets-manager/pricing/ */
const SECRET_A_MONTH = 0.4;
const CALL = 0.05 / 10_000;
/** Hourly passes of reconcile: describe the secret, read its policy and its current value. */
const CALLS_A_PASS = 3;
const PASSES_A_MONTH = 730;

export interface Cost {
  readonly secrets: number;
  /** Secrets Manager alone, to the cent. */
  readonly dollarsAMonth: number;
}

/** What the secrets of these accounts cost. Exempt users have one too. */
export function costOf(accounts: readonly RosterAccount[]): Cost {
  const secrets = accounts.reduce((sum, { users }) => sum + users.filter(({ state }) => state === 'active').length, 0);
  return {
    secrets,
    dollarsAMonth: Math.round(100 * secrets * (SECRET_A_MONTH + CALLS_A_PASS * PASSES_A_MONTH * CALL)) / 100,
  };
}
