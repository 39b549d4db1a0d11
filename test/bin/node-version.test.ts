import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const { pastItsLife } = require('../../bin/node-version') as {
  pastItsLife: (version: string, now: Date) => string | undefined;
};

test.each([
  ['20.19.0', '2026-04-30T23:59:59Z', undefined],
  ['20.19.0', '2026-05-01T00:00:00Z', 'warning: Node.js 20 gets no security fixes since 2026-04-30; use Node.js 24'],
  ['22.23.3', '2026-05-01T00:00:00Z', undefined],
  ['24.21.0', '2028-05-01T00:00:00Z', 'warning: Node.js 24 gets no security fixes since 2028-04-30; use Node.js 24'],
  ['99.0.0', '2040-01-01T00:00:00Z', undefined],
])('Node.js %s on %s', (version, now, line) => {
  expect(pastItsLife(version, new Date(now))).toBe(line);
});

test('the command says it in one line, and the SDK adds none', () => {
  const said = pastItsLife(process.versions.node, new Date());
  const env = { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: undefined };
  const words = [
    'bin/access-keys.js',
    'rotate',
    '--roster',
    'no-such-folder',
    '--account',
    '333333333333',
    '--user',
    'ann',
  ];
  const { stderr } = spawnSync(process.execPath, words, { env, encoding: 'utf8' });
  expect(stderr.split('\n').filter((text) => /node/i.test(text))).toEqual(said === undefined ? [] : [said]);
});

test('the version to use is the one that .node-version names', () => {
  expect(pastItsLife('20.0.0', new Date('2040-01-01'))).toMatch(
    new RegExp(`use Node\\.js ${readFileSync('.node-version', 'utf8').trim()}$`),
  );
});
