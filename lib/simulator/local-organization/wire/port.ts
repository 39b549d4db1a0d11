import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ConnectionLost } from '../faults';
import type { Gateway } from './gateway';
import type { WireRequest } from './messages';

/** Hears of a request that the local organization itself failed at. */
type OnDefect = (defect: string) => void;

/**
 * The organization on a loopback port, for the AWS CLI, boto3 or any SDK with `--endpoint-url`. Port 0 picks a free one.
 * @param onDefect told the stack of what the client is answered InternalFailure for
 */
export async function listen(
  gateway: Gateway,
  port: number,
  onDefect: OnDefect,
): Promise<{ readonly port: number; readonly close: () => Promise<void> }> {
  const server = createServer((request, response) => {
    answer(gateway, onDefect, request, response).catch(() => request.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  gateway: Gateway,
  onDefect: OnDefect,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const wire = toWire(request, Buffer.concat(await request.toArray()));
  const { statusCode, headers, body } = await gateway.handle(wire).catch((error: Error) => {
    if (error instanceof ConnectionLost) throw error;
    onDefect(`the local organization failed at ${wire.method} ${wire.path}: ${error.stack}\n`);
    return gateway.answerDefect(wire);
  });
  response.writeHead(statusCode, { ...headers });
  response.end(request.method === 'HEAD' ? undefined : body);
}

export function toWire(
  request: { readonly method?: string; readonly url?: string; readonly headers: IncomingMessage['headers'] },
  body: Uint8Array,
): WireRequest {
  const url = request.url ?? '/';
  const mark = url.indexOf('?');
  return {
    method: request.method ?? 'GET',
    hostname: (request.headers.host ?? '').replace(/:\d+$/, ''),
    path: mark < 0 ? url : url.slice(0, mark),
    query: parseQuery(mark < 0 ? '' : url.slice(mark + 1)),
    headers: Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, [value ?? ''].flat().join(',')]),
    ),
    body,
  };
}

function parseQuery(text: string): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = {};
  for (const pair of text === '' ? [] : text.split('&')) {
    const [name = '', value = ''] = pair.split('=').map(decoded);
    const former = query[name];
    query[name] = former === undefined ? value : [former, value].flat();
  }
  return query;
}

/** What is not percent-encoded stands for itself; no signature will hold over it. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
