/** One warm Lambda execution environment: a bundle in a `vm` context that knows only the local organization. */
import * as nodeCrypto from 'node:crypto';
import { Writable } from 'node:stream';
import vm from 'node:vm';
import type { Clock } from '../clock';
import type { Random } from '../random';
import type { WireRequest, WireResponse } from '../wire/messages';
import { createNetwork } from '../wire/network';

/** A bundle; the same name means the same text. */
export interface FunctionCode {
  readonly name: string;
  readonly text: string;
}

export interface ContainerOptions {
  readonly code: FunctionCode;
  readonly environment: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly random: Random;
  readonly send: (request: WireRequest) => Promise<WireResponse>;
  readonly log: (line: string) => void;
}

type Handler = (event: unknown, context: unknown) => unknown;

/** Shared with the host, so that bytes and streams made on either side are the same classes. */
const HOST_GLOBALS = {
  Buffer, URL, URLSearchParams, TextEncoder, TextDecoder, AbortController, AbortSignal, Event, EventTarget, performance, queueMicrotask, structuredClone, setImmediate, clearImmediate, atob, btoa,
  ReadableStream, WritableStream, TransformStream, Blob, Response, Request, Headers,
  Uint8Array, Uint16Array, Uint32Array, Int8Array, ArrayBuffer, DataView,
};

const scripts = new Map<string, vm.Script>();

/** Loads the bundle and returns what calls its handler with JSON, from JSON. */
export function startContainer(options: ContainerOptions): (eventJson: string, context: unknown) => Promise<unknown> {
  const context = vm.createContext(globalsOf(options));
  virtualTime(context, options);
  const wrapper = scriptOf(options.code).runInContext(context) as (...parts: unknown[]) => void;
  const module = { exports: {} as { handler?: Handler } };
  wrapper(module.exports, requireOf(options), module, options.code.name, '/var/task');
  const { handler } = module.exports;
  if (!handler) throw new Error(`${options.code.name} exports no handler`);
  const parse = vm.runInContext('JSON.parse', context) as (text: string) => unknown;
  return async (eventJson, invocation) => handler(parse(eventJson), invocation);
}

function scriptOf({ name, text }: FunctionCode): vm.Script {
  let script = scripts.get(name);
  if (!script) scripts.set(name, (script = new vm.Script(`(function (exports, require, module, __filename, __dirname) {${text}\n})`, { filename: name })));
  return script;
}

function globalsOf({ environment, clock, random, log }: ContainerOptions): Record<string, unknown> {
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      for (const line of chunk.toString().split('\n')) if (line !== '') log(line);
      done();
    },
  });
  const own = { env: { ...environment }, argv: [], stdout: stream, stderr: stream, emitWarning: () => {} };
  const process = Object.create(globalThis.process, Object.fromEntries(Object.entries(own).map(([name, value]) => [name, { value, writable: true }]))) as object;
  return {
    process,
    console: new console.Console(stream, stream),
    crypto: { randomUUID: () => random.uuid(), getRandomValues: (bytes: Uint8Array) => fill(bytes, random), subtle: nodeCrypto.webcrypto.subtle },
    ...timersOf(clock),
    ...HOST_GLOBALS,
  };
}

function timersOf(clock: Clock) {
  const start = (callback: (...values: unknown[]) => void, ms = 0, ...values: unknown[]) => {
    const timer = clock.at(new Date(clock.now().getTime() + Math.max(0, ms)), () => callback(...values));
    const handle = { cancel: () => timer.cancel(), ref: () => handle, unref: () => handle, hasRef: () => true };
    return handle;
  };
  const stop = (handle: { cancel?: () => void } | undefined) => handle?.cancel?.();
  return { setTimeout: start, clearTimeout: stop, setInterval: start, clearInterval: stop };
}

function virtualTime(context: vm.Context, { clock, random }: ContainerOptions): void {
  const install = vm.runInContext(
    `(now, next) => {
      const RealDate = Date;
      globalThis.Date = class Date extends RealDate {
        constructor(...parts) { if (parts.length === 0) super(now()); else super(...parts); }
        static now() { return now(); }
      };
      Math.random = next;
    }`,
    context,
  ) as (now: () => number, next: () => number) => void;
  install(
    () => clock.now().getTime(),
    () => random.next(),
  );
}

/** Node's own modules, with another network, no file and repeatable randomness. */
function requireOf({ send, random }: ContainerOptions): (name: string) => unknown {
  const network = createNetwork(send);
  const replaced: Record<string, unknown> = {
    http: network.http,
    https: network.https,
    fs: NO_FILES,
    'fs/promises': NO_FILES.promises,
    crypto: { ...nodeCrypto, randomUUID: () => random.uuid(), randomBytes: (size: number) => fill(Buffer.alloc(size), random) },
  };
  return (name) => {
    const bare = name.replace(/^node:/, '');
    return replaced[bare] ?? (require(`node:${bare}`) as unknown);
  };
}

const missing = (): Promise<never> => Promise.reject(Object.assign(new Error('ENOENT: a function has no such file'), { code: 'ENOENT' }));
const NO_FILES = { promises: { readFile: missing }, readFile: (_: string, ...rest: unknown[]) => (rest.at(-1) as (error: unknown) => void)(Object.assign(new Error('ENOENT'), { code: 'ENOENT' })), existsSync: () => false };

function fill<Bytes extends Uint8Array>(bytes: Bytes, random: Random): Bytes {
  for (let index = 0; index < bytes.length; index++) bytes[index] = random.integer(256);
  return bytes;
}
