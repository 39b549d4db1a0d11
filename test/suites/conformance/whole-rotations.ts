/** The deployed bundles on moto: two members, one security account, from the published roster to the owners' mails. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Ajv from 'ajv/dist/2020';
import { CreateAccessKeyCommand, CreateUserCommand, ListAccessKeysCommand } from '@aws-sdk/client-iam';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { DescribeSecretCommand, GetSecretValueCommand, RotateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { CreateTopicCommand } from '@aws-sdk/client-sns';
import { DeleteMessageCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import schema from '../../../config/report.schema.json';
import { FUNCTIONS, reportPath, ROLES, SECRET_NAME_PREFIX } from '../../../lambda/contract/names';
import { parseSecretValue } from '../../../lambda/domain/secret-value';
import type { AccountReport } from '../../../lambda/contract/report';
import { BUNDLES } from '../../../lib/stacks/bundle';
import { ADMIN_TOPIC_NAME, orgBucketName } from '../../../lib/names';
import { orgBucketOf, s3OrgStore, type OrgStore } from '../../../lib/org-bucket/store';
import { publishSlices } from '../../../lib/publish/publish-slices';
import { SecretSearch } from '../../../lib/simulator/rehearsal/observation/secret-search';
import { loadRoster } from '../../../lib/roster/load';
import { ACCOUNT, clientsOf, OTHER_ACCOUNT, REGION, type Clients, type Queue } from './aws';
import { createQueue, createSender, subscribe, type Moto } from './moto';

export interface Check {
  readonly name: string;
  readonly problem?: string;
}

const SECURITY = '111111111111';
const SENDER = 'keys@example.com';
const BUCKET = orgBucketName(SECURITY, REGION);
const orgStore = (s3: Clients['s3']): OrgStore => s3OrgStore(s3, orgBucketOf(SECURITY, REGION));
const TOPIC = `arn:aws:sns:${REGION}:${SECURITY}:${ADMIN_TOPIC_NAME}`;
/** carol has two keys that stand in the way of a third. */
const ROSTER = `
version: 1
organization: { id: o-a1b2c3d4e5, managementAccount: "999999999999", organizationalUnits: [ou-ab12-11111111], securityAccount: "${SECURITY}", region: ${REGION} }
source: { connectionArn: "arn:aws:codeconnections:${REGION}:${SECURITY}:connection/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9", repository: acme/access-keys, branch: main }
notifications: { admins: [security@example.com], sender: ${SENDER}, ownerDomain: example.com }
accounts:
  - { id: "${ACCOUNT}", name: payments, users: [ann, { name: bob, keepPreviousFor: 0d, quietFor: 0h }, { name: carol, unmanagedKeys: hold }] }
  - { id: "${OTHER_ACCOUNT}", name: website, users: [dora] }
`;
const CAROLS_KEYS = 2;
const USERS = [
  ['ann', ACCOUNT],
  ['bob', ACCOUNT],
  ['dora', OTHER_ACCOUNT],
] as const;

/** @returns what was checked; a problem says what was found */
export async function wholeRotations(moto: Moto): Promise<Check[]> {
  await moto.reset();
  const stage = await prepare(moto);
  const checks: Check[] = [];
  const check = (name: string, problems: readonly unknown[]): void =>
    void checks.push({
      name,
      ...(problems.length > 0 && { problem: problems.map((problem) => JSON.stringify(problem)).join('\n   ') }),
    });

  const reconciled = await Promise.all(
    [ACCOUNT, OTHER_ACCOUNT].map((account) => stage.invoke(account, FUNCTIONS.reconcile.name, {})),
  );
  check(
    'reconcile makes the secrets and starts the first rotations',
    reconciled.filter(({ failed }) => failed),
  );
  const first = await keysOf(stage);
  check(
    "every user's stored key is the user's own, Active and alone",
    first.filter(({ whose, user, keys }) => whose !== user || keys.length !== 1),
  );
  check(
    'every owner gets one mail, carol that her keys stand in the way',
    unless(await deliver(stage), ['ann@example.com', 'bob@example.com', 'carol@example.com', 'dora@example.com']),
  );

  const said = await Promise.all(USERS.map(([user, account]) => rotate(stage, account, user)));
  check(
    'RotateSecret runs all four steps again',
    said.filter((answer) => answer !== 'succeeds'),
  );
  const second = await keysOf(stage);
  check(
    'every user has another key, which works',
    second.filter(({ whose, user, current }, index) => whose !== user || current === first[index]!.current),
  );
  check(
    'the previous key is kept Active, and is gone at once where the roster says so',
    unless(
      second.map(({ user, keys }) => `${user} ${keys.length}`),
      ['ann 2', 'bob 1', 'dora 2'],
    ),
  );
  check(
    'AWSPREVIOUS is on the version before, AWSPENDING on none',
    second.filter(({ labels }) => !labels.includes('AWSPREVIOUS') || labels.includes('AWSPENDING')),
  );
  check(
    'every owner gets one more mail',
    unless(await deliver(stage), ['ann@example.com', 'bob@example.com', 'dora@example.com']),
  );

  const carols = await list(stage.clients[ACCOUNT]!, 'carol');
  check(
    'a rotation without room is refused',
    unless([await rotate(stage, ACCOUNT, 'carol')], ['InvalidRequestException']),
  );
  check('its keys are as before', unless(await list(stage.clients[ACCOUNT]!, 'carol'), carols));
  check(
    'the admins are notified once that it waits',
    unless(
      typesOf(await receive(stage, stage.admins)).filter((type) => type === 'action-needed'),
      ['action-needed'],
    ),
  );
  check('no owner hears of it', await deliver(stage));

  await Promise.all([ACCOUNT, OTHER_ACCOUNT].map((account) => stage.invoke(account, FUNCTIONS.reconcile.name, {})));
  check('both accounts report, as the schema says', await reportProblems(stage));
  check(
    'the secret of every key that was ever made is searched for',
    unless([stage.known.size], [first.length + second.length + CAROLS_KEYS]),
  );
  check('no secret access key is in a log, a message, a mail, an event or a report', await leaks(stage, moto));
  return checks;
}

const unless = (found: readonly unknown[], expected: readonly unknown[]): unknown[] =>
  JSON.stringify(found) === JSON.stringify(expected) ? [] : [{ found, expected }];

interface Stage {
  readonly moto: Moto;
  readonly clients: Record<string, Clients>;
  readonly owners: Queue;
  readonly admins: Queue;
  readonly bodies: string[];
  /** Secrets of all keys that were ever made, by the keys' ids. */
  readonly known: Map<string, string>;
  readonly invoke: (
    accountId: string,
    name: string,
    event: unknown,
  ) => Promise<{ readonly payload: unknown; readonly failed: boolean }>;
  mailed: number;
}

async function prepare(moto: Moto): Promise<Stage> {
  const clients: Record<string, Clients> = {};
  for (const account of [SECURITY, ACCOUNT, OTHER_ACCOUNT])
    clients[account] = clientsOf(moto.endpoint, await moto.administrator(account));
  const security = clients[SECURITY]!;
  await security.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  await security.sns.send(new CreateTopicCommand({ Name: ADMIN_TOPIC_NAME }));
  await createSender(security, SENDER);
  const [owners, admins] = [await createQueue(security, 'owners'), await createQueue(security, 'admins')];
  await subscribe(security, TOPIC, owners, { audience: ['owner'] });
  await subscribe(security, TOPIC, admins, { audience: ['admin'] });
  for (const [user, account] of [...USERS, ['carol', ACCOUNT]] as const)
    await clients[account]!.iam.send(new CreateUserCommand({ UserName: user, Path: '/people/' }));
  const known: Stage['known'] = new Map();
  while (known.size < CAROLS_KEYS) {
    const { AccessKey } = await clients[ACCOUNT]!.iam.send(new CreateAccessKeyCommand({ UserName: 'carol' }));
    known.set(AccessKey!.AccessKeyId!, AccessKey!.SecretAccessKey!);
  }
  await publishRoster(security);
  for (const account of [ACCOUNT, OTHER_ACCOUNT]) await deployMember(moto, account);
  await moto.deployFunction(SECURITY, FUNCTIONS.mailer.name, bundleOf('mailer'), {
    ORG_BUCKET: BUCKET,
    ORG_BUCKET_OWNER: SECURITY,
    SENDER,
    ADMINS: 'security@example.com',
    CONFIGURATION_SET: 'access-keys',
  });
  const invoke: Stage['invoke'] = (account, name, event) => moto.host.invoke(functionArn(account, name), event);
  return { moto, clients, owners, admins, bodies: [], known, invoke, mailed: 0 };
}

const bundleOf = (name: string): string => join(BUNDLES, name, 'index.js');
const functionArn = (account: string, name: string): string => `arn:aws:lambda:${REGION}:${account}:function:${name}`;

async function deployMember(moto: Moto, account: string): Promise<void> {
  const environment = {
    ORG_BUCKET: BUCKET,
    ORG_BUCKET_OWNER: SECURITY,
    ADMIN_TOPIC_ARN: TOPIC,
    ROTATE_FUNCTION_ARN: functionArn(account, FUNCTIONS.rotate.name),
    CODE_VERSION: 'conformance',
  };
  const role = (name: string): string => `arn:aws:iam::${account}:role/${name}`;
  await moto.deployFunction(account, FUNCTIONS.rotate.name, bundleOf('rotate'), {
    ...environment,
    KEY_ROLE_ARN: role(ROLES.keyAdministration),
  });
  await moto.deployFunction(account, FUNCTIONS.reconcile.name, bundleOf('reconcile'), {
    ...environment,
    KEY_ROLE_ARN: role(ROLES.keyRetirement),
  });
}

async function publishRoster({ s3 }: Clients): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'conformance-'));
  try {
    writeFileSync(join(folder, 'roster.yaml'), ROSTER);
    const { roster, problems } = loadRoster(join(folder, 'roster.yaml'), { at: new Date() });
    if (!roster) throw new Error(JSON.stringify(problems));
    await publishSlices(roster, roster.accounts, orgStore(s3), new Date());
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function rotate({ clients }: Stage, account: string, user: string): Promise<string> {
  const { secrets } = clients[account]!;
  return secrets
    .send(
      new RotateSecretCommand({
        SecretId: SECRET_NAME_PREFIX + user,
        RotationLambdaARN: functionArn(account, FUNCTIONS.rotate.name),
        RotationRules: { ScheduleExpression: 'rate(90 days)' },
      }),
    )
    .then(
      () => 'succeeds',
      (error: Error) => error.name,
    );
}

const list = async ({ iam }: Clients, user: string): Promise<string[]> =>
  ((await iam.send(new ListAccessKeysCommand({ UserName: user }))).AccessKeyMetadata ?? [])
    .map(({ AccessKeyId, Status }) => `${AccessKeyId} ${Status}`)
    .sort();

/** What is stored for each user, and what AWS says of it. */
function keysOf(stage: Stage) {
  return Promise.all(
    USERS.map(async ([user, account]) => {
      const { secrets } = stage.clients[account]!;
      const { SecretString = '' } = await secrets.send(
        new GetSecretValueCommand({ SecretId: SECRET_NAME_PREFIX + user, VersionStage: 'AWSCURRENT' }),
      );
      const { key } = parseSecretValue(SecretString);
      if (!key) throw new Error(`the secret of ${user} holds no key`);
      stage.known.set(key.id, key.secret);
      const { sts } = clientsOf(stage.moto.endpoint, { accessKeyId: key.id, secretAccessKey: key.secret });
      const { Arn = '' } = await sts.send(new GetCallerIdentityCommand({}));
      const { VersionIdsToStages = {} } = await secrets.send(
        new DescribeSecretCommand({ SecretId: SECRET_NAME_PREFIX + user }),
      );
      const keys = await list(stage.clients[account]!, user);
      return {
        user,
        current: key.id,
        whose: Arn === `arn:aws:iam::${account}:user/people/${user}` && keys.includes(`${key.id} Active`) ? user : Arn,
        keys,
        labels: Object.values(VersionIdsToStages).flat().sort(),
      };
    }),
  );
}

interface Received {
  readonly messageId: string;
  readonly body: string;
}

async function receive({ clients, bodies }: Stage, { url }: Queue): Promise<Received[]> {
  const { sqs } = clients[SECURITY]!;
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 10 }));
  for (const { ReceiptHandle } of Messages) await sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle }));
  const received = Messages.map(({ MessageId = '', Body = '' }) => ({ messageId: MessageId, body: Body }));
  bodies.push(...received.map(({ body }) => body));
  return received;
}

const typesOf = (messages: readonly Received[]): unknown[] =>
  messages.map(
    ({ body }) =>
      (JSON.parse(body) as { MessageAttributes?: { type?: { Value?: string } } }).MessageAttributes?.type?.Value,
  );

/** Hands the owners' queue to the mailer. @returns to whom it wrote */
async function deliver(stage: Stage): Promise<string[]> {
  const records = await receive(stage, stage.owners);
  const { payload, failed } = await stage.invoke(SECURITY, FUNCTIONS.mailer.name, {
    Records: records.map((record) => ({ ...record, eventSourceARN: stage.owners.arn })),
  });
  if (failed || (payload as { batchItemFailures: unknown[] }).batchItemFailures.length > 0)
    return [JSON.stringify(payload)];
  const mails = (await stage.moto.mails()).slice(stage.mailed);
  stage.mailed += mails.length;
  return mails.flatMap(({ destinations }) => destinations.ToAddresses ?? []).sort();
}

async function reportProblems({ clients }: Stage): Promise<unknown[]> {
  const store = orgStore(clients[SECURITY]!.s3);
  const validate = new Ajv({ allErrors: true }).compile(schema);
  const problems: unknown[] = [];
  for (const [account, users] of [
    [ACCOUNT, 3],
    [OTHER_ACCOUNT, 1],
  ] as const) {
    const report = JSON.parse((await store.read(reportPath(account)))?.text ?? '{}') as AccountReport;
    if (!validate(report)) problems.push(validate.errors);
    else if (report.users.length + report.unknown.length !== users)
      problems.push({ account, users: report.users.length, unknown: report.unknown });
  }
  return problems;
}

async function leaks({ clients, bodies, known, moto }: Stage, { host }: Moto): Promise<string[]> {
  const search = new SecretSearch();
  for (const [keyId, secret] of known) search.add(keyId, secret);
  const store = orgStore(clients[SECURITY]!.s3);
  const objects = await Promise.all((await store.keys('')).map(async (key) => (await store.read(key))?.text ?? ''));
  const mails = JSON.stringify(await moto.mails());
  if (
    host.logs.length === 0 ||
    bodies.length === 0 ||
    objects.length === 0 ||
    !mails.includes('Your access key was rotated')
  )
    return ['nothing was searched'];
  return [...host.logs, ...bodies, ...objects, mails].flatMap((text) => [...search.find(text)]);
}
