/** Virtual time stands still while a function is at work, however many turns of the event loop that takes. */
import { VirtualClock } from '../../../../lib/simulator/local-organization/clock';
import { seededRandom } from '../../../../lib/simulator/local-organization/random';
import { startContainer } from '../../../../lib/simulator/local-organization/runtime/container';

const START = new Date('2027-01-04T09:00:00Z');

/** @returns the second at which the function ends, when other things happen every second */
async function secondsOf(body: string): Promise<unknown> {
  const clock = new VirtualClock(START);
  const handle = startContainer({
    code: {
      name: `test ${body}`,
      text: `exports.handler = async () => { ${body}; return (Date.now() - ${START.getTime()}) / 1000; };`,
    },
    environment: {},
    clock,
    random: seededRandom('real work'),
    send: () => Promise.reject(new Error('no request is expected')),
    log: () => {},
  });
  for (let second = 1; second < 30; second++) clock.at(new Date(START.getTime() + second * 1000), () => {});
  return clock.finish(handle('{}', {}));
}

test.each([
  ['promises', 'for (let i = 0; i < 10_000; i++) await null', 0],
  ['immediates', 'for (let i = 0; i < 100; i++) await new Promise((done) => setImmediate(done))', 0],
  [
    'immediates of the module',
    "for (let i = 0; i < 100; i++) await new Promise((done) => require('timers').setImmediate(done))",
    0,
  ],
  [
    'an immediate that is called off',
    "clearImmediate(setImmediate(() => { throw new Error('called off') })); await null",
    0,
  ],
  ['ciphers', "for (let i = 0; i < 20; i++) await crypto.subtle.digest('SHA-256', new Uint8Array(1_000_000))", 0],
  [
    "the module's ciphers",
    "await require('node:crypto').webcrypto.subtle.digest('SHA-256', new Uint8Array(10_000_000))",
    0,
  ],
  ['a timer', 'await new Promise((done) => setTimeout(done, 5_000))', 5],
  ['an immediate after a timer', 'await new Promise((done) => setTimeout(() => setImmediate(done), 5_000))', 5],
])('%s', async (_, body, seconds) => {
  expect(await secondsOf(body)).toBe(seconds);
});

test.each(['node:timers/promises', 'worker_threads', 'node:net', 'dns'])('a function has no %s', async (name) => {
  await expect(secondsOf(`require('${name}')`)).rejects.toThrow(`have no module ${name}`);
});

test('a function starts no process and compresses at once only', async () => {
  await expect(secondsOf("require('child_process').exec('true')")).rejects.toThrow('starts no process');
  await expect(secondsOf("require('zlib').gzip(Buffer.alloc(1), () => {})")).rejects.toThrow('not a function');
});
