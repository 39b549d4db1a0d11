import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/** What the repository's own lint rules say of one file at this path. */
function lint(path: string, source: string): { status: number | null; output: string } {
  const folder = mkdtempSync(join(tmpdir(), 'imports-'));
  try {
    copyFileSync('.oxlintrc.json', join(folder, '.oxlintrc.json'));
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), source);
    const { status, stdout, stderr } = spawnSync(resolve('node_modules/.bin/oxlint'), ['--deny-warnings'], {
      cwd: folder,
      encoding: 'utf8',
    });
    return { status, output: stdout + stderr };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test.each([
  ['lambda/domain/bad.ts', '@aws-sdk/client-iam', 'domain code is pure'],
  ['lambda/domain/bad.ts', '../aws/secrets', 'domain code is pure'],
  ['lambda/domain/bad.ts', 'node:fs', 'domain code is pure'],
  ['lambda/aws/bad.ts', '../../lib/roster/roster', 'the program never knows the deployer'],
  ['lambda/rotate/bad.ts', 'aws-cdk-lib', 'the program never knows the deployer'],
  ['lib/roster/bad.ts', '../../lambda/aws/secrets', 'lib knows lambda/domain and lambda/contract.ts only'],
  ['lib/roster/bad.ts', '../../bin/app', 'lib knows lambda/domain and lambda/contract.ts only'],
])('%s may not import %s', (path, imported, message) => {
  const { status, output } = lint(path, `import { thing } from '${imported}';\nexport const copy = thing;\n`);
  expect(output).toContain(message);
  expect(status).not.toBe(0);
});

test.each([
  ['lambda/domain/good.ts', './ports'],
  ['lambda/aws/good.ts', '@aws-sdk/client-iam'],
  ['lib/roster/good.ts', '../../lambda/domain/slice'],
])('%s may import %s', (path, imported) => {
  expect(lint(path, `import { thing } from '${imported}';\nexport const copy = thing;\n`).status).toBe(0);
});

test('domain code may not read the environment', () => {
  expect(lint('lambda/domain/bad.ts', 'export const home = process.env.HOME;\n').output).toContain(
    'domain code has no environment',
  );
});
