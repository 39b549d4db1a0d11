import type { UnknownUser, UserReport } from '../../contract/report';
import type { RotationFailure } from './account/rotation-failed-event';
import type { Due } from './due';

/** What a warm function remembers between runs. Losing it costs a full pass, never safety. */
export interface Cache {
  generation?: number;
  fullPassAt?: Date;
  /** Keys that secrets had held, by user, as the report says that was there when this function asked. */
  reportedHeld?: ReadonlyMap<string, readonly string[]>;
  /** By the user's name in the roster. */
  readonly users: Map<string, CachedUser>;
  /** Conditions of the account, or of users without a secret, by what was reported and when. */
  readonly reported: Map<string, Date>;
  /** Of these, which are not found any more, and since when. */
  readonly overSince: Map<string, Date>;
  /** Rotation events that are still to be reported. */
  readonly rotationFailures: RotationFailure[];
}

export interface CachedUser {
  readonly report?: UserReport;
  /** Keys that a version of the user's secret has held; absent while this function never read the user. */
  readonly held?: readonly string[];
  readonly unknown?: UnknownUser;
  readonly due: Due;
  readonly awaitsUse?: boolean;
  readonly failing?: boolean;
  /** Why the admins could not be notified of {@link unknown}, or of what is owed. */
  readonly unreported?: unknown;
  /** A rotation is due, for which no run had a place left: looked at in turn, and in full passes. */
  readonly waits?: boolean;
}

export const emptyCache = (): Cache => ({
  users: new Map(),
  reported: new Map(),
  overSince: new Map(),
  rotationFailures: [],
});
