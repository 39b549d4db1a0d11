import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import type { WireRequest, WireResponse } from './messages';
import { toWire } from './port';

interface RequestOptions {
  readonly method?: string;
  readonly host?: string;
  readonly hostname?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string | number | undefined>>;
}

type Respond = (response: Readable & { statusCode: number; headers: Readonly<Record<string, string>> }) => void;

/** Stand-ins for `node:http` and `node:https` whose only peer is the gateway: what a function's bundle gets. */
export function createNetwork(handle: (request: WireRequest) => Promise<WireResponse>) {
  class Agent extends EventEmitter {
    readonly sockets = {};
    readonly requests = {};
    readonly maxSockets = 50;
    destroy(): void {}
  }
  const request = (options: RequestOptions, respond: Respond) => new OutgoingRequest(options, respond, handle);
  const module = { Agent, request, globalAgent: new Agent() };
  return { http: module, https: module };
}

class OutgoingRequest extends EventEmitter {
  private readonly parts: Uint8Array[] = [];
  private destroyed = false;

  constructor(
    private readonly options: RequestOptions,
    private readonly respond: Respond,
    private readonly peer: (request: WireRequest) => Promise<WireResponse>,
  ) {
    super();
  }

  write(part: Uint8Array | string): boolean {
    this.parts.push(typeof part === 'string' ? Buffer.from(part) : part);
    return true;
  }

  end(part?: Uint8Array | string): this {
    if (part !== undefined) this.write(part);
    void this.exchange();
    return this;
  }

  setTimeout(): this {
    return this;
  }

  destroy(): this {
    this.destroyed = true;
    return this;
  }

  private async exchange(): Promise<void> {
    try {
      const { method, host, hostname, path, headers = {} } = this.options;
      const given = Object.entries(headers).flatMap(([name, value]) =>
        value === undefined ? [] : [[name.toLowerCase(), String(value)] as const],
      );
      const wire = toWire(
        { method, url: path, headers: { host: host ?? hostname, ...Object.fromEntries(given) } },
        Buffer.concat(this.parts),
      );
      const { statusCode, headers: answered, body } = await this.peer(wire);
      if (this.destroyed) return;
      this.respond(
        Object.assign(Readable.from([Buffer.from(body)], { objectMode: false }), { statusCode, headers: answered }),
      );
    } catch (error) {
      if (!this.destroyed) this.emit('error', error);
    }
  }
}
