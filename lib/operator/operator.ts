import { InvokeCommand, LambdaClient, type LambdaClientConfig } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { FUNCTIONS, reportPath, ROLES, slicePath } from '../../lambda/contract';
import type { AccountReport } from '../../lambda/domain/report';
import type { RosterSlice } from '../../lambda/domain/slice';
import { orgBucketName } from '../names';
import { s3OrgStore } from '../publish/org-store';

/** What people on duty, and the pipeline's bake step, can do in the accounts. */
export interface Operator {
  /** @throws Error with the function's own reason when it refuses; it has then done nothing */
  operate(accountId: string, command: object): Promise<string>;
  /** The last report of an account; undefined before its first. */
  report(accountId: string): Promise<AccountReport | undefined>;
  /** The generation of the account's published slice. */
  generation(accountId: string): Promise<number | undefined>;
}

export interface OperatorPlace {
  readonly securityAccountId: string;
  readonly region: string;
  readonly partition?: string;
}

/** Settings that all SDK clients take. */
export type ClientConfig = Pick<LambdaClientConfig, 'credentials' | 'requestHandler' | 'maxAttempts'>;

/** Speaks as the operator role of the security account, whose session is renewed before it ends. */
export function operatorOf({ securityAccountId, region, partition = 'aws' }: OperatorPlace, config: ClientConfig = {}): Operator {
  const sts = new STSClient({ ...config, region });
  const credentials = async () => {
    const roleArn = `arn:${partition}:iam::${securityAccountId}:role/${ROLES.operator}`;
    const { Credentials: made } = await sts.send(new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: 'access-keys-command' }));
    return { accessKeyId: made!.AccessKeyId!, secretAccessKey: made!.SecretAccessKey!, sessionToken: made!.SessionToken, expiration: made!.Expiration };
  };
  const lambda = new LambdaClient({ ...config, region, credentials });
  const store = s3OrgStore(new S3Client({ ...config, region, credentials } as object), orgBucketName(securityAccountId, region));
  const json = async <T>(key: string): Promise<T | undefined> => {
    const stored = await store.read(key);
    return stored && (JSON.parse(stored.text) as T);
  };
  return {
    async operate(accountId, command) {
      const name = `arn:${partition}:lambda:${region}:${accountId}:function:${FUNCTIONS.operate.name}`;
      const answer = await lambda.send(new InvokeCommand({ FunctionName: name, Payload: Buffer.from(JSON.stringify(command)) }));
      const payload = JSON.parse(Buffer.from(answer.Payload ?? []).toString() || 'null') as { message?: string; errorMessage?: string } | null;
      if (answer.FunctionError) throw new Error(payload?.errorMessage ?? 'operate failed without saying why');
      return payload?.message ?? '';
    },
    report: (accountId) => json<AccountReport>(reportPath(accountId)),
    generation: async (accountId) => (await json<RosterSlice>(slicePath(accountId)))?.generation,
  };
}
