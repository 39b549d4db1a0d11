import {
  CloudFormationClient,
  paginateListStackInstances,
  type CloudFormationClientConfig,
  type ListStackInstancesInput,
  type StackInstanceSummary,
} from '@aws-sdk/client-cloudformation';
import { InvokeCommand, LambdaClient, type LambdaClientConfig } from '@aws-sdk/client-lambda';
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { FUNCTIONS, reportPath, ROLES, slicePath } from '../../lambda/contract/names';
import type { AccountReport } from '../../lambda/contract/report';
import type { RosterSlice } from '../../lambda/contract/slice';
import { readReport } from '../org-bucket/report';
import { orgBucketOf, type OrgStore, s3OrgStore } from '../org-bucket/store';

/** What people on duty, and the pipeline's bake step, can do in the accounts. */
export interface Operator {
  /** @throws Error with the function's own reason when it refuses; it has then done nothing */
  operate(accountId: string, command: object): Promise<string>;
  /** The last report of an account; undefined before its first. @throws UnreadableReport when it cannot be believed */
  report(accountId: string): Promise<AccountReport | undefined>;
  /** The generation of the account's published slice. */
  generation(accountId: string): Promise<number | undefined>;
  /**
   * What CloudFormation in the security account says of a StackSet's stacks, by account: `CURRENT` for one that was
   * brought to the newest template, else its status and why. No account can write this.
   */
  stackStatuses(stackSetName: string): Promise<ReadonlyMap<string, string>>;
  /** When the last of these objects of the org bucket was written; undefined when one is missing. */
  publishedAt(keys: readonly string[]): Promise<Date | undefined>;
}

export interface OperatorPlace {
  readonly securityAccountId: string;
  readonly region: string;
  readonly partition?: string;
}

/** Settings that all SDK clients take; those of whoever becomes the operator. */
export type ClientConfig = Pick<LambdaClientConfig, 'credentials' | 'requestHandler' | 'maxAttempts'>;

interface Session {
  readonly lambda: LambdaClient;
  readonly cloudFormation: CloudFormationClient;
  readonly store: OrgStore;
  /** ARN of who became the operator. */
  readonly caller: string;
  readonly endsAt: Date;
}

/** A chained session lasts an hour at most: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining */
const RENEW_BEFORE_MS = 10 * 60_000;

/** Speaks as the operator role of the security account; its session is renewed before it ends. */
export function operatorOf(place: OperatorPlace, config: ClientConfig, now: () => Date): Operator {
  const { region, partition = 'aws' } = place;
  let current: Session | undefined;
  const session = async (): Promise<Session> => {
    if (!current || current.endsAt.getTime() - now().getTime() < RENEW_BEFORE_MS)
      current = await openSession(place, config);
    return current;
  };
  return {
    async operate(accountId, command) {
      const name = `arn:${partition}:lambda:${region}:${accountId}:function:${FUNCTIONS.operate.name}`;
      return invoke(await session(), name, command);
    },
    async report(accountId) {
      const stored = await (await session()).store.read(reportPath(accountId));
      return stored && readReport(stored.text, accountId);
    },
    async generation(accountId) {
      const stored = await (await session()).store.read(slicePath(accountId));
      return stored && (JSON.parse(stored.text) as RosterSlice).generation;
    },
    async stackStatuses(stackSetName) {
      return stackStatuses(await session(), stackSetName, region);
    },
    async publishedAt(keys) {
      const { store } = await session();
      const written = await Promise.all(keys.map((key) => store.writtenAt(key)));
      return written.some((at) => !at) ? undefined : new Date(Math.max(...written.map(Number)));
    },
  };
}

/** @throws Error with the function's own words when it failed */
async function invoke({ lambda, caller }: Session, functionArn: string, command: object): Promise<string> {
  const { Payload, FunctionError } = await lambda.send(
    new InvokeCommand({
      FunctionName: functionArn,
      Payload: Buffer.from(JSON.stringify({ ...command, requestedBy: caller })),
    }),
  );
  const answer = JSON.parse(Buffer.from(Payload ?? []).toString() || 'null') as {
    message?: string;
    errorMessage?: string;
  } | null;
  if (FunctionError) throw new Error(answer?.errorMessage ?? 'the operate function failed without an error message');
  return answer?.message ?? '';
}

async function stackStatuses(
  { cloudFormation }: Session,
  stackSetName: string,
  region: string,
): Promise<ReadonlyMap<string, string>> {
  const input: ListStackInstancesInput = { StackSetName: stackSetName, CallAs: 'DELEGATED_ADMIN' };
  const statuses = new Map<string, string>();
  for await (const { Summaries = [] } of paginateListStackInstances({ client: cloudFormation }, input))
    for (const summary of Summaries) if (summary.Region === region) statuses.set(summary.Account!, statusOf(summary));
  return statuses;
}

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_StackInstanceSummary.html */
function statusOf({ Status, StatusReason, StackInstanceStatus }: StackInstanceSummary): string {
  const detailed = StackInstanceStatus?.DetailedStatus;
  if (Status === 'CURRENT' && detailed === 'SUCCEEDED') return 'CURRENT';
  return [Status, detailed, StatusReason].filter(Boolean).join(', ');
}

/** Named after who asks, so that CloudTrail shows it: AssumeRole in the security account is the proof, what operate is told is not. */
async function openSession(
  { securityAccountId, region, partition = 'aws' }: OperatorPlace,
  config: ClientConfig,
): Promise<Session> {
  const sts = new STSClient({ ...config, region });
  const caller = (await sts.send(new GetCallerIdentityCommand({}))).Arn!;
  const roleArn = `arn:${partition}:iam::${securityAccountId}:role/${ROLES.operator}`;
  const { Credentials: made } = await sts.send(
    new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: sessionNameOf(caller) }),
  );
  const credentials = {
    accessKeyId: made!.AccessKeyId!,
    secretAccessKey: made!.SecretAccessKey!,
    sessionToken: made!.SessionToken,
  };
  const own = { ...config, region, credentials };
  return {
    lambda: new LambdaClient(own),
    cloudFormation: new CloudFormationClient(own as CloudFormationClientConfig),
    store: s3OrgStore(new S3Client(own as S3ClientConfig), orgBucketOf(securityAccountId, region)),
    caller,
    endsAt: made!.Expiration!,
  };
}

/** The user's or session's own name, in the letters and the length that STS takes. */
export const sessionNameOf = (caller: string): string =>
  `access-keys-${caller
    .split(/[/:]/)
    .at(-1)!
    .replace(/[^\w+=,.@-]/g, '-')}`.slice(0, 64);
