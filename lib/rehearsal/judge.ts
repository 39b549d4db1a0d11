/** Whether a scenario ended as it says. */
import type { HistoryEvent } from './history';
import type { Rehearsal } from './rehearsal';
import type { Expectation, Scenario } from './scenario';

export interface Seen {
  readonly sentence: string;
  readonly ok: boolean;
  /** What was found, when it was not what was expected. */
  readonly found: string;
}

/** Whether everything was seen that the scenario expects. */
export const judge = ({ expect }: Scenario, rehearsal: Rehearsal): readonly Seen[] => expect.map((expectation) => (expectation.event ? countEvents(expectation, rehearsal.report.events) : keysAtEnd(expectation, rehearsal)));

function countEvents({ sentence, event = {} }: Expectation, events: readonly HistoryEvent[]): Seen {
  const { user, from, to, count, atLeast, atMost, ...members } = event;
  const matches = (happened: HistoryEvent): boolean => {
    const day = happened.at.slice(0, 10);
    return (user === undefined || happened.userName === user) && (from === undefined || day >= from) && (to === undefined || day <= to) && Object.entries(members).every(([name, value]) => (happened as unknown as Record<string, unknown>)[name] === value);
  };
  const found = events.filter(matches);
  const [least, most] = count === undefined ? [atLeast ?? 0, atMost ?? Infinity] : [count, count];
  return { sentence, ok: found.length >= least && found.length <= most, found: `${found.length} times${found[0] ? `, first on ${found[0].at.slice(0, 10)}` : ''}` };
}

function keysAtEnd({ sentence, keysAtEnd: wanted }: Expectation, { organization, report }: Rehearsal): Seen {
  const account = report.users.find(({ userName }) => userName === wanted!.user)?.accountId;
  const keys = account === undefined ? [] : organization.directory.keysOf(account, wanted!.user);
  const [active, inactive] = (['Active', 'Inactive'] as const).map((status) => keys.filter((key) => key.status === status).length);
  return { sentence, ok: active === wanted!.active && inactive === wanted!.inactive, found: `${active} Active and ${inactive} Inactive` };
}
