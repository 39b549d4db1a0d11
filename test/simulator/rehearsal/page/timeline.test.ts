import type { LoggedEvent } from '../../../../lib/simulator/rehearsal/history/event-log';
import {
  bandsFor,
  describe as inWords,
  marksOf,
  repetition,
  sideBySide,
  storiesOf,
} from '../../../../lib/simulator/rehearsal/page/timeline';
import { inventReport } from '../output/invented-report';

const WHO = { accountId: '333333333333', accountName: 'payments-prod', userName: 'jeremy.ritchie' };
const [user] = inventReport([WHO]).users;
const on = (day: number, hour = 0) => ({
  at: new Date(Date.UTC(2027, 0, day, hour)).toISOString(),
  accountId: WHO.accountId,
  userName: WHO.userName,
});
const notice = (day: number, code?: string): LoggedEvent => ({
  ...on(day),
  kind: 'notice',
  type: 'attention',
  eventId: `${code} ${day}`,
  code,
  reason: `seen on ${day}`,
});
const alert = (day: number, code = 'ROTATION_WAITS'): LoggedEvent => ({
  ...on(day, 1),
  kind: 'mail',
  audience: 'admin',
  subject: code,
  file: `${code} ${day}.txt`,
  eventId: `${code} ${day}`,
});
const days = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index + 1);

test('alerts day after day are one mark, and a pause of two days begins another', () => {
  const marks = marksOf(
    user!,
    0,
    [...days(20), 23, 24].map((day) => alert(day)),
  );
  expect(
    marks.map(({ kind, at, until, events }) => [
      kind,
      new Date(at).getUTCDate(),
      new Date(until).getUTCDate(),
      events.length,
    ]),
  ).toEqual([
    ['alert', 1, 20, 20],
    ['alert', 23, 24, 2],
  ]);
});

test('a refused key and a broken promise are different marks', () => {
  const refused: LoggedEvent = {
    ...on(1),
    kind: 'key-refused',
    keyId: 'AKIATEST',
    by: 'owner',
    code: 'InvalidClientTokenId',
  };
  const broken: LoggedEvent = { ...on(1), kind: 'violation', rule: 'owner-not-locked-out', message: 'x' };
  expect(marksOf(user!, 0, [refused, broken]).map(({ kind }) => kind)).toEqual(['refusal', 'violation']);
});

const attention = (code: string): LoggedEvent => notice(1, code);
const KEY = 'AKIATEST';

test.each<[string, LoggedEvent, string | undefined]>([
  ["an operator's command", { ...on(1), kind: 'command', command: 'rotate --compromised' }, 'command'],
  [
    'a compromised key that is deactivated',
    { ...on(1), kind: 'key-deactivated', keyId: KEY, compromised: true },
    'compromised',
  ],
  ['any other key that is', { ...on(1), kind: 'key-deactivated', keyId: KEY }, undefined],
  ['a secret that holds an older key again', { ...on(1), kind: 'current-key', keyId: KEY, back: true }, 'rollback'],
  ['one that holds a newer key', { ...on(1), kind: 'current-key', keyId: KEY }, undefined],
  ['a released user', attention('USER_RELEASED'), 'released'],
  ['a user who begins to retire', attention('USER_RETIRES'), 'retired'],
  ['one who has retired', attention('USER_RETIRED'), 'retired'],
  ['a restored secret', { ...on(1), kind: 'secret-restored' }, 'restored'],
])('%s has the mark that it should', (_, event, kind) => {
  expect(marksOf(user!, 0, [event]).map((mark) => mark.kind)).toEqual(kind === undefined ? [] : [kind]);
});

test('a band of a user is on that row alone, and one of nobody on every row', () => {
  const [own, others, all] = [{ userName: WHO.userName }, { userName: 'maria.santos' }, {}].map(
    (who) => ({ kind: 'exemption', from: '2027-01-01', to: '2027-01-02', accountId: WHO.accountId, ...who }) as const,
  );
  expect(bandsFor([own!, others!, all!], user!)).toEqual([own, all]);
});

test.each([
  ['apart', [0, 50, 100], [0, 50, 100]],
  ['too near', [0, 4, 8], [0, 10, 20]],
  ['at one place, and the next waits for them', [0, 0, 15], [0, 10, 20]],
  ['at the end', [95, 98, 100], [80, 90, 100]],
])('marks stand side by side: %s', (_, wanted, placed) => {
  expect(sideBySide(wanted, 10, 100)).toEqual(placed);
});

test('what is told daily is one story with the latest words and all its mails, whatever happens in between', () => {
  const events = days(12).flatMap((day) => [
    notice(day, 'ROTATION_WAITS'),
    notice(day, 'KEY_STILL_USED'),
    alert(day),
    alert(day, 'KEY_STILL_USED'),
    { ...on(day, 2), kind: 'key-activated', keyId: 'AKIATEST' } as const,
  ]);
  const [waits, used, ...others] = storiesOf(events);
  expect([waits!.times, inWords(waits!.event), waits!.mails.length, repetition(waits!)]).toEqual([
    12,
    'attention: ROTATION_WAITS: seen on 12',
    12,
    '12 times, daily until 12 Jan 2027',
  ]);
  expect(used!.times).toBe(12);
  expect(others).toHaveLength(12);
});

test('a mail whose notice is not there is a story of its own, and once is not said', () => {
  const [story] = storiesOf([alert(3)]);
  expect([story!.event.kind, repetition(story!)]).toEqual(['mail', '']);
});
