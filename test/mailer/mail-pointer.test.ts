import { eventLocation } from '../../lambda/domain/mail/pointer';

const ID = '0123456789abcdef0123456789abcdef';
const envelope = (event: unknown): string =>
  JSON.stringify({ Type: 'Notification', Message: JSON.stringify({ event }) });

test('a message that points to an event gives its account, day and id from the key', () => {
  const [event, object] = [`events/333333333333/${ID}.json`, `events/333333333333/2026-03-07/${ID}.json`];
  const found = { accountId: '333333333333', eventId: ID };
  expect(eventLocation(JSON.stringify({ Message: JSON.stringify({ event, object }) }))).toEqual({
    key: object,
    day: '2026-03-07',
    ...found,
  });
  expect(eventLocation(envelope(event))).toEqual({ key: event, ...found });
});

test.each([
  ['no JSON', 'hello'],
  ['null', 'null'],
  ['an envelope whose message is text', JSON.stringify({ Message: 'hello' })],
  ['the pointer without its envelope', JSON.stringify({ event: `events/333333333333/${ID}.json` })],
  ['a report', envelope('reports/333333333333.json')],
  ['a path upwards', envelope(`events/333333333333/../444444444444/${ID}.json`)],
  ['a short account id', envelope(`events/33333333333/${ID}.json`)],
  ['a trailing line break', envelope(`events/333333333333/${ID}.json\n`)],
  ['a prefix', envelope(`x/events/333333333333/${ID}.json`)],
  ['a day that is none', envelope(`events/333333333333/today/${ID}.json`)],
  ['a list', envelope([`events/333333333333/${ID}.json`])],
])('%s points nowhere', (_, body) => {
  expect(eventLocation(body)).toBeUndefined();
});
