/** That the rehearsal notices a notice that is not so, and one that comes too often. */
import type { NoticeEvent } from '../../../../lambda/contract/notice';
import type { KeyState, UserState } from '../../../../lib/simulator/rehearsal/environment/account-state';
import { NoticeCounter, noticeIsTrue } from '../../../../lib/simulator/rehearsal/observation/notice-invariants';

const OLD = 'AKIAOLD';
const NEW = 'AKIANEW';
const NOW = new Date('2027-01-04T00:00:00Z');
const hoursLater = (hours: number): Date => new Date(NOW.getTime() + hours * 3_600_000);

const key = (keyId: string, status: KeyState['status'] = 'Active'): KeyState => ({
  keyId,
  status,
  createdAt: new Date(0),
  compromised: false,
  secret: `secret of ${keyId}`,
});
const ann = (...keys: readonly KeyState[]): UserState => ({
  userName: 'ann',
  keys,
  versions: [{ versionId: 'v', labels: ['AWSCURRENT'], keyId: NEW, secret: `secret of ${NEW}`, userName: 'ann' }],
});
const notice = (members: object): NoticeEvent =>
  ({
    accountId: '333333333333',
    userName: 'ann',
    secretName: '/access-key/ann',
    type: 'attention',
    ...members,
  }) as NoticeEvent;

describe('a notice is compared with what is so', () => {
  test.each<[string, object, UserState]>([
    [
      'a key that is Active and is said to be deactivated',
      { previousKey: { kind: 'inactive', keyId: OLD } },
      ann(key(OLD), key(NEW)),
    ],
    [
      'a key that exists and is said to be deleted',
      { previousKey: { kind: 'gone', keyId: OLD } },
      ann(key(OLD, 'Inactive'), key(NEW)),
    ],
    [
      'a key that is Inactive and is said to work',
      { previousKey: { kind: 'works', keyId: OLD } },
      ann(key(OLD, 'Inactive'), key(NEW)),
    ],
    ['a key that is gone and is said to work', { workingKeyIds: [OLD] }, ann(key(NEW))],
    ['another key than the stored one', { type: 'rotated', currentKeyId: OLD }, ann(key(OLD), key(NEW))],
    ['a stored key that works and is said not to', { type: 'stored-key-unusable' }, ann(key(NEW))],
  ])('%s is noticed', (_, members, user) => {
    expect(noticeIsTrue(notice(members), user)).toMatchObject([{ rule: 'notices-are-true', userName: 'ann' }]);
  });

  test.each<[string, object]>([
    ['works', { previousKey: { kind: 'works', keyId: NEW }, workingKeyIds: [NEW] }],
    ['is deactivated', { previousKey: { kind: 'inactive', keyId: OLD } }],
    ['is gone', { previousKey: { kind: 'gone', keyId: 'AKIAGONE' } }],
    ['is the stored one', { type: 'rolled-back', currentKeyId: NEW }],
  ])('a key that is said to be as it is passes: it %s', (_, members) => {
    expect(noticeIsTrue(notice(members), ann(key(OLD, 'Inactive'), key(NEW)))).toEqual([]);
  });
});

describe('of one occasion there is one notice a day', () => {
  const count = (notices: readonly NoticeEvent[], everyHours: number): number => {
    const counter = new NoticeCounter();
    return notices.flatMap((one, index) => counter.count(one, hoursLater(index * everyHours))).length;
  };
  const times = (number: number, of: (index: number) => object): NoticeEvent[] =>
    Array.from({ length: number }, (_, index) => notice(of(index)));

  test.each<[string, (index: number) => object]>([
    ['one code', () => ({ code: 'READER_MISSING' })],
    [
      'failed rotations, whichever version and whyever',
      (index) => ({ type: 'rotation-failed', versionId: `v${index}`, code: `C${index}` }),
    ],
    ['events of failed rotations', (index) => ({ code: index % 2 ? 'ROTATION_FAILED' : 'ROTATION_ABANDONED' })],
    ['one key', () => ({ type: 'previous-key-deactivated', previousKey: { kind: 'inactive', keyId: OLD } })],
  ])('hourly notices of %s are noticed', (_, of) => {
    expect(count(times(5, of), 1)).toBe(3);
  });

  test('a notice that was sent again because its answer was lost passes, and so do daily ones', () => {
    expect(
      count(
        times(2, () => ({ code: 'READER_MISSING' })),
        0,
      ),
    ).toBe(0);
    expect(
      count(
        times(9, () => ({ code: 'READER_MISSING' })),
        24,
      ),
    ).toBe(0);
  });

  test('two rotations, two keys and two users of a day are two occasions each', () => {
    expect(
      count(
        times(6, (index) => ({ type: 'rotated', versionId: `v${index}` })),
        1,
      ),
    ).toBe(0);
    expect(
      count(
        times(6, (index) => ({ previousKey: { kind: 'gone', keyId: `K${index}` } })),
        1,
      ),
    ).toBe(0);
    expect(
      count(
        times(6, (index) => ({ userName: `u${index}`, code: 'READER_MISSING' })),
        1,
      ),
    ).toBe(0);
  });
});
