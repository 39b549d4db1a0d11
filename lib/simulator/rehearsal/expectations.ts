/** Whether a scenario ended as it says. */
import type { Scenario, Expectation } from './scenario/scenario';
import type { Rehearsal } from './rehearsal';
import type { Seen } from './output/report';
import type { LoggedEvent } from './history/event-log';
import type { KeyLife } from './history/key-timeline';

/** Whether everything was seen that the scenario expects. */
export const judge = ({ expect }: Scenario, rehearsal: Rehearsal): readonly Seen[] =>
  expect.map((expectation) =>
    expectation.event ? countEvents(expectation, rehearsal) : keysAtEnd(expectation, rehearsal),
  );

function countEvents({ sentence, event = {} }: Expectation, { report, mails }: Rehearsal): Seen {
  const { user, key, says, what, from, to, count, atLeast, atMost, ...members } = event;
  const texts = new Map(
    says === undefined ? [] : mails.map(({ name, content }) => [name, content.replace(/\s+/g, ' ')]),
  );
  const matches = (happened: LoggedEvent): boolean => {
    const day = happened.at.slice(0, 10);
    const member = (name: string): unknown => (happened as unknown as Record<string, unknown>)[name];
    const inTime = (from === undefined || day >= from) && (to === undefined || day <= to);
    const itsKey =
      key === undefined ||
      (happened.userName !== undefined && member('keyId') === keysOf(report, happened.userName)[key - 1]?.keyId);
    const itsWords =
      says === undefined ||
      (happened.kind === 'mail' && new RegExp(says).test(texts.get(happened.file.replace(/html$/, 'txt')) ?? ''));
    const itsDeed = what === undefined || (happened.kind === 'fault' && new RegExp(what).test(happened.what));
    return (
      itsDeed &&
      (user === undefined || happened.userName === user) &&
      inTime &&
      itsKey &&
      itsWords &&
      Object.entries(members).every(([name, value]) => member(name) === value)
    );
  };
  const found = report.events.filter(matches);
  const [least, most] = count === undefined ? [atLeast ?? 0, atMost ?? Infinity] : [count, count];
  return {
    sentence,
    ok: found.length >= least && found.length <= most,
    found: `${found.length} times${found[0] ? `, first on ${found[0].at.slice(0, 10)}` : ''}`,
  };
}

const keysOf = ({ users }: Rehearsal['report'], user: string): readonly KeyLife[] =>
  users.find(({ userName }) => userName === user)?.lives ?? [];

function keysAtEnd({ sentence, keysAtEnd: wanted }: Expectation, { organization, report }: Rehearsal): Seen {
  const account = report.users.find(({ userName }) => userName === wanted!.user)?.accountId;
  const keys = account === undefined ? [] : organization.directory.keysOf(account, wanted!.user);
  const [active, inactive] = (['Active', 'Inactive'] as const).map(
    (status) => keys.filter((key) => key.status === status).length,
  );
  return {
    sentence,
    ok: active === wanted!.active && inactive === wanted!.inactive,
    found: `${active} Active and ${inactive} Inactive`,
  };
}
