import fc from 'fast-check';
import { ownerMail } from '../../lambda/domain/mail';
import { ownerEvent, OWNER_NOTICE_TYPES } from '../../lambda/domain/mail-event';
import { recipientOf } from '../../lambda/domain/mail-recipient';
import { ACCOUNT, EVENTS, EVENT_ID, slice, user } from '../mailer/fixture';

const hostile = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom('<script>alert(1)</script>', '{{{a}}}', '{{> x}}', '"><img src=x onerror=1>', '&lt;', "' onclick='", '\r\nBcc: all@example.com', '\u202e'));

/** Kinds of markup that are the template's own: what a value adds would show here. How often depends on words and readers. */
const tags = (html: string): Set<string> => new Set((html.match(/<[^>]*>/g) ?? []).map((tag) => tag.replace(/\s+/g, ' ')));

test('whatever a roster or an event holds, the mail has the tags of its template and one line of subject', () => {
  fc.assert(
    fc.property(fc.constantFrom(...OWNER_NOTICE_TYPES), hostile, hostile, hostile, (type, secretName, reader, region) => {
      const mailOf = (own: { secretName: string; reader: string; region: string }) => {
        const roster = { ...slice(user({ secretName: own.secretName, readers: [own.reader] })), region: own.region };
        return ownerMail(ownerEvent(JSON.stringify(EVENTS[type]), { key: '', accountId: ACCOUNT, eventId: EVENT_ID })!, recipientOf('jeremy.ritchie', roster), roster);
      };
      const mail = mailOf({ secretName, reader, region });
      const usual = tags(mailOf({ secretName: 'a', reader: 'b', region: 'c' }).html);
      expect([...tags(mail.html)].filter((tag) => !usual.has(tag))).toEqual([]);
      expect(mail.subject).not.toMatch(/[\r\n]/);
    }),
    { numRuns: 400 },
  );
});
