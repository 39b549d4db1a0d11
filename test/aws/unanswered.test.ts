import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { STSClient } from '@aws-sdk/client-sts';
import { BOUNDED } from '../../lambda/aws/client-config';
import { keyAdministrations } from '../../lambda/aws/iam';
import { mailerPorts } from '../../lambda/aws/mailer-function';
import { memberPorts } from '../../lambda/aws/member-function';

/** How long a lease lasts: an act that was begun under it may not be sent again later. */
const LEASE_MS = 300_000;
const PLACE = { partition: 'aws', region: 'us-east-1', accountId: '333333333333' };
const SILENT = {
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'AKIAEXAMPLEEXAMPLE12',
  AWS_SECRET_ACCESS_KEY: 'example',
  ORG_BUCKET: 'org-bucket',
  ORG_BUCKET_OWNER: '222222222222',
  ADMIN_TOPIC_ARN: 'arn:aws:sns:us-east-1:222222222222:topic',
  KEY_ROLE_ARN: 'arn:aws:iam::333333333333:role/keys',
  ROTATE_FUNCTION_ARN: 'arn:aws:lambda:us-east-1:333333333333:function:access-keys-rotate',
  SENDER: 'keys@example.com',
  ADMINS: 'admin@example.com',
  CONFIGURATION_SET: 'access-keys',
};

const ANSWERING_STS = {
  send: async () => ({
    Credentials: { AccessKeyId: 'ASIAEXAMPLEEXAMPLE12', SecretAccessKey: 'example', SessionToken: 'example' },
  }),
} as unknown as STSClient;

describe('a service that takes a request and never answers is given up while the lease is still held:', () => {
  let server: Server;
  const sockets: Socket[] = [];
  const before = { ...process.env };

  beforeAll(async () => {
    server = createServer((socket) => void sockets.push(socket));
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    Object.assign(process.env, SILENT, {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    });
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
  });

  afterAll(() => {
    jest.useRealTimers();
    process.env = before;
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  const calls: Record<string, () => Promise<unknown>> = {
    'Secrets Manager': () => memberPorts('test', PLACE).secrets.describe('/access-key/ann'),
    STS: () => memberPorts('test', PLACE).keys.of('ann', 'test').list(),
    IAM: () =>
      keyAdministrations(ANSWERING_STS, { roleArn: SILENT.KEY_ROLE_ARN, ...PLACE }, BOUNDED)
        .of('ann', 'test')
        .create(),
    'STS, asked whose a key is': () =>
      memberPorts('test', PLACE).identities.identify({ id: 'AKIAEXAMPLEEXAMPLE12', secret: 'example' }),
    S3: () => memberPorts('test', PLACE).roster.read(),
    'S3, by the mailer': () => mailerPorts().events.read('events/333333333333/0.json'),
    SES: () => mailerPorts().mail.send(['ann@example.com'], { subject: 's', text: 't', html: 'h' }),
  };

  test.each(Object.entries(calls))('%s', async (_, call) => {
    const answer = call().then(
      () => 'answered',
      (error: Error) => error.name,
    );
    let outcome: string | undefined;
    void answer.then((name) => (outcome = name));
    const from = Date.now();
    while (outcome === undefined && Date.now() - from < LEASE_MS) {
      await new Promise((turn) => setImmediate(turn));
      await jest.advanceTimersByTimeAsync(1_000);
    }
    expect(outcome).toBe('TimeoutError');
  });
});
