import { GetAccessKeyLastUsedCommand, type IAMClient } from '@aws-sdk/client-iam';
import type { Account } from '../account';
import { makeRole, ROLES, USERS } from '../belongings';
import { eventually } from '../eventually';
import { callersOf, sessionOf } from './sessions';

export const TAG = { 'access-keys-probe': 'guarded' };
const DENIED = ['AccessDenied', 'AccessDeniedException'];

/** @param keys access keys of the probe's users, by the user's name */
export async function guardTagHolds(account: Account, keys: ReadonlyMap<string, string>): Promise<string> {
  const Condition = { StringEquals: { 'aws:ResourceTag/access-keys-probe': TAG['access-keys-probe'] } };
  const arn = await makeRole(account, ROLES.lastUsed, callersOf(account), [
    { Effect: 'Allow', Action: 'iam:GetAccessKeyLastUsed', Resource: '*', Condition },
  ]);
  const { iam } = await sessionOf(account, arn);
  const withTag = await eventually(account, DENIED, () => lastUsed(iam, keys.get(USERS.tagged)!)).then(
    () => 'allowed',
    refusal,
  );
  await eventually(account, DENIED, () => lastUsed(account.iam, keys.get(USERS.untagged)!));
  const withoutTag = await lastUsed(iam, keys.get(USERS.untagged)!).then(() => 'allowed', refusal);
  return `${withTag} with the tag, ${withoutTag} without it`;
}

const lastUsed = (iam: IAMClient, AccessKeyId: string) => iam.send(new GetAccessKeyLastUsedCommand({ AccessKeyId }));

/** @throws any other error: it says nothing of the condition */
function refusal(error: Error): string {
  if (!DENIED.includes(error.name)) throw error;
  return 'refused';
}
