/** The local organization as a throw-away account, with the few operations that it lacks answered from its own state. */
import { TagResourceCommand } from '@aws-sdk/client-secrets-manager';
import { clientsOf, openAccount, type Clients } from '../../lib/doctor/account';
import { LocalOrganization } from '../../lib/simulator/local-organization/organization';

export const ACCOUNT = '333333333333';
const REGION = 'us-east-1';
type Answer = (input: Record<string, string>) => object;

export interface World {
  readonly organization: LocalOrganization;
  readonly clients: Clients;
  /** What was made and not removed again, of what the local organization cannot make itself. */
  readonly made: Set<string>;
  readonly answers: Record<string, Answer>;
  readonly open: (sleep?: () => Promise<void>) => ReturnType<typeof openAccount>;
}

export function throwAwayAccount(): World {
  const organization = new LocalOrganization({
    start: new Date('2027-01-04T09:00:00Z'),
    seed: 1,
    organizationId: 'o-a1b2c3d4e5',
    region: REGION,
    accountIds: [ACCOUNT],
  });
  const config = organization.clientConfig(organization.directory.administrator(ACCOUNT));
  const clients = clientsOf(config);
  const made = new Set<string>();
  const answers = { ...ofRoles(organization, made), ...ofBuckets(organization, made), ...ofFunctions(made) };
  for (const client of [clients.iam, clients.s3, clients.lambda, clients.cloudFormation]) answer(client, answers);
  const aMinute = () => passMinutes(organization, 1);
  return { organization, clients, made, answers, open: (sleep = aMinute) => openAccount(clients, config, sleep) };
}

export const passMinutes = ({ clock }: LocalOrganization, minutes: number): Promise<void> =>
  clock.advanceTo(new Date(clock.now().getTime() + minutes * 60_000));

const failure = (name: string): Error => Object.assign(new Error(name), { name, $metadata: { httpStatusCode: 404 } });

function ofRoles({ directory }: LocalOrganization, made: Set<string>): Record<string, Answer> {
  const trusts = new Map<string, string>();
  return {
    CreateRoleCommand: ({ RoleName: name = '', AssumeRolePolicyDocument: trustPolicy = '' }) => {
      trusts.set(name, trustPolicy);
      made.add(name);
      return { Role: { Arn: directory.putRole(ACCOUNT, { name, trustPolicy, inlinePolicies: {} }) } };
    },
    PutRolePolicyCommand: ({ RoleName: name = '', PolicyName = '', PolicyDocument = '' }) => {
      directory.putRole(ACCOUNT, {
        name,
        trustPolicy: trusts.get(name)!,
        inlinePolicies: { [PolicyName]: PolicyDocument },
      });
      return {};
    },
    DeleteRolePolicyCommand: () => ({}),
    DeleteRoleCommand: ({ RoleName = '' }) => {
      if (!made.delete(RoleName)) throw failure('NoSuchEntityException');
      directory.removeRole(ACCOUNT, RoleName);
      return {};
    },
  };
}

function ofBuckets({ s3 }: LocalOrganization, made: Set<string>): Record<string, Answer> {
  return {
    CreateBucketCommand: ({ Bucket: name = '' }) => {
      s3.putBucket({ accountId: ACCOUNT, region: REGION, name });
      made.add(name);
      return {};
    },
    DeleteBucketCommand: ({ Bucket = '' }) => {
      if (!made.delete(Bucket)) throw failure('NoSuchBucket');
      return {};
    },
  };
}

/** Functions are refused here, as by a service control policy, unless a test has it otherwise. */
function ofFunctions(made: Set<string>): Record<string, Answer> {
  return {
    CreateFunctionCommand: () => {
      throw failure('AccessDeniedException');
    },
    AddPermissionCommand: () => ({}),
    GetFunctionConfigurationCommand: () => ({ State: 'Active' }),
    DeleteFunctionCommand: ({ FunctionName = '' }) => {
      if (!made.delete(FunctionName)) throw failure('ResourceNotFoundException');
      return {};
    },
    ListFunctionsCommand: () => ({}),
    ListStacksCommand: () => ({}),
  };
}

/** Functions can be made, and each call that the test names leaves its tag, as the probe's function writes it. */
export function allowFunctions({
  organization,
  clients,
  made,
  answers,
}: World): (secret: string, steps: string[]) => Promise<void> {
  answers.CreateFunctionCommand = ({ FunctionName = '' }) => {
    const arn = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${FunctionName}`;
    organization.lambda.putFunction({ arn });
    made.add(FunctionName);
    return { FunctionArn: arn };
  };
  return async (SecretId, steps) => {
    const Tags = steps.map((Value, index) => ({ Key: `call-${index}`, Value }));
    await clients.secrets.send(new TagResourceCommand({ SecretId, Tags }));
  };
}

function answer(client: object, answers: Readonly<Record<string, Answer>>): void {
  const { middlewareStack } = client as Clients['iam'];
  middlewareStack.add(
    (next, context) => async (args) => {
      const found = answers[context.commandName ?? ''];
      if (!found) return next(args);
      return { response: {}, output: { $metadata: {}, ...found(args.input as never) } as never };
    },
    { step: 'initialize' },
  );
}
