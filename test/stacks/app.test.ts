/** The program that `cdk` runs, as `cdk` runs it. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { context } from '../../cdk.json';
import { synthesize } from '../../lib/stacks/app';
import { Assembly } from '../../lib/cloud-assembly/assembly';
import { loadRoster } from '../../lib/roster/load';
import { ROSTERS } from '../fixtures/rosters';

const folder = mkdtempSync(join(tmpdir(), 'app-'));
afterAll(() => rmSync(folder, { recursive: true }));

function app(roster: string, outdir: string) {
  const env = {
    ...process.env,
    CDK_OUTDIR: outdir,
    CDK_CONTEXT_JSON: JSON.stringify({ ...context, roster }),
    CDK_VALIDATION: 'false',
    CDK_DISABLE_VERSION_CHECK: '1',
  };
  return spawnSync(process.execPath, ['bin/app.js'], { env, encoding: 'utf8' });
}

const templates = (outdir: string): string[] =>
  readdirSync(outdir, { recursive: true, encoding: 'utf8' })
    .filter((name) => /template\.json$|asset\.\w+\.json$/.test(name))
    .sort();

test('what is deployed is what is rehearsed, to the byte', () => {
  const [deployed, rehearsed] = [join(folder, 'deployed'), join(folder, 'rehearsed')];
  expect(app(ROSTERS.organization, deployed).status).toBe(0);
  synthesize(loadRoster(ROSTERS.organization, { at: new Date() }).roster!, {
    outdir: rehearsed,
    rosterPath: ROSTERS.organization,
  });
  expect(templates(deployed).length).toBeGreaterThan(3);
  expect(templates(deployed)).toEqual(templates(rehearsed));
  for (const name of templates(deployed))
    expect(readFileSync(join(deployed, name), 'utf8')).toBe(readFileSync(join(rehearsed, name), 'utf8'));
});

test('a roster without an organization gives two stacks in its account', () => {
  const outdir = join(folder, 'one');
  expect(app(ROSTERS.oneAccount, outdir).status).toBe(0);
  expect(new Assembly(outdir).stacks.map(({ target }) => target)).toEqual([
    { accountId: '333333333333', region: 'us-east-1', stackName: 'AccessKeysNotification' },
    { accountId: '333333333333', region: 'us-east-1', stackName: 'AccessKeysRotator' },
  ]);
});

test('a bad roster synthesises nothing and says what is wrong where', () => {
  const roster = join(folder, 'bad.yaml');
  writeFileSync(roster, readFileSync(ROSTERS.oneAccount, 'utf8').replace('"333333333333"', '333333333333'));
  const { status, stderr, stdout } = app(roster, join(folder, 'none'));
  expect(status).toBe(1);
  expect(stderr).toContain('bad.yaml:');
  expect(stdout + stderr).not.toMatch(/^\s+at /m);
  expect(templates(join(folder, 'none'))).toEqual([]);
});

test('what AWS would refuse ends the program with the reason, not with a stack trace', () => {
  const roster = join(folder, 'admins.yaml');
  const admins = Array.from(
    { length: 110 },
    (_, index) => `administrator-${String(index).padStart(5, '0')}@security.example.com`,
  );
  writeFileSync(
    roster,
    readFileSync(ROSTERS.oneAccount, 'utf8').replace(/admins: \[.*?\]/, `admins: [${admins.join(', ')}]`),
  );
  const { status, stderr } = app(roster, join(folder, 'refused'));
  expect({ status, errors: stderr.match(/^error: .*/gm) }).toEqual({
    status: 1,
    errors: [expect.stringContaining("bytes of a function's environment, and AWS accepts 4096: fewer admins")],
  });
  expect(stderr).not.toMatch(/^\s+at /m);
});
