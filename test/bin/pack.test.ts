/** The package as `npm run pack` makes it, in a folder that has its dependencies and nothing else. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ROSTERS } from '../fixtures/rosters';

const ROOT = join(__dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'packed-'));
const MODULES = join(folder, 'node_modules');
const PACKAGE = join(MODULES, 'access-keys');

beforeAll(() => {
  execFileSync(process.execPath, ['--import', 'tsx', 'bin/pack.ts', PACKAGE], { cwd: ROOT });
  const { dependencies } = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8')) as { dependencies: object };
  for (const name of Object.keys(dependencies)) {
    mkdirSync(dirname(join(MODULES, name)), { recursive: true });
    symlinkSync(realpathSync(join(ROOT, 'node_modules', name)), join(MODULES, name));
  }
  cpSync(join(ROOT, ROSTERS.oneAccount), join(folder, 'roster.yaml'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function run(program: string, words: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const path = join('node_modules/access-keys/bin', program);
  const env = { ...process.env, ...environment };
  const { status, stdout, stderr } = spawnSync(process.execPath, [path, ...words], {
    cwd: folder,
    env,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

test('validate and plan run', () => {
  expect(run('access-keys.js', ['validate', '--roster', 'roster.yaml'])).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^roster is/) as string,
  });
  const plan = run('access-keys.js', ['plan', '--from', 'nothing', '--to', 'roster.yaml']);
  expect(plan).toMatchObject({ status: 0, stdout: expect.stringContaining('nothing dangerous') as string });
});

test('the CDK app makes the stacks, with the functions that were packed', () => {
  const outdir = join(folder, 'cdk.out');
  expect(run('app.js', [], { CDK_OUTDIR: outdir, CDK_CONTEXT_JSON: '{"roster":"roster.yaml"}' })).toMatchObject({
    status: 0,
  });
  const made = readdirSync(outdir);
  expect(made.filter((name) => name.endsWith('.template.json'))).toHaveLength(2);
  const codes = made
    .filter((name) => name.startsWith('asset.'))
    .map((name) => readFileSync(join(outdir, name, 'index.js'), 'utf8'));
  for (const name of readdirSync(join(PACKAGE, 'dist')))
    expect(codes).toContain(readFileSync(join(PACKAGE, 'dist', name, 'index.js'), 'utf8'));
});

test('rehearse says that it is not there, and why', () => {
  expect(run('access-keys.js', ['rehearse', '--days', '4'])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('@cloud-copilot/iam-simulate is licensed under AGPL-3.0') as string,
  });
});
