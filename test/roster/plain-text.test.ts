/** What the roster puts into mails cannot pass for anything but words: no line, mark-up, direction or link of its own. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadRoster } from '../../lib/roster/load';

const folder = mkdtempSync(join(tmpdir(), 'plain-text-'));
afterAll(() => rmSync(folder, { recursive: true }));

const at = new Date('2027-01-04');

/** Codes of the problems of a roster with this text as an account's name, or as the reason of an exemption. */
function codes(place: 'name' | 'reason' | 'contact', text: string): readonly string[] {
  const path = join(folder, 'roster.yaml');
  const written = (wanted: string): string => JSON.stringify(place === wanted ? text : 'plain words');
  writeFileSync(
    path,
    `version: 1
region: us-east-1
userGuard: none
notifications: { admins: [security@example.com], sender: access-keys@example.com, ownerDomain: example.com, contact: ${written('contact')} }
accounts:
  - id: "333333333333"
    name: ${written('name')}
    users:
      - { name: legacy, exempt: { reason: ${written('reason')}, approvedBy: ciso@example.com, until: 2027-03-31 } }
`,
  );
  return loadRoster(path, { at }).problems.map(({ code }) => code);
}

const PLACES = ['name', 'reason', 'contact'] as const;

test.each(
  PLACES.flatMap((place) =>
    [
      'a line\nbreak',
      'a carriage\rreturn',
      'an escape\u001b[31m',
      'a C1 control\u009b31m',
      'a line separator\u2028here',
      'right to left \u202eoverride',
      'an isolate\u2066here',
      'a zero width\u200bspace',
      'a byte order mark\ufeffhere',
      'a soft\u00adhyphen',
      'a private \ue000 letter',
      '<b>bold</b>',
      '[text](link)',
      '`code`',
      'see http://evil.example/login',
      'see HTTPS://evil.example',
      'see evil.example for more',
      'see www.evil.co',
      'write to mallory@evil.example',
      '//evil',
      ' a space before',
      'a space behind ',
      '',
      'x'.repeat(201),
    ].map((text) => [place, text] as const),
  ),
)('as %s refused: %j', (place, text) => {
  expect(codes(place, text)).toEqual(['ROSTER_TEXT']);
});

test.each(
  PLACES.flatMap((place) =>
    [
      'payments-prod',
      'Payments & Billing (EU), production #2',
      'Zürich Überweisungen',
      '支払い 本番',
      'vendor appliance; takes no new key, ticket SEC-1234: renewed',
      'release 1.2.3, e.g. the old one. It stays',
      'read/write',
      "the vendor's appliance!",
    ].map((text) => [place, text] as const),
  ),
)('as %s accepted: %j', (place, text) => {
  expect(codes(place, text)).toEqual([]);
});

test.each(['#ask-security', '+1 555 0100', '#ask-security, +1 555 0100'])(
  'whom to ask may be a channel or a telephone number: %s',
  (text) => {
    expect(codes('contact', text)).toEqual([]);
  },
);
