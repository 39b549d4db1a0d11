import { AssumeRoleCommand } from '@aws-sdk/client-sts';
import { clientsOf, type Account, type Clients } from '../account';
import { eventually } from '../eventually';

/** Clients that speak as a role that was made a moment ago. */
export async function sessionOf(account: Account, RoleArn: string): Promise<Clients> {
  const command = new AssumeRoleCommand({ RoleArn, RoleSessionName: 'access-keys-probe' });
  const { Credentials } = await eventually(account, ['AccessDenied'], () => account.sts.send(command));
  const { AccessKeyId, SecretAccessKey, SessionToken } = Credentials!;
  const credentials = { accessKeyId: AccessKeyId!, secretAccessKey: SecretAccessKey!, sessionToken: SessionToken };
  return clientsOf({ ...account.config, region: account.region, credentials });
}

/** Whom a role of the probe trusts: whoever runs it. */
export const callersOf = ({ id }: Account): object => ({ AWS: `arn:aws:iam::${id}:root` });
