/**
 * What takes functions more than promises and is no request: its turns of the event loop are as many as Node likes, so
 * the clock is told of each. A module that would let a function wait for anything else is not there.
 */
import * as nodeCrypto from 'node:crypto';
import * as zlib from 'node:zlib';
import type { Clock } from '../clock';

/** Node's, without a network, a file, another process or thread, or a timer that is not the clock's. */
export const MODULES = [
  'assert',
  'async_hooks',
  'buffer',
  'console',
  'events',
  'os',
  'path',
  'querystring',
  'stream',
  'string_decoder',
  'url',
  'util',
] as const;

export function immediatesOf(clock: Clock) {
  const settled = new WeakMap<NodeJS.Immediate, () => void>();
  return {
    setImmediate: (task: (...values: unknown[]) => void, ...values: unknown[]): NodeJS.Immediate => {
      const { promise, resolve } = withResolver();
      const immediate = setImmediate(() => {
        resolve();
        task(...values);
      });
      settled.set(immediate, resolve);
      void clock.during(promise);
      return immediate;
    },
    clearImmediate: (immediate: NodeJS.Immediate): void => {
      clearImmediate(immediate);
      settled.get(immediate)?.();
    },
  };
}

/** Ciphers of the thread pool. */
export const subtleOf = (clock: Clock): object =>
  new Proxy(nodeCrypto.webcrypto.subtle, {
    get: (subtle, name) => {
      const member = Reflect.get(subtle, name, subtle) as unknown;
      if (typeof member !== 'function') return member;
      return (...values: unknown[]) => clock.during(Reflect.apply(member, subtle, values) as Promise<unknown>);
    },
  });

/** What compresses at once; the rest of zlib works in the thread pool and answers by callbacks and streams. */
export const SYNCHRONOUS_ZLIB = Object.fromEntries(
  Object.entries(zlib).filter(([name]) => name.endsWith('Sync') || name === 'crc32' || name === 'constants'),
);

/** Credentials of another process: the chain asks for them only where a profile says so. */
export const NO_PROCESSES = { exec: refuse, execFile: refuse, spawn: refuse };

function refuse(): never {
  throw new Error('a function of the local organization starts no process');
}

function withResolver(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve!: () => void;
  const promise = new Promise<void>((settle) => (resolve = settle));
  return { promise, resolve };
}
