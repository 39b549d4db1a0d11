import { CloudFormationClient, type CloudFormationClientConfig } from '@aws-sdk/client-cloudformation';
import { GetRoleCommand, IAMClient, type IAMClientConfig } from '@aws-sdk/client-iam';
import { LambdaClient, type LambdaClientConfig } from '@aws-sdk/client-lambda';
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import {
  ListSecretsCommand,
  SecretsManagerClient,
  type SecretsManagerClientConfig,
} from '@aws-sdk/client-secrets-manager';
import { SESClient, type SESClientConfig } from '@aws-sdk/client-ses';
import { SNSClient, type SNSClientConfig } from '@aws-sdk/client-sns';
import { GetCallerIdentityCommand, STSClient, type STSClientConfig } from '@aws-sdk/client-sts';
import { ROLES } from '../../lambda/contract/names';
import { nearestRegion, REGIONS, SUPPORTED_PARTITION } from '../roster/regions';

/** Settings that all SDK clients take. */
export type ClientConfig = Pick<STSClientConfig, 'region' | 'credentials' | 'requestHandler' | 'maxAttempts'>;

export interface Clients {
  readonly sts: STSClient;
  readonly iam: IAMClient;
  readonly s3: S3Client;
  readonly secrets: SecretsManagerClient;
  readonly lambda: LambdaClient;
  readonly sns: SNSClient;
  readonly ses: SESClient;
  readonly cloudFormation: CloudFormationClient;
}

export const clientsOf = (config: ClientConfig): Clients => ({
  sts: new STSClient(config),
  iam: new IAMClient(config as IAMClientConfig),
  s3: new S3Client(config as S3ClientConfig),
  secrets: new SecretsManagerClient(config as SecretsManagerClientConfig),
  lambda: new LambdaClient(config as LambdaClientConfig),
  sns: new SNSClient(config as SNSClientConfig),
  ses: new SESClient(config as SESClientConfig),
  cloudFormation: new CloudFormationClient(config as CloudFormationClientConfig),
});

/** Where the probe runs. */
export interface Account extends Clients {
  readonly id: string;
  readonly region: string;
  readonly config: ClientConfig;
  /** @throws Error once the signal, where one is given, is aborted */
  readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
}

/** @throws Error where the region is not supported or the account is in use: nothing was changed there */
export async function openAccount(clients: Clients, config: ClientConfig, sleep: Account['sleep']): Promise<Account> {
  const region = await clients.sts.config.region();
  if (!REGIONS[SUPPORTED_PARTITION]!.includes(region))
    throw new Error(`${region} is not a supported region; did you mean ${nearestRegion(region)}?`);
  const { Account: id } = await clients.sts.send(new GetCallerIdentityCommand({}));
  const account = { ...clients, id: id!, region, config, sleep };
  await refuseAccountInUse(account);
  return account;
}

async function refuseAccountInUse({ id, region, secrets, iam }: Account): Promise<void> {
  const { SecretList = [] } = await secrets.send(
    new ListSecretsCommand({ Filters: [{ Key: 'tag-key', Values: ['access-keys:'] }], IncludePlannedDeletion: true }),
  );
  if (SecretList.length > 0) throw inUse(id, `${region} has secrets with tags access-keys:*`);
  const role = await iam.send(new GetRoleCommand({ RoleName: ROLES.rotate })).catch(unlessMissing);
  if (role) throw inUse(id, `it has the role ${ROLES.rotate}`);
}

const inUse = (id: string, reason: string): Error =>
  new Error(`account ${id} uses access-keys already (${reason}): run the probe in a throw-away account`);

const MISSING = new Set([
  'NoSuchEntity',
  'NoSuchEntityException',
  'NoSuchBucket',
  'NotFound',
  'ResourceNotFoundException',
]);

/** @throws the error, unless it says that what was named does not exist */
export function unlessMissing(error: Error): undefined {
  if (!MISSING.has(error.name)) throw error;
  return undefined;
}
