import { Readable } from 'node:stream';
import { HttpResponse } from '@smithy/protocol-http';
import type { Gateway } from './gateway';
import type { WireRequest } from './messages';

interface SdkRequest extends Omit<WireRequest, 'body' | 'query' | 'headers'> {
  readonly query?: Record<string, string | string[] | null>;
  readonly headers: Record<string, string>;
  readonly body?: unknown;
}

/** A `requestHandler` for SDK clients that asks the gateway without a socket. */
export function inProcessHandler(gateway: Gateway, origin?: string) {
  return {
    metadata: { handlerProtocol: 'http/1.1' },
    async handle(request: SdkRequest): Promise<{ response: HttpResponse }> {
      const { statusCode, headers, body } = await gateway.handle(await plain(request), origin);
      return {
        response: new HttpResponse({
          statusCode,
          headers: { ...headers },
          body: Readable.from([Buffer.from(body)], { objectMode: false }),
        }),
      };
    },
    updateHttpClientConfig() {},
    httpHandlerConfigs: () => ({}),
    destroy() {},
  };
}

async function plain({ query = {}, headers, body, ...request }: SdkRequest): Promise<WireRequest> {
  const present = Object.entries(query).map(([name, value]) => [name, value ?? ''] as const);
  return {
    ...request,
    query: Object.fromEntries(present),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    body: await bytesOf(body),
  };
}

async function bytesOf(body: unknown): Promise<Uint8Array | string | undefined> {
  if (body === undefined || body === null || typeof body === 'string') return body ?? undefined;
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
  if (body instanceof Readable) return Buffer.concat(await body.toArray());
  throw new TypeError('a request body must be text, bytes or a stream');
}
