/** One warm Lambda execution environment: a bundle, run in a `vm` context, that knows only the local organization. */
import * as nodeCrypto from 'node:crypto';
import { Writable } from 'node:stream';
import vm from 'node:vm';
import type { Clock } from '../clock';
import type { Random } from '../random';
import type { WireRequest, WireResponse } from '../wire/messages';
import { createNetwork } from '../wire/network';
import { immediatesOf, MODULES, NO_PROCESSES, subtleOf, SYNCHRONOUS_ZLIB } from './real-work';

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
  Buffer,
  URL,
  URLSearchParams,
  TextEncoder,
  TextDecoder,
  AbortController,
  AbortSignal,
  Event,
  EventTarget,
  performance,
  queueMicrotask,
  structuredClone,
  atob,
  btoa,
  ReadableStream,
  WritableStream,
  TransformStream,
  Blob,
  Response,
  Request,
  Headers,
  Uint8Array,
  Uint16Array,
  Uint32Array,
  Int8Array,
  ArrayBuffer,
  DataView,
};

/** What each container has of its own, by the names that code asks for; the rest is the same for all of a bundle. */
type Own = Readonly<Record<(typeof OWN)[number], unknown>>;
const OWN = [
  'process',
  'console',
  'crypto',
  'setTimeout',
  'clearTimeout',
  'setInterval',
  'clearInterval',
  'setImmediate',
  'clearImmediate',
  'Date',
  'Math',
  'globalThis',
] as const;

interface Bundle {
  readonly context: vm.Context;
  readonly run: (module: { exports: object }, require: (name: string) => unknown, own: Own) => void;
}

const bundles = new Map<string, Bundle>();

/** Loads the bundle and returns what calls its handler with JSON, from JSON. */
export function startContainer(options: ContainerOptions): (eventJson: string, context: unknown) => Promise<unknown> {
  const { code } = options;
  const { context, run } = bundleOf(code);
  const module = { exports: {} as { handler?: Handler } };
  const own = ownOf(context, options);
  run(module, requireOf(options, own), own);
  const { handler } = module.exports;
  if (!handler) throw new Error(`${code.name} exports no handler`);
  const parse = vm.runInContext('JSON.parse', context) as (text: string) => unknown;
  return async (eventJson, invocation) => handler(parse(eventJson), invocation);
}

/** Containers of a bundle share a context, in which the engine compiles and optimizes it once; that takes longer than all else that a cold container does. */
function bundleOf({ name, text }: FunctionCode): Bundle {
  let bundle = bundles.get(name);
  if (!bundle) {
    const context = vm.createContext({ ...HOST_GLOBALS });
    const script = new vm.Script(
      `(function (exports, require, module, __filename, __dirname, ${OWN.join()}) {${text}\n})`,
      { filename: name },
    );
    const body = script.runInContext(context) as (...parts: unknown[]) => void;
    const run: Bundle['run'] = (module, require, own) =>
      body(module.exports, require, module, name, '/var/task', ...OWN.map((one) => own[one]));
    bundles.set(name, (bundle = { context, run }));
  }
  return bundle;
}

function ownOf(context: vm.Context, { environment, clock, random, log }: ContainerOptions): Own {
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      for (const line of chunk.toString().split('\n')) if (line !== '') log(line);
      done();
    },
  });
  const own = { env: { ...environment }, argv: [], stdout: stream, stderr: stream, emitWarning: () => {} };
  const process = Object.create(
    globalThis.process,
    Object.fromEntries(Object.entries(own).map(([name, value]) => [name, { value, writable: true }])),
  ) as object;
  return {
    process,
    console: new console.Console(stream, stream),
    crypto: {
      randomUUID: () => random.uuid(),
      getRandomValues: (bytes: Uint8Array) => fill(bytes, random),
      subtle: subtleOf(clock),
    },
    ...timersOf(clock),
    ...immediatesOf(clock),
    ...virtualTime(context, clock, random),
    globalThis: Object.create(vm.runInContext('globalThis', context) as object) as object,
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

function virtualTime(context: vm.Context, clock: Clock, random: Random): Pick<Own, 'Date' | 'Math'> {
  const make = vm.runInContext(
    `(now, next) => {
      const RealDate = Date;
      return {
        Date: class Date extends RealDate {
          constructor(...parts) { if (parts.length === 0) super(now()); else super(...parts); }
          static now() { return now(); }
        },
        Math: Object.create(Math, { random: { value: next } }),
      };
    }`,
    context,
  ) as (now: () => number, next: () => number) => Pick<Own, 'Date' | 'Math'>;
  return make(
    () => clock.now().getTime(),
    () => random.next(),
  );
}

const HOST_MODULES = new Map(MODULES.map((name) => [name as string, require(`node:${name}`) as unknown]));

/** Node's own modules, with another network, no file and repeatable randomness. */
function requireOf({ send, random }: ContainerOptions, own: Own): (name: string) => unknown {
  const network = createNetwork(send);
  const replaced: Record<string, unknown> = {
    http: network.http,
    https: network.https,
    fs: NO_FILES,
    'fs/promises': NO_FILES.promises,
    crypto: {
      ...nodeCrypto,
      randomUUID: () => random.uuid(),
      randomBytes: (size: number) => fill(Buffer.alloc(size), random),
      webcrypto: own.crypto,
    },
    child_process: NO_PROCESSES,
    process: own.process,
    timers: own,
    zlib: SYNCHRONOUS_ZLIB,
  };
  return (name) => {
    const bare = name.replace(/^node:/, '');
    const known = replaced[bare] ?? HOST_MODULES.get(bare);
    if (!known) throw new Error(`functions of the local organization have no module ${name}`);
    return known;
  };
}

const missing = (): Promise<never> =>
  Promise.reject(Object.assign(new Error('ENOENT: a function has no such file'), { code: 'ENOENT' }));
const NO_FILES = {
  promises: { readFile: missing },
  readFile: (_: string, ...rest: unknown[]) =>
    (rest.at(-1) as (error: unknown) => void)(Object.assign(new Error('ENOENT'), { code: 'ENOENT' })),
  existsSync: () => false,
};

function fill<Bytes extends Uint8Array>(bytes: Bytes, random: Random): Bytes {
  for (let index = 0; index < bytes.length; index++) bytes[index] = random.integer(256);
  return bytes;
}
