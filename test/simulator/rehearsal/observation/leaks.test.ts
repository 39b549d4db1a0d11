/** A secret that leaves by any way at all is a violation: one is planted on each, and each is told. */
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateSecretCommand, SecretsManagerClient, TagResourceCommand } from '@aws-sdk/client-secrets-manager';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalOrganization } from '../../../../lib/simulator/local-organization/organization';
import { rehearse } from '../../../../lib/simulator/rehearsal/rehearsal';
import { loadRoster } from '../../../../lib/roster/load';

const ACCOUNT = '333333333333';
const START = new Date('2027-01-04T00:00:00Z');
const NOON = new Date('2027-01-04T12:00:00Z');
const ROSTER = `
version: 1
region: us-east-1
notifications: { admins: [security@example.com], sender: access-keys@example.com, ownerDomain: example.com }
accounts: [{ id: "${ACCOUNT}", name: only, users: [ann] }]
`;

const folder = mkdtempSync(join(tmpdir(), 'leaks-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Functions that leak by what they log, answer and throw. */
const LEAKS = {
  logs: 'async ({ text }) => console.log(text)',
  answers: 'async ({ text }) => ({ found: [text] })',
  throws: 'async ({ text }) => { throw new Error(text); }',
};

async function invoke(organization: LocalOrganization, name: keyof typeof LEAKS, text: string): Promise<void> {
  const definition = {
    arn: `arn:aws:lambda:us-east-1:${ACCOUNT}:function:${name}`,
    accountId: ACCOUNT,
    region: 'us-east-1',
    name,
    roleArn: `arn:aws:iam::${ACCOUNT}:role/access-keys-rotate`,
    timeoutSeconds: 3,
    environment: {},
  };
  organization.runtime.deploy({ ...definition, code: { name, text: `exports.handler = ${LEAKS[name]};` } });
  await organization.runtime.invoke(definition.arn, { text });
}

async function plant(organization: LocalOrganization): Promise<void> {
  const config = organization.clientConfig(organization.directory.administrator(ACCOUNT));
  const { secretAccessKey } = organization.directory.keysOf(ACCOUNT, 'ann')[0]!;
  const [s3, sns, secrets] = [new S3Client(config), new SNSClient(config), new SecretsManagerClient(config)];
  const Bucket = organization.s3.list(ACCOUNT)[0]!.name;
  const [topic] = organization.sns.list(ACCOUNT, 'us-east-1');
  await s3.send(
    new PutObjectCommand({
      Bucket,
      Key: 'reports/x.json',
      Body: JSON.stringify({ reason: JSON.stringify({ secretAccessKey }) }),
    }),
  );
  const pointer = {
    default: 'x',
    email: 'x',
    sqs: JSON.stringify({ event: 'events/x.json', value: encodeURIComponent(secretAccessKey) }),
  };
  await sns.send(
    new PublishCommand({ TopicArn: topic!.arn, MessageStructure: 'json', Message: JSON.stringify(pointer) }),
  );
  await secrets.send(new CreateSecretCommand({ Name: 'another', SecretString: secretAccessKey }));
  await secrets.send(
    new TagResourceCommand({
      SecretId: 'another',
      Tags: [{ Key: 'failed', Value: Buffer.from(`code ${secretAccessKey}`).toString('base64') }],
    }),
  );
  for (const name of Object.keys(LEAKS) as (keyof typeof LEAKS)[]) await invoke(organization, name, secretAccessKey);
}

test('a secret is found in each message, object and tag value, and in what a function logs, answers and throws, with the account', async () => {
  const deploy = jest.spyOn(LocalOrganization.prototype, 'deploy').mockImplementation(function (
    this: LocalOrganization,
    assembly,
  ) {
    this.clock.at(NOON, () => plant(this));
    deploy.mockRestore();
    this.deploy(assembly);
  });
  writeFileSync(join(folder, 'roster.yaml'), ROSTER);
  const { roster } = loadRoster(join(folder, 'roster.yaml'), { at: START });
  const { report } = await rehearse({ roster: roster!, days: 1, start: START, seed: 1 });
  const found = report.summary.violations.map(
    ({ rule, accountId, message }) => `${rule} ${accountId} ${message.replace(/^.* appears in /, '')}`,
  );
  const places = [
    'a request of s3:PutObject',
    'a request of sns:Publish',
    'a request of secretsmanager:TagResource',
    'a log line of logs',
    'the answer of answers',
    'a log line of throws',
    'the answer of throws',
  ];
  const expected = places.map((place) => `no-secret-outside-the-store ${ACCOUNT} ${place}`);
  // the admin topic hands every message on to the mailer's queue, for no account
  expect(found.sort()).toEqual([...expected, 'no-secret-outside-the-store  a request of sqs:SendMessage'].sort());
  expect(report.summary.ok).toBe(false);
});
