import type { NoticeOf } from '../../../lambda/contract/notice';
import { adminSubject, adminText } from '../../../lambda/domain/notices/admin-text';

const head = {
  schemaVersion: 2,
  id: '0'.repeat(32),
  day: '2026-03-01',
  audience: ['admin'],
  accountId: '333333333333',
  accountName: 'payments-prod',
  region: 'us-east-1',
  userName: 'svc-deploy',
  secretName: '/access-key/svc-deploy',
  occurredAt: '2026-03-01T10:00:00.000Z',
} as const;
const event: NoticeOf<'rotation-failed'> = {
  ...head,
  type: 'rotation-failed',
  versionId: 'v2',
  code: 'ROOM_NONE',
  reason: 'both keys are in use',
  nextStep: 'reconcile retires the older one once it is quiet',
};

test('a failed rotation names account, user, code, what was found and what happens next', () => {
  expect(adminSubject(event)).toBe('Access keys: svc-deploy in payments-prod: rotation failed, keys unchanged');
  expect(adminText(event)).toBe(`Rotation failed, keys unchanged

Account:       payments-prod, 333333333333 (us-east-1)
User:          svc-deploy
Secret:        /access-key/svc-deploy
When:          1 March 2026, 10:00 UTC

Finding: both keys are in use.

Next step: reconcile retires the older one once it is quiet.

See docs/errors.md for what causes ROOM_NONE and how to fix it.
`);
});

test('what concerns no one user names the account alone', () => {
  const account = { ...event, type: 'attention', userName: '', secretName: '', code: 'SLICE_MISSING' } as const;
  expect(adminSubject(account)).toBe('Access keys: payments-prod: attention: SLICE_MISSING');
  expect(adminText(account)).not.toMatch(/User:|Secret:/);
});

test('a held previous key is named by its last four characters, with service and region of its last use', () => {
  const text = adminText({
    ...head,
    type: 'previous-key-in-use',
    previousKey: {
      kind: 'works',
      keyId: 'AKIAIOSFODNN7EXAMPLE',
      until: '2026-03-08T10:00:00.000Z',
      whenStillUsed: 'hold',
    },
    previousKeyLastUsed: { at: '2026-03-07T09:00:00.000Z', service: 's3', region: 'eu-west-1' },
  });
  expect(text).toContain(
    'Previous key:  ends in MPLE\nActive until:  8 March 2026, 10:00 UTC, and for as long as it is used\nLast used:     7 March 2026, 09:00 UTC, for s3 in eu-west-1',
  );
  expect(text).not.toContain('AKIAIOSFODNN7');
});

test('an event without a name of its account, of an older function, is told by the number', () => {
  expect(adminSubject({ ...event, accountName: undefined })).toBe(
    'Access keys: svc-deploy in 333333333333: rotation failed, keys unchanged',
  );
});

test('a condition is named in the subject, and its end too', () => {
  expect(adminSubject({ ...event, type: 'attention', code: 'KEY_STILL_USED' })).toContain('attention: KEY_STILL_USED');
  expect(adminSubject({ ...event, type: 'resolved', code: 'KEY_STILL_USED' })).toContain('resolved: KEY_STILL_USED');
});

test('hostile names cannot break lines, leave ASCII or grow the subject beyond what SNS takes', () => {
  const hostile = { ...event, userName: `x\r\nBcc: all@example.com \u2028é${'y'.repeat(200)}` };
  expect(adminSubject(hostile)).toMatch(/^[\x20-\x7e]{99}$/);
  expect(adminText(hostile)).toContain('User:          x Bcc: all@example.com');
  expect(adminText(hostile).split('\n')).toHaveLength(adminText(event).split('\n').length);
});
