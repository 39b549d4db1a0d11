import type { Band } from './calendar-bands';
import type { DeploymentReport } from '../operations/run-pipeline';
import type { LoggedEvent, Violation } from '../history/event-log';
import { keyLives, type KeyLife } from '../history/key-timeline';
import { nameOf } from '../environment/user-key';
import { summarize, summarizeUser, type RehearsalSummary, type RehearsedUser, type UserSummary } from './summary';

/** `report.json`: the same roster, seed and options give the same bytes, wherever and whenever it runs. */
export interface RehearsalReport {
  readonly schemaVersion: 1;
  readonly summary: RehearsalSummary;
  readonly start: string;
  readonly end: string;
  /** One for each push of the roster. */
  readonly deployments: readonly DeploymentReport[];
  readonly bands: readonly Band[];
  /** Of a scenario: its title, and what had to be seen. */
  readonly scenario?: { readonly title: string; readonly seen: readonly Seen[] };
  readonly users: readonly (UserSummary & { readonly lives: readonly KeyLife[] })[];
  readonly events: readonly LoggedEvent[];
}

export interface RehearsalOutcome {
  readonly seed: number;
  readonly days: number;
  readonly startAt: Date;
  readonly endAt: Date;
  readonly users: readonly RehearsedUser[];
  readonly bands: readonly Band[];
  readonly deployments: readonly DeploymentReport[];
  readonly events: readonly LoggedEvent[];
  readonly violations: readonly Violation[];
}

export function reportOf(outcome: RehearsalOutcome): RehearsalReport {
  const byUser = eventsByUser(outcome.events);
  const accounts = new Set(outcome.users.map((user) => user.accountId)).size;
  return {
    schemaVersion: 1,
    summary: summarize({ ...outcome, accounts, users: outcome.users.length }, outcome.events, outcome.violations),
    start: outcome.startAt.toISOString(),
    end: outcome.endAt.toISOString(),
    deployments: outcome.deployments,
    bands: outcome.bands,
    users: outcome.users.map((user) => {
      const events = byUser.get(nameOf(user.accountId, user.userName)) ?? [];
      return { ...summarizeUser(user, events), lives: keyLives(events) };
    }),
    events: outcome.events,
  };
}

function eventsByUser(events: readonly LoggedEvent[]): ReadonlyMap<string, readonly LoggedEvent[]> {
  const groups = new Map<string, LoggedEvent[]>();
  for (const event of events) {
    if (event.userName === undefined) continue;
    const owner = nameOf(event.accountId, event.userName);
    const group = groups.get(owner);
    if (group === undefined) groups.set(owner, [event]);
    else group.push(event);
  }
  return groups;
}

export interface Seen {
  readonly sentence: string;
  readonly ok: boolean;
  /** What was found, when it was not what was expected. */
  readonly found: string;
}
