import { request } from 'node:http';
import { IAMClient, ListUsersCommand } from '@aws-sdk/client-iam';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { listen } from '../../../../lib/simulator/local-organization/wire/port';
import { createNetwork } from '../../../../lib/simulator/local-organization/wire/network';
import { ALICE_ACCOUNT, smallOrganization } from '../organization-fixture';

async function served() {
  const organization = smallOrganization();
  const defects: string[] = [];
  const server = await listen(organization.gateway, 0, (defect) => defects.push(defect));
  return { ...organization, ...server, defects, endpoint: `http://127.0.0.1:${server.port}` };
}

it('serves unchanged SDK clients on a loopback port', async () => {
  const { directory, endpoint, close } = await served();
  const config = {
    region: 'us-east-1',
    endpoint,
    credentials: directory.administrator(ALICE_ACCOUNT, { longLived: true }),
  };
  const sts = new STSClient(config);
  const iam = new IAMClient(config);
  await expect(sts.send(new GetCallerIdentityCommand({}))).resolves.toMatchObject({ Account: ALICE_ACCOUNT });
  await expect(iam.send(new ListUsersCommand({}))).resolves.toMatchObject({ Users: [{ UserName: 'administrator' }] });
  sts.destroy();
  iam.destroy();
  await close();
});

it('refuses a request that nobody signed', async () => {
  const { port, close } = await served();
  const status = await new Promise((resolve, reject) => {
    request({ port, host: '127.0.0.1', method: 'POST' }, ({ statusCode }) => resolve(statusCode))
      .on('error', reject)
      .end('Action=ListUsers&Version=2010-05-08');
  });
  expect(status).toBe(403);
  await close();
});

it('answers what it fails at itself with InternalFailure, and says in its log why', async () => {
  const { directory, endpoint, close, defects } = await served();
  jest.spyOn(directory, 'users').mockImplementation(() => {
    throw new TypeError('a defect');
  });
  const iam = new IAMClient({
    region: 'us-east-1',
    endpoint,
    maxAttempts: 1,
    credentials: directory.administrator(ALICE_ACCOUNT, { longLived: true }),
  });
  await expect(iam.send(new ListUsersCommand({}))).rejects.toMatchObject({
    name: 'InternalFailure',
    $metadata: { httpStatusCode: 500 },
  });
  expect(defects.join()).toMatch(/failed at POST \/: TypeError: a defect\n +at /);
  iam.destroy();
  await close();
});

it('lends functions a network whose only peer is the gateway', async () => {
  const { http } = createNetwork(async ({ method, path, query, hostname }) => ({
    statusCode: 200,
    headers: {},
    body: Buffer.from(JSON.stringify({ method, path, query, hostname })),
  }));
  const text = await new Promise<string>((resolve) => {
    http
      .request(
        {
          method: 'PUT',
          host: 'bucket.s3.us-east-1.amazonaws.com',
          path: '/a%20b?x-id=PutObject&part=1&part=2',
          headers: {},
        },
        (response) => void response.toArray().then((parts) => resolve(Buffer.concat(parts).toString())),
      )
      .end('body');
  });
  expect(JSON.parse(text)).toEqual({
    method: 'PUT',
    path: '/a%20b',
    query: { 'x-id': 'PutObject', part: ['1', '2'] },
    hostname: 'bucket.s3.us-east-1.amazonaws.com',
  });
});
