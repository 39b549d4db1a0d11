import { ownerMail, type Mail } from '../../lambda/domain/mail/render';
import { ownerEvent } from '../../lambda/domain/mail/owner-event';
import { recipientOf } from '../../lambda/domain/mail/recipient';
import { fetchCommand } from '../../lambda/domain/mail/instructions';
import type { NoticeEvent, NoticeOf } from '../../lambda/contract/notice';
import type { RosterSlice, SliceUser } from '../../lambda/contract/slice';
import { ACCOUNT, DAY, EVENTS, EVENT_ID, NEW_KEY, OLD_KEY, WORKS, notice, slice, user } from './fixture';

const COMMAND =
  'aws secretsmanager get-secret-value --region eu-central-1 --secret-id /access-key/jeremy.ritchie --query SecretString --output text';
const READER = 'arn:aws:iam::333333333333:role/deployer';

function mailOf(event: NoticeEvent = notice(), owner: SliceUser = user(), changes: Partial<RosterSlice> = {}): Mail {
  const roster = { ...slice(owner), ...changes };
  return ownerMail(
    ownerEvent(JSON.stringify(event), { key: '', accountId: ACCOUNT, eventId: EVENT_ID, day: DAY })!,
    recipientOf(event.userName, roster),
    roster,
  );
}

/** What a person reads of the HTML form. */
function visible(html: string): string {
  const entities: Record<string, string> = {
    '&lt;': '<',
    '&gt;': '>',
    '&quot;': '"',
    '&#x27;': "'",
    '&#x3D;': '=',
    '&#x60;': '`',
    '&amp;': '&',
  };
  return words(
    html
      .replace(/<head>.*<\/head>/s, '')
      .replace(/<!--.*?-->/gs, '')
      .replace(/<[^>]+>/g, ' ')
      .replace(/&[#\w]+;/g, (entity) => entities[entity] ?? entity),
  );
}

const words = (text: string): string => text.replace(/\s+/g, ' ').trim();

describe.each(Object.entries<NoticeEvent>(EVENTS))('%s', (_, event) => {
  const mail = mailOf(event);
  const { currentKeyId, previousKey = { kind: 'none' } } = event as Partial<NoticeOf<'rotated'>>;

  test('subject names user, account, the end of the key that it is about and how long it works, in one short line', () => {
    expect(mail.subject).toMatch(/^[A-Z][^\n]* jeremy\.ritchie in payments-prod\b/);
    if (previousKey.kind !== 'uncertain')
      expect(mail.subject).toContain(event.type === 'stored-key-unusable' ? '…ABCD' : '…WXYZ');
    expect(mail.subject.endsWith('; …WXYZ works until 14 March')).toBe(previousKey.kind === 'works');
    expect(mail.subject.length).toBeLessThan(100);
  });

  test.each(['text', 'html'] as const)('%s names account, user, both keys, what to do and the command', (form) => {
    const body = form === 'html' ? visible(mail.html) : words(mail.text);
    const fetched =
      currentKeyId === undefined || event.type === 'stored-key-unusable'
        ? []
        : [
            NEW_KEY,
            COMMAND,
            'access_key_id and secret_access_key',
            'must end in ABCD',
            'aws configure get aws_access_key_id --profile default',
          ];
    for (const part of [
      `payments-prod (${ACCOUNT})`,
      'jeremy.ritchie',
      '…WXYZ',
      ...(previousKey.kind === 'none' ? [] : ['Old key works']),
      ...fetched,
    ])
      expect(body).toContain(part);
  });

  test('the old key is named by its last four characters only', () => {
    expect(mail.subject + mail.text + mail.html).not.toContain(OLD_KEY.slice(0, -4));
  });

  test('both forms say the same in the same order', () => {
    const plainForm = words(
      mail.text
        .replace(/^=+$/m, '')
        .replace(/^--$/m, '')
        .replace(/^(\d)\. /gm, '$1 ')
        .replace(/^([A-Z][\w ]+): +/gm, '$1 '),
    );
    const [headline = '', label = ''] = mail.text.split('\n').filter((line) => !/^=+$/.test(line));
    expect(visible(mail.html)).toBe(plainForm.replace(`${headline} ${label}`, `${label} ${headline}`));
  });

  test('HTML has no image, link, script, or address to load anything from', () => {
    expect(mail.html).not.toMatch(/<(img|a|script|link|iframe|form|object|svg)\b/i);
    expect(mail.html).not.toMatch(/https?:|url\(|@import|\son\w+=/i);
  });
});

test.each([
  [
    'hold',
    notice(),
    'works at least until 14 March 2026, 09:30 UTC. After that it is deactivated as soon as it has not been used for 2 days.',
  ],
  [
    'deactivate',
    notice({ previousKey: { ...WORKS, whenStillUsed: 'deactivate' } }),
    'works until 14 March 2026, 09:30 UTC. Then it is deactivated, even if it is still used.',
  ],
  [
    'a time that is over',
    notice({ occurredAt: '2026-03-20T00:00:00Z' }),
    'still works. It is deactivated as soon as it has not been used for 2 days.',
  ],
  [
    'a deactivated one',
    notice({ previousKey: { kind: 'inactive', keyId: OLD_KEY } }),
    'The old key …WXYZ no longer works.',
  ],
  ['one that is gone', notice({ previousKey: { kind: 'gone', keyId: OLD_KEY } }), 'The old key …WXYZ no longer works.'],
  ['nobody knows', notice({ previousKey: { kind: 'uncertain', keyId: OLD_KEY } }), 'do not rely on it.'],
])('until when the old key works: %s', (_, event, sentence) => {
  expect(mailOf(event).text).toContain(sentence);
});

describe('after a first rotation', () => {
  const first = notice({ previousKey: { kind: 'none' } });

  test('nothing is said of the key that the new one replaced', () => {
    expect(mailOf(first).text).not.toMatch(/The old key|Old key/);
  });

  test.each([
    [
      {},
      'continues to work for about 7 days. Then it is deactivated, as soon as it has not been used for 2 days; you will receive an e-mail about it.',
    ],
    [
      { whenStillUsed: 'deactivate', keepPreviousForHours: 24 },
      'continues to work for about 24 hours. Then it is deactivated, even if it is still used; you will receive an e-mail about it.',
    ],
    [{ keepPreviousForHours: 0 }, 'is deactivated as soon as it has not been used for 2 days.'],
    [{ unmanagedKeys: 'hold' }, 'continues to work.'],
    [{ unmanagedKeys: 'delete' }, 'is deactivated and deleted as soon as it has not been used for 2 days.'],
  ] as const)('keys from before are told by what the roster says of them: %j', (changes, sentence) => {
    expect(mailOf(first, user(changes)).text).toContain(`\n\nAn older key that still works ${sentence}\n\n`);
  });

  test('of a user whom the roster does not know nothing is promised', () => {
    expect(mailOf(first, user({ name: 'somebody.else' })).text).not.toContain('older key');
  });
});

describe('where old keys go at once, nobody is told to read the secret with one', () => {
  const atOnce = { keepPreviousForHours: 0, quietForHours: 0 };
  const gone = notice({ previousKey: { kind: 'gone', keyId: OLD_KEY } });

  test('but to ask who may read it', () => {
    const { text, subject } = mailOf(gone, user({ ...atOnce, readers: [READER] }));
    expect(text).toContain('The old key …WXYZ was deactivated and deleted immediately: it no longer works.');
    expect(text).toContain(
      `The old key can no longer read the secret: ask one of those who can, role/deployer, to retrieve the new key with:\n\n   ${COMMAND}\n`,
    );
    expect(text).not.toContain('still works');
    expect(subject).toBe('New access key for jeremy.ritchie in payments-prod');
  });

  test('and where nobody else may, that the roster needs a reader', () => {
    const { text } = mailOf(gone, user(atOnce));
    expect(text).toContain(
      'apart from this user nobody can: ask whoever maintains the roster to add a reader for this secret (`readers`), who can then retrieve it.',
    );
    expect(text).not.toContain('get-secret-value');
  });

  test('but of a first key nothing is said to be gone', () => {
    const { text } = mailOf(notice({ previousKey: { kind: 'none' } }), user(atOnce));
    expect(text).not.toContain('immediately');
  });
});

test('after a compromised key, whose successor nobody holds yet, nobody is told to read the secret with either', () => {
  const compromised = notice({ previousKey: { kind: 'inactive', keyId: OLD_KEY } });
  expect(mailOf(compromised, user({ readers: [READER] })).text).toContain(
    `The old key can no longer read the secret: ask one of those who can, role/deployer, to retrieve the new key with:\n\n   ${COMMAND}\n`,
  );
  expect(mailOf(compromised).text).toContain(
    'apart from this user nobody can: ask whoever maintains the roster to add a reader',
  );
  expect(mailOf(EVENTS['previous-key-deactivated']).text).toContain(
    'Retrieve the new key with a profile that already uses it:',
  );
});

test('no mail asks what any key of the user would answer alike', () => {
  for (const event of Object.values(EVENTS)) expect(mailOf(event).text).not.toContain('get-caller-identity');
});

type Retiring = 'previous-key-deactivated' | 'previous-key-in-use' | 'previous-key-deleted' | 'retirement-failed';

describe('before a first rotation', () => {
  const adopted = (type: Retiring): string => mailOf({ ...EVENTS[type], currentKeyId: undefined }).text;

  test('a deactivated key sends nobody to a new one, which does not exist', () => {
    expect(adopted('previous-key-deactivated')).toContain(
      'No new key has been created yet; you will receive an e-mail when there is one.',
    );
    expect(adopted('previous-key-deactivated')).toContain('1. Ask an administrator to activate the old key again.');
  });

  test.each(['previous-key-deactivated', 'previous-key-in-use', 'previous-key-deleted', 'retirement-failed'] as const)(
    '%s offers no command',
    (type) => {
      expect(adopted(type)).not.toMatch(/aws |[Rr]etrieve the new key|needs the new one|new key works/);
    },
  );
});

test('an account without a name of its own is named by its number', () => {
  const mail = mailOf(notice(), user(), { accountName: undefined });
  expect(mail.subject).toBe(`New access key for jeremy.ritchie in account ${ACCOUNT}; …WXYZ works until 14 March`);
  expect(mail.text).toMatch(/Account: +333333333333\n/);
});

describe('of a stored key that does not work', () => {
  const unusable = (changes: Partial<NoticeOf<'stored-key-unusable'>> = {}): string =>
    mailOf({ ...EVENTS['stored-key-unusable'], ...changes }).text.replace(/\s+/g, ' ');

  test('an owner reads which key works, and the command that cures it; nobody fetches the dead one', () => {
    expect(unusable()).toContain(
      `aws iam update-access-key --user-name jeremy.ritchie --access-key-id ${NEW_KEY} --status Active`,
    );
    expect(unusable()).toContain('Continue to use the key …WXYZ');
    expect(unusable()).not.toContain('get-secret-value');
  });

  test.each([
    [
      'CURRENT_KEY_MISSING',
      NEW_KEY,
      [OLD_KEY, 'AKIAOTHEROTHEROTHERX'],
      'no longer exists in IAM. The keys …WXYZ and …HERX still work',
    ],
    [
      'SECRET_LOST',
      undefined,
      [OLD_KEY, 'AKIAOTHEROTHEROTHERX'],
      'Let the administrators know which of the keys …WXYZ and …HERX you use.',
    ],
    ['SECRET_LOST', undefined, [], 'No other key of this user works.'],
  ] as const)('%s with %s and %j besides says what works', (code, currentKeyId, workingKeyIds, sentence) => {
    expect(unusable({ code, currentKeyId, workingKeyIds })).toContain(sentence);
    expect(unusable({ code, currentKeyId, workingKeyIds })).not.toMatch(/get-secret-value|update-access-key/);
  });
});

test('a deactivated key can be activated again until its deletion', () => {
  expect(mailOf(EVENTS['previous-key-deactivated']).text).toContain(
    'It is kept, inactive, until 21 March 2026, 09:35 UTC and deleted after that, or sooner if a new key needs its slot. Until then an administrator can activate it again.',
  );
});

test('a key in use is named with service, region and time', () => {
  expect(mailOf(EVENTS['previous-key-in-use']).text).toContain(
    'The old key …WXYZ was last used on 12 March 2026, 22:05 UTC, for s3 in us-east-1.',
  );
});

test('an owner who may not read the secret is told who may, and to ask them', () => {
  const { text } = mailOf(notice(), user({ ownerReads: false, readers: [READER] }));
  expect(text).toContain(
    `This user cannot read its own secret: ask one of those who can, role/deployer, to retrieve the new key with:\n\n   ${COMMAND}\n`,
  );
  expect(text).toMatch(/Can be read by: +role\/deployer\n/);
});

test('break-glass roles may read too, administrators may not, and a role of another account keeps its ARN', () => {
  const { text } = mailOf(notice(), user({ ownerReads: false, readers: ['arn:aws:iam::444444444444:role/x'] }), {
    breakGlassRoles: ['arn:aws:iam::333333333333:role/sec/break-glass'],
  });
  expect(text).toMatch(/Can be read by: +arn:aws:iam::444444444444:role\/x, role\/sec\/break-glass\n/);
});

test('without owner and readers there is no command to offer', () => {
  const { text } = mailOf(notice(), user({ ownerReads: false }));
  expect(text).toContain(
    'This user cannot read its own secret, and nobody else can: ask whoever maintains the roster to add a reader for this secret (`readers`), who can then retrieve it.',
  );
  expect(text).toMatch(/Can be read by: +nobody: the roster lists no readers\n/);
  expect(text).not.toMatch(/get-secret-value|ask an administrator/i);
});

test('of a compromised key it is said whether a new one is there, is being made, or will not be', () => {
  const event = EVENTS['key-compromised'];
  expect(mailOf({ ...event, currentKeyId: NEW_KEY }).text).toContain('Its replacement is stored in the secret.');
  expect(mailOf(event).text).toContain('A replacement is being created');
  expect(words(mailOf(event, user({ state: 'retired' })).text)).toContain(
    'No replacement is created, because the user is being retired',
  );
});

test('who retires is not told of a new key when the old one cannot be retired', () => {
  const { text } = mailOf(
    { ...EVENTS['retirement-failed'], currentKeyId: undefined, previousKey: { kind: 'inactive', keyId: OLD_KEY } },
    user({ state: 'retired' }),
  );
  expect(text).toContain('Retiring the old key failed');
  expect(text).not.toMatch(/new key|get-secret-value/i);
});

const HOSTILE = `<b onmouseover="x">'&\`{{7}}</b>`;

test('every value is escaped in HTML', () => {
  const { html } = mailOf(notice(), user({ secretName: HOSTILE, readers: [HOSTILE], ownerReads: false }));
  expect(html).not.toMatch(/<b\b/);
  expect(html).toContain('&lt;b onmouseover&#x3D;&quot;x&quot;&gt;&#x27;&amp;&#x60;{{7}}&lt;/b&gt;');
});

test("names of IAM's whole alphabet stand unchanged in subject and text, and harmless in HTML", () => {
  const name = 'a+b=c,d.e@f-g_H';
  const mail = mailOf(notice({ userName: name }), user({ name, secretName: '/access-key/a+b=c_d.e@f-g_H' }));
  expect(mail.subject).toBe(`New access key for ${name} in payments-prod; …WXYZ works until 14 March`);
  expect(visible(mail.html)).toContain(name);
});

test('no value brings a line break or a turn of the writing direction into the mail', () => {
  const mail = mailOf(
    notice(),
    user({ name: 'jeremy.ritchie', readers: ['a\r\nBcc: eve@example.net\u2028\u202egnp.exe'], ownerReads: false }),
  );
  expect(mail.text).toContain('a Bcc: eve@example.net gnp.exe');
  expect(mail.text + mail.html).not.toMatch(/[\r\u2028\u202e]/);
});

test.each([
  ['/access-key/a+b=c_d.e@f-g', '/access-key/a+b=c_d.e@f-g'],
  ['/access-key/$(id)', "'/access-key/$(id)'"],
  ["/access-key/a'b; id", "'/access-key/a'\\''b; id'"],
  ['/access-key/a\nid', "'/access-key/a id'"],
])('the command is one command for a shell: %j', (secretName, word) => {
  expect(fetchCommand(user({ secretName }), slice())).toBe(
    `aws secretsmanager get-secret-value --region eu-central-1 --secret-id ${word} --query SecretString --output text`,
  );
});

test('every mail says whom to ask where the roster does, in both forms and as plain words', () => {
  for (const event of Object.values<NoticeEvent>(EVENTS)) {
    const { text, html } = mailOf(event, user(), { contact: '#ask-security, +1 555 0100' });
    expect(words(text)).toContain('Whom to ask: #ask-security, +1 555 0100.');
    expect(visible(html)).toContain('Whom to ask: #ask-security, +1 555 0100.');
  }
  expect(mailOf().text).not.toContain('Whom to ask');
  expect(mailOf(notice(), user(), { contact: 'a\r\nb<i>' }).html).toContain('Whom to ask: a b&lt;i&gt;.');
});

test('an announcement without a date is no event', () => {
  const { startsAt: _startsAt, ...undated } = EVENTS['first-rotation-announced'];
  expect(() => mailOf(undated as NoticeEvent)).toThrow(/date/);
});
