/** What people break by mistake, and mend by doing what the notice about it says. */
import { DeleteAccessKeyCommand, IAMClient, UpdateAccessKeyCommand } from '@aws-sdk/client-iam';
import { DeleteSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { LocalOrganization } from '../../local-organization/organization';
import type { Environment } from '../environment/environment';
import type { Observer } from '../observation/observer';
import type { OwnerActivities } from '../people/owner-activity';
import type { Player } from '../environment/participants';
import { hoursOf, type ScenarioMishap } from '../scenario/scenario';
import { nameOf } from '../environment/user-key';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

interface Setting {
  readonly organization: LocalOrganization;
  readonly stage: Environment;
  readonly observer: Observer;
  readonly lives: OwnerActivities;
  readonly start: Date;
}

/**
 * At noon of its day, by an administrator of the account; mended when it is time, by the last notice's command.
 * @throws Error when the mishap is about nobody who plays
 */
export function planMishap(setting: Setting, mishap: ScenarioMishap, players: readonly Player[]): void {
  const { organization, observer, lives, start } = setting;
  const name = nameOf(mishap.account, mishap.user);
  const player = players.find((other) => nameOf(other.accountId, other.user.name) === name);
  if (!player)
    throw new Error(`the scenario lets ${mishap.user} in ${mishap.account} be harmed, who is not in the roster`);
  const at = new Date(start.getTime() + (mishap.day + 0.5) * DAY_MS);
  organization.clock.at(at, async () => {
    observer.harm(name, mishap.does === 'deletes the secret');
    lives.harm(name);
    record(setting, player, `somebody ${mishap.does}`);
    await harm(setting, player, mishap.does);
  });
  organization.clock.at(new Date(at.getTime() + hoursOf(mishap.mendedAfter) * HOUR_MS), () => mend(setting, player));
}

async function harm(setting: Setting, { accountId, user }: Player, does: ScenarioMishap['does']): Promise<void> {
  const { organization, stage } = setting;
  const config = administratorConfig(organization, accountId);
  if (does === 'deletes the secret') {
    const deletion = new DeleteSecretCommand({ SecretId: user.secretName, ForceDeleteWithoutRecovery: true });
    await new SecretsManagerClient(config).send(deletion);
    return;
  }
  const { versions = [] } = stage.stateOf(accountId, user.name).users[0] ?? {};
  const AccessKeyId = versions.find(({ labels }) => labels.includes('AWSCURRENT'))?.keyId;
  await new IAMClient(config).send(
    new UpdateAccessKeyCommand({ UserName: user.name, AccessKeyId, Status: 'Inactive' }),
  );
}

/** Word by word. A notice without a command, or none, leaves nothing to do. */
async function mend(setting: Setting, player: Player): Promise<void> {
  const { organization, observer } = setting;
  const { accountId, user } = player;
  observer.collect();
  const command = observer.lastCommand(nameOf(accountId, user.name));
  if (command === undefined) return;
  record(setting, player, `someone does what the notice says: ${command}`);
  const [, verb, UserName, AccessKeyId] =
    /^aws iam (update|delete)-access-key --user-name (\S+) --access-key-id (\w+)(?: --status Active)?$/.exec(command) ??
    [];
  const iam = new IAMClient(administratorConfig(organization, accountId));
  if (verb === 'update') await iam.send(new UpdateAccessKeyCommand({ UserName, AccessKeyId, Status: 'Active' }));
  else if (verb === 'delete') await iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId }));
  else throw new Error(`nobody here can follow: ${command}`);
}

const administratorConfig = (organization: LocalOrganization, accountId: string) =>
  organization.clientConfig(organization.directory.administrator(accountId));

function record({ organization, observer }: Setting, { accountId, user }: Player, what: string): void {
  const at = organization.clock.now().toISOString();
  observer.record({ at, accountId, userName: user.name, kind: 'fault', what });
}
