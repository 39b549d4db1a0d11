import { PutResourcePolicyCommand } from '@aws-sdk/client-secrets-manager';
import type { RosterSlice } from '../../../lambda/contract/slice';
import { secretPolicy } from '../../../lambda/domain/reconcile/secret/secret-policy';
import type { Account } from '../account';
import { makeSecret, SECRETS, USERS } from '../belongings';
import { eventually } from '../eventually';

export async function secretPolicyIsAccepted(account: Account): Promise<string> {
  await makeSecret(account, SECRETS.policy);
  try {
    await putSecretPolicy(account, SECRETS.policy);
    return 'accepted';
  } catch (error) {
    return `refused: ${(error as Error).name}`;
  }
}

/** The policy that reconcile puts, with a user of the probe as its owner. */
export function putSecretPolicy(account: Account, SecretId: string): Promise<unknown> {
  const breakGlassRoles = [`arn:aws:iam::${account.id}:role/access-keys-probe-break-glass`];
  const slice = { accountId: account.id, state: 'active', breakGlassRoles } as unknown as RosterSlice;
  const owner = `arn:aws:iam::${account.id}:user/${USERS.tagged}`;
  const ResourcePolicy = secretPolicy(slice, [owner], 'aws');
  const command = new PutResourcePolicyCommand({ SecretId, ResourcePolicy, BlockPublicPolicy: true });
  return eventually(account, ['MalformedPolicyDocumentException'], () => account.secrets.send(command));
}
