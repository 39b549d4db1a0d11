import { Readable } from 'node:stream';
import { HttpResponse } from '@smithy/protocol-http';
import { ConnectionLost } from '../faults';
import { isThrottling } from '../retries';
import type { Gateway } from './gateway';
import type { WireRequest, WireResponse } from './messages';

interface SdkRequest extends Omit<WireRequest, 'body' | 'query' | 'headers'> {
  readonly query?: Record<string, string | string[] | null>;
  readonly headers: Record<string, string>;
  readonly body?: unknown;
}

/**
 * A `requestHandler` for SDK clients that asks the gateway without a socket.
 * @param attempts how often a request is made at most; the SDK's own retries would wait for a timer that no clock knows
 */
export function inProcessHandler(gateway: Gateway, origin?: string, attempts = 1) {
  return {
    metadata: { handlerProtocol: 'http/1.1' },
    async handle(request: SdkRequest): Promise<{ response: HttpResponse }> {
      const { statusCode, headers, body } = await handled(gateway, await plain(request), origin, attempts);
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

async function handled(
  gateway: Gateway,
  request: WireRequest,
  origin: string | undefined,
  attempts: number,
): Promise<WireResponse> {
  try {
    const response = await gateway.handle(request, origin);
    return attempts > 1 && mayBeRepeated(response) ? await handled(gateway, request, origin, attempts - 1) : response;
  } catch (error) {
    if (attempts > 1 && error instanceof ConnectionLost) return handled(gateway, request, origin, attempts - 1);
    throw error;
  }
}

const mayBeRepeated = ({ statusCode, body, headers }: WireResponse): boolean =>
  statusCode === 500 ||
  statusCode === 503 ||
  (statusCode >= 400 && isThrottling(headers['x-amzn-errortype'] ?? Buffer.from(body).toString()));

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
