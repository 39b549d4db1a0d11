import type { Band } from '../../../../lib/simulator/rehearsal/output/calendar-bands';
import { between, seededRandom } from '../../../../lib/simulator/local-organization/random';
import type { LoggedEvent } from '../../../../lib/simulator/rehearsal/history/event-log';
import { reportOf, type RehearsalReport } from '../../../../lib/simulator/rehearsal/output/report';

const DAY_MS = 86_400_000;
const START = Date.UTC(2027, 0, 1);

export interface InventedUser {
  readonly accountId: string;
  readonly accountName: string;
  readonly userName: string;
}

/** A report as a rehearsal of 120 days would make it, for tests of what is made of reports. */
export function inventReport(
  users: readonly InventedUser[],
  extra: readonly LoggedEvent[] = [],
  bands: readonly Band[] = [],
): RehearsalReport {
  const events = [...users.flatMap(invent), ...extra].toSorted((one, other) => one.at.localeCompare(other.at));
  return reportOf({
    seed: 1,
    days: 120,
    startAt: new Date(START),
    endAt: new Date(START + 120 * DAY_MS),
    users: users.map((user) => ({ ...user, exempt: false })),
    bands,
    deployments: [],
    events,
    violations: events.filter((event) => event.kind === 'violation').map(({ kind: _kind, ...violation }) => violation),
  });
}

function invent(user: InventedUser): readonly LoggedEvent[] {
  const random = seededRandom(`invented ${user.accountId} ${user.userName}`);
  const on = (days: number) => ({
    at: new Date(START + Math.round(days * DAY_MS)).toISOString(),
    accountId: user.accountId,
    userName: user.userName,
  });
  const events: LoggedEvent[] = [
    { ...on(-100), kind: 'key-created', keyId: 'AKIAEXISTING0000000A', origin: 'existing' },
  ];
  let held = 'AKIAEXISTING0000000A';
  let usedUntil = 0;
  for (let rotation = 1, at = between(random, 0, 3); at < 115; rotation += 1, at += 30 * between(random, 1, 2)) {
    const keyId = `AKIAROTATED00000000${rotation}`;
    const switchAt = at + between(random, 1, 9);
    events.push({ ...on(at), kind: 'key-created', keyId, origin: 'rotation' });
    events.push({ ...on(at), kind: 'notice', type: 'rotated', eventId: `${rotation}`.padStart(32, '0') });
    events.push({
      ...on(at + 0.01),
      kind: 'mail',
      audience: 'owner',
      subject: `New access key of ${user.userName}`,
      file: 'mails/mail 1.html',
    });
    for (; usedUntil < switchAt; usedUntil += 1)
      events.push({ ...on(usedUntil), kind: 'key-used', keyId: held, by: 'owner' });
    events.push({ ...on(switchAt), kind: 'owner-switched', keyId, formerKeyId: held, means: 'old key' });
    if (switchAt > at + 7)
      events.push({
        ...on(at + 7),
        kind: 'mail',
        audience: 'admin',
        subject: 'Old key still in use',
        file: 'alert.html',
      });
    events.push(
      { ...on(switchAt + 3), kind: 'key-deactivated', keyId: held },
      { ...on(switchAt + 10), kind: 'key-deleted', keyId: held },
    );
    held = keyId;
  }
  for (; usedUntil < 120; usedUntil += 1) events.push({ ...on(usedUntil), kind: 'key-used', keyId: held, by: 'owner' });
  return events;
}
