/** IAM as the product uses it: at most two keys a user. */
import type { KeyAdministration } from '../../../lambda/domain/ports';
import { BOB, type Account, type StoredKey } from './account';
import type { Call } from './faults';
import { refused } from './service-error';

export function keyAdministration(account: Account, call: Call, userName: string): KeyAdministration {
  const act = <T>(operation: string, effect: () => T, about = ''): Promise<T> =>
    call(`iam:${operation}`, about, effect);
  if (userName === BOB) account.trespasses++;
  const find = (keyId: string): StoredKey | undefined => account.keys.find(({ id }) => id === keyId);
  const existing = (keyId: string): StoredKey => {
    const key = find(keyId);
    if (!key) throw refused('NoSuchEntityException');
    return key;
  };
  return {
    user: () =>
      act('GetUser', () =>
        account.userExists ? { name: userName, id: account.userId, arn: account.arnOf(userName) } : undefined,
      ),
    list: () =>
      act('ListAccessKeys', () => account.keys.map(({ id, status, createdAt }) => ({ id, status, createdAt }))),
    lastUse: (keyId) => act('GetAccessKeyLastUsed', () => existing(keyId).lastUse, keyId),
    create: () => act('CreateAccessKey', () => create(account)),
    activate: (keyId) => act('UpdateAccessKey Active', () => void (existing(keyId).status = 'Active'), keyId),
    deactivate: (keyId) =>
      act(
        'UpdateAccessKey Inactive',
        () => {
          const key = find(keyId);
          if (key) key.status = 'Inactive';
        },
        keyId,
      ),
    delete: (keyId) =>
      act('DeleteAccessKey', () => void (account.keys = account.keys.filter(({ id }) => id !== keyId)), keyId),
  };
}

/** IAM keeps whole seconds. */
function create(account: Account) {
  if (account.keys.length >= 2) {
    account.refusedForLimit++;
    throw refused('LimitExceededException');
  }
  const pair = account.newPair();
  account.made.add(pair.id);
  account.keys.push({
    ...pair,
    status: 'Active',
    createdAt: new Date(Math.floor(account.now.getTime() / 1_000) * 1_000),
    lastUse: { used: false },
  });
  return pair;
}
