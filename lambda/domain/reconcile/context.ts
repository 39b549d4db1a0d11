/** What one run of reconcile works with. */
import type {
  Clock,
  Identities,
  KeyAdministrations,
  Log,
  Mails,
  Notices,
  Reports,
  Roster,
  Secret,
  SecretLifecycle,
} from '../ports';
import type { RosterSlice, SliceUser } from '../../contract/slice';
import { DAY_MS } from '../time';
import type { Cache } from './cache';

/** A condition that lasts is reported once a day, and so is a compromised key that is activated again and again. */
export const REPEAT_CONDITION_MS = DAY_MS;

/** How many users are looked at at a time. */
export const CONCURRENT_USERS = 4;

export interface ReconcilePorts {
  readonly secrets: SecretLifecycle;
  readonly keys: KeyAdministrations;
  readonly identities: Identities;
  readonly roster: Roster;
  readonly notices: Notices;
  readonly mails: Mails;
  readonly reports: Reports;
  readonly clock: Clock;
  readonly log: Log;
}

export interface ReconcileSettings {
  readonly accountId: string;
  readonly region: string;
  readonly partition: string;
  /** How long an invocation of the rotate function can live. */
  readonly rotateTimeoutMs: number;
  readonly rotateFunctionArn: string;
  readonly codeVersion: string;
}

/** A run that has no roster yet. */
export interface RunWithoutRoster extends ReconcilePorts {
  readonly settings: ReconcileSettings;
  readonly cache: Cache;
  /** When it began. */
  readonly now: Date;
}

export interface Run extends RunWithoutRoster {
  readonly slice: RosterSlice;
  /** Managed secrets that belong to no user of the roster; looked for once a run. */
  readonly unwanted: () => Promise<UnwantedSecrets>;
  /** Users that this run found in IAM, by their unique ids. */
  readonly usersById: Map<string, SliceUser>;
}

export interface UnwantedSecrets {
  readonly secrets: readonly Secret[];
  /** By name, those that cannot be read, and why. */
  readonly unread: ReadonlyMap<string, unknown>;
}

/** How many rotations a run may still start, shared by its users: first ones, and overdue ones. */
export interface RunBudget {
  rotationsLeft: number;
}
