import type { LoggedEvent } from '../history/event-log';
import type { RehearsalReport } from '../output/report';

/** What the page shows, without the daily uses of keys: those are spans in the keys' lives already. */
export interface PageData {
  readonly summary: RehearsalReport['summary'];
  readonly start: string;
  readonly end: string;
  readonly deployments: RehearsalReport['deployments'];
  readonly bands: RehearsalReport['bands'];
  readonly scenario: RehearsalReport['scenario'];
  readonly users: RehearsalReport['users'];
  readonly events: readonly LoggedEvent[];
}

export function pageDataOf(report: RehearsalReport): PageData {
  const { summary, start, end, deployments, bands, scenario, users } = report;
  return {
    summary,
    start,
    end,
    deployments,
    bands,
    scenario,
    users,
    events: report.events.filter((event) => event.kind !== 'key-used'),
  };
}
