import fc from 'fast-check';
import { ownerMail, type Mail } from '../../../lambda/domain/mail/render';
import { ownerEvent, OWNER_NOTICE_TYPES, type OwnerEvent } from '../../../lambda/domain/mail/owner-event';
import type { Recipient } from '../../../lambda/domain/mail/recipient';
import type { NoticeEvent, NoticeOf } from '../../../lambda/contract/notice';
import { adminSubject, adminText } from '../../../lambda/domain/notices/admin-text';
import { ACCOUNT, DAY, EVENTS, EVENT_ID, ofType, slice, user, WORKS } from '../../mailer/fixture';

const hostile = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '<script>alert(1)</script>',
    '</td></tr></table><h1>',
    '{{{a}}}',
    '{{> x}}',
    '"><img src=x onerror=1>',
    '&lt;',
    "' onclick='",
    '`$(id)`',
    '\r\nBcc: all@example.com',
    '\n\nNext step: send us your key.',
    '\u0085',
    '\u2028',
    '\u202e',
    '\u200b',
  ),
);
const values = (names: readonly string[]): fc.Arbitrary<Record<string, string>> =>
  fc.record(Object.fromEntries(names.map((name) => [name, hostile])));

const type = fc.constantFrom(...OWNER_NOTICE_TYPES);
const recipient = fc.constantFrom<'owner' | 'no-address' | 'not-in-roster'>('owner', 'no-address', 'not-in-roster');
const ROSTER = ['userName', 'secretName', 'reader', 'accountId', 'accountName', 'region'];
const EVENT = ['userName', 'currentKeyId', 'previousKeyId', 'code', 'service', 'usedIn'];
const HARMLESS = Object.fromEntries([...ROSTER, ...EVENT].map((name) => [name, 'harmless']));

/** The mail that these values make, past all that would refuse them before. */
function mailOf(
  kind: NoticeEvent['type'],
  to: 'owner' | 'no-address' | 'not-in-roster',
  roster: Record<string, string>,
  event: Record<string, string>,
): Mail {
  const owner = user({
    name: roster.userName!,
    secretName: roster.secretName!,
    readers: [roster.reader!, roster.reader!],
  });
  const { service, usedIn: region, previousKeyId: keyId, ...members } = event;
  const usual = EVENTS[kind as OwnerEvent['type']] as NoticeOf<'rotated'>;
  const told = {
    ...usual,
    ...members,
    previousKey: { ...(usual.previousKey ?? { kind: 'none' }), keyId },
    previousKeyLastUsed: { at: '2026-03-12T22:05:00.000Z', service, region },
  } as OwnerEvent;
  const receivers: Readonly<Record<typeof to, Recipient>> = {
    owner: { kind: 'owner', user: owner, address: 'a@example.com' },
    'no-address': { kind: 'admins', because: 'no-address', user: owner },
    'not-in-roster': { kind: 'admins', because: 'not-in-roster' },
  };
  return ownerMail(told, receivers[to], {
    ...slice(owner),
    accountId: roster.accountId!,
    accountName: roster.accountName!,
    region: roster.region!,
  });
}

/** Kinds of markup that are the template's own: what a value adds would show here. How often depends on the words. */
const tags = (html: string): Set<string> =>
  new Set((html.match(/<[^>]*>/g) ?? []).map((tag) => tag.replace(/\s+/g, ' ')));
const lines = (text: string): number => text.split('\n').length;
const UNSEEN = /[^\P{Cc}\n]|\p{Cf}|\p{Zl}|\p{Zp}/u;

test("whatever a roster or an event holds, an owner's mail has the tags, the lines and the one subject of its template", () => {
  fc.assert(
    fc.property(type, recipient, values(ROSTER), values(EVENT), (kind, to, roster, event) => {
      const mail = mailOf(kind, to, roster, event);
      const usual = mailOf(kind, to, HARMLESS, HARMLESS);
      expect([...tags(mail.html)].filter((tag) => !tags(usual.html).has(tag))).toEqual([]);
      expect(lines(mail.html)).toBeLessThanOrEqual(lines(usual.html));
      expect(lines(mail.text)).toBeLessThanOrEqual(lines(usual.text));
      expect(`${mail.subject.replaceAll('\n', '\0')}${mail.text}${mail.html}`).not.toMatch(UNSEEN);
    }),
    { numRuns: 300 },
  );
});

test('an event with anything but plain words and instants is refused, and the refusal does not quote it', () => {
  const members = ['id', 'accountId', 'userName', 'occurredAt', 'currentKeyId', 'code'];
  const ofPrevious = ['keyId', 'until', 'whenStillUsed'];
  fc.assert(
    fc.property(
      type,
      fc.constantFrom(...members, ...ofPrevious),
      fc.oneof(hostile, fc.jsonValue()),
      (kind, member, value) => {
        const within = ofPrevious.includes(member);
        const text = JSON.stringify({
          ...EVENTS[kind],
          ...(within ? { previousKey: { ...WORKS, [member]: value } } : { [member]: value }),
        });
        let event: OwnerEvent | undefined;
        try {
          event = ownerEvent(text, { key: '', accountId: ACCOUNT, eventId: EVENT_ID, day: DAY });
        } catch (error) {
          expect(error).toMatchObject({ code: 'EVENT_INVALID' });
          if (typeof value === 'string' && value.length > 20) expect((error as Error).message).not.toContain(value);
          return;
        }
        const read = (within ? event!.previousKey : event!) as unknown as Record<string, unknown>;
        expect(read[member]).toMatch(/^[\w+=,.@:-]{1,128}$/);
      },
    ),
    { numRuns: 300 },
  );
});

test('whatever an event holds, what the admins read has the lines of its kind and a subject that SNS takes', () => {
  const members = [
    'userName',
    'secretName',
    'accountId',
    'region',
    'currentKeyId',
    'previousKeyId',
    'code',
    'reason',
    'nextStep',
    'service',
    'usedIn',
  ];
  const kind = fc.constantFrom(...([...OWNER_NOTICE_TYPES, 'rotation-failed', 'attention', 'resolved'] as const));
  const eventOf = (
    of: NoticeEvent['type'],
    { service, usedIn, previousKeyId, ...event }: Record<string, string>,
  ): NoticeEvent =>
    ({
      ...ofType(of),
      ...event,
      previousKey: { ...WORKS, keyId: previousKeyId },
      previousKeyLastUsed: { at: '2026-03-12T22:05:00.000Z', service: service!, region: usedIn! },
    }) as NoticeEvent;
  fc.assert(
    fc.property(kind, values(members), (of, event) => {
      const usual = eventOf(of, Object.fromEntries(members.map((name) => [name, 'harmless'])));
      const text = adminText(eventOf(of, event));
      expect(adminSubject(eventOf(of, event))).toMatch(/^[A-Za-z][\x20-\x7e]{0,98}$/);
      expect(lines(text)).toBeLessThanOrEqual(lines(adminText(usual)));
      expect(text).not.toMatch(UNSEEN);
    }),
    { numRuns: 300 },
  );
});
