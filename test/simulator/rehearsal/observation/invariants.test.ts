import type { KeyState, UserState } from '../../../../lib/simulator/rehearsal/environment/account-state';
import { isStoredKeySound, lastKeyKept, trueAtRest } from '../../../../lib/simulator/rehearsal/observation/invariants';

const key = (keyId: string, status: KeyState['status'] = 'Active'): KeyState => ({
  keyId,
  status,
  createdAt: new Date(0),
  compromised: false,
  secret: `secret of ${keyId}`,
});

/** @param stored the key that AWSCURRENT names; null where it names none, undefined where there is no secret */
function ann(keys: readonly KeyState[], stored: string | null | undefined): UserState {
  const held = stored ? { keyId: stored, secret: `secret of ${stored}`, userName: 'ann' } : {};
  const versions = [{ versionId: 'v', labels: ['AWSCURRENT'], ...held }];
  return { userName: 'ann', keys, ...(stored !== undefined && { versions }) };
}

const OLD = 'AKIAOLD';
const NEW = 'AKIANEW';

describe('a key that the product deactivates or deletes', () => {
  test.each([
    ['while the stored key is Inactive', ann([key(OLD), key(NEW, 'Inactive')], NEW), true],
    ['while the stored key is gone', ann([key(OLD)], NEW), true],
    ['while a secret that had one holds none', ann([key(OLD), key(NEW)], null), true],
    ['while its secret is gone', ann([key(OLD), key(NEW)], undefined), true],
    ['that is the last of a user who never had a stored one', ann([key(OLD), key(NEW, 'Inactive')], null), false],
  ])('%s is noticed', (_, before, hasStored) => {
    for (const after of [
      before.keys.map((other) => (other.keyId === OLD ? key(OLD, 'Inactive') : other)),
      before.keys.slice(1),
    ])
      expect(lastKeyKept(before, { ...before, keys: after }, hasStored)).toMatchObject([
        { rule: 'last-key-kept', userName: 'ann', message: expect.stringContaining(OLD) },
      ]);
  });

  test.each([
    ['while the stored key works', ann([key(OLD), key(NEW)], NEW), true],
    ['that is one of two of a user who never had a stored one', ann([key(OLD), key(NEW)], null), false],
  ])('%s may go', (_, before, hasStored) => {
    expect(lastKeyKept(before, { ...before, keys: [key(NEW)] }, hasStored)).toEqual([]);
  });

  test('and was Inactive before is not meant', () => {
    const before = ann([key(OLD, 'Inactive'), key(NEW, 'Inactive')], NEW);
    expect(lastKeyKept(before, { ...before, keys: [key(NEW, 'Inactive')] }, true)).toEqual([]);
  });
});

test('a stored key is sound when it is there, Active, and the one that IAM made', () => {
  expect(isStoredKeySound(ann([key(NEW)], NEW))).toBe(true);
  expect(isStoredKeySound(ann([key(NEW, 'Inactive')], NEW))).toBe(false);
  expect(isStoredKeySound(ann([], NEW))).toBe(false);
  expect(isStoredKeySound(ann([key(NEW)], null))).toBe(false);
  expect(isStoredKeySound(ann([key(NEW)], undefined))).toBe(false);
});

test('a key that was in a secret which somebody deleted is no orphan', () => {
  const state = { accountId: '333333333333', users: [ann([key(OLD)], null)] };
  expect(trueAtRest(state, new Set([OLD]), new Set())).toMatchObject([{ rule: 'no-orphan-at-rest' }]);
  expect(trueAtRest(state, new Set([OLD]), new Set([OLD]))).toEqual([]);
});
