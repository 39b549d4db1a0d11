import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { STSClient } from '@aws-sdk/client-sts';
import { BOUNDED } from '../../lambda/aws/client-config';
import { keyAdministrations } from '../../lambda/aws/iam';

const STS = {
  send: async () => ({
    Credentials: { AccessKeyId: 'ASIAEXAMPLEEXAMPLE12', SecretAccessKey: 'example', SessionToken: 'example' },
  }),
} as unknown as STSClient;
const NOBODY =
  '<ErrorResponse><Error><Type>Sender</Type><Code>NoSuchEntity</Code><Message>none</Message></Error></ErrorResponse>';

/** A function may have 1,024 files and connections open: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
test('an account of many users needs no connection for each of them, and a new key has one of its own', async () => {
  const open = new Set<object>();
  let opened = 0;
  const server = createServer(
    (_, response) => void response.writeHead(404, { 'content-type': 'text/xml' }).end(NOBODY),
  );
  server.on('connection', (socket) => {
    opened++;
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const keys = keyAdministrations(
    STS,
    { roleArn: 'arn:aws:iam::333333333333:role/keys', accountId: '333333333333', partition: 'aws' },
    { ...BOUNDED, region: 'us-east-1', endpoint },
  );
  for (let user = 0; user < 250; user++) expect(await keys.of(`user-${user}`, 'test').user()).toBeUndefined();
  expect(opened).toBe(1);
  for (let user = 0; user < 5; user++)
    await expect(keys.of(`user-${user}`, 'test').create()).rejects.toMatchObject({ name: 'NoSuchEntityException' });
  expect(opened).toBe(6);
  await new Promise((turn) => setTimeout(turn, 50));
  expect(open.size).toBe(1);
  server.closeAllConnections();
  server.close();
});
