/**
 * The local organization for tests that others wrote: a fresh one whenever they reset, and what they create with
 * operations that do not exist here, made as a deployment makes it.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { NO_DELAY } from '../../../../lib/simulator/local-organization/iam/directory';
import { LocalOrganization } from '../../../../lib/simulator/local-organization/organization';
import { listen } from '../../../../lib/simulator/local-organization/wire/port';
import { REGION } from '../aws';

/** moto's own. */
export const ACCOUNT = '123456789012';
const FOR_EVERYBODY = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' }],
});

type Wish = Readonly<Record<string, string | undefined>> & { readonly region: string };
type Maker = (organization: LocalOrganization, wish: Wish) => unknown;

/** What the plugin asks for in the place of CreateBucket and its like. */
const MAKERS: Readonly<Record<string, Maker>> = {
  bucket: ({ s3 }, { name = '', region }) => s3.putBucket({ accountId: ACCOUNT, region, name }),
  topic: ({ sns }, { name = '', region }) => sns.putTopic({ accountId: ACCOUNT, region, name }),
  queue: ({ sqs }, { name = '', region, visibility }) => {
    const visibilityTimeoutSeconds = visibility === undefined ? undefined : Number(visibility);
    const place = { accountId: ACCOUNT, region, policy: FOR_EVERYBODY };
    return sqs.queue(sqs.putQueue({ ...place, name, visibilityTimeoutSeconds })).url;
  },
  subscription: ({ sns }, { topic = '', protocol, endpoint = '', filter }) =>
    sns.subscribe({
      topicArn: topic,
      protocol: protocol as 'sqs',
      endpoint,
      ...(filter && { filterPolicy: JSON.parse(filter) as Record<string, unknown[]> }),
    }),
  role: ({ directory }, { name = '', trust = '', path }) =>
    directory.putRole(ACCOUNT, { name, path, trustPolicy: trust, inlinePolicies: {} }),
  identity: ({ ses }, { name = '', region }) => ses.verify(ACCOUNT, region, name),
  'configuration set': ({ ses }, { name = '', region }) => ses.putConfigurationSet(ACCOUNT, region, name),
};

export interface Served {
  readonly address: string;
  /** What failed by a defect of the local organization itself. */
  readonly defects: readonly string[];
  stop(): Promise<void>;
}

export async function serve(): Promise<Served> {
  const defects: string[] = [];
  let current: { readonly organization: LocalOrganization; readonly close: () => Promise<void> } | undefined;
  const reset = async (): Promise<object> => {
    await current?.close();
    const organization = emptyOrganization();
    const { port, close } = await listen(organization.gateway, 0, (defect) => void defects.push(defect));
    current = { organization, close };
    const { accessKeyId, secretAccessKey } = organization.directory.administrator(ACCOUNT, { longLived: true });
    return { endpoint: `http://127.0.0.1:${port}`, accessKeyId, secretAccessKey };
  };
  const make = async (wish: Wish & { readonly kind: string }): Promise<object> => ({
    made: (await MAKERS[wish.kind]!(current!.organization, wish)) ?? null,
  });
  const server = createServer((request, response) => {
    const act = async (): Promise<object> =>
      request.url === '/reset' ? reset() : make((await bodyOf(request)) as Wish & { readonly kind: string });
    act().then(
      (answer) => respond(response, 200, answer),
      (error: Error) => respond(response, 400, { refused: error.message }),
    );
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    defects,
    stop: async () => {
      await current?.close();
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}

/** At the caller's own time: tests compare dates with it. */
function emptyOrganization(): LocalOrganization {
  const organization = new LocalOrganization({
    start: new Date(),
    seed: 'moto',
    organizationId: 'o-a1b2c3d4e5',
    region: REGION,
    accountIds: [ACCOUNT],
    propagation: NO_DELAY,
  });
  Object.assign(organization.secrets, { listLagMs: 0 });
  return organization;
}

const bodyOf = async (request: IncomingMessage): Promise<unknown> =>
  JSON.parse(Buffer.concat(await request.toArray()).toString()) as unknown;

const respond = (response: ServerResponse, status: number, answer: object): void =>
  void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
