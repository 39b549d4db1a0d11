import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { printPublished } from '../../lib/org-bucket/published-roster';
import { loadRoster } from '../../lib/roster/load';
import { ROSTERS } from '../fixtures/rosters';

const folder = mkdtempSync(join(tmpdir(), 'plan-'));
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const ONE = readFileSync(ROSTERS.oneAccount, 'utf8');
const former = file('former.yaml', ONE);
const dangerous = ONE.replace('admins: [security@example.com]', 'admins: [mallory@example.com]');
const plan = (...args: string[]) =>
  spawnSync(process.execPath, ['bin/access-keys.js', 'plan', ...args], { encoding: 'utf8' });

test('a harmless change passes', () => {
  const { status, stdout } = plan(
    '--from',
    former,
    '--to',
    file('harmless.yaml', ONE.replace('rotateEvery: 30d', 'rotateEvery: 60d')),
  );
  expect(stdout).toContain('svc-deploy rotateEvery: 30d → 60d');
  expect(stdout).toContain('nothing dangerous');
  expect(status).toBe(0);
});

test('a dangerous change stops until the roster holds the code that was printed', () => {
  const stopped = plan('--from', former, '--to', file('dangerous.yaml', dangerous));
  expect(stopped.status).toBe(1);
  const code = /acknowledge: \[(ack-\w+)\]/.exec(stopped.stdout)![1]!;
  expect(plan('--from', former, '--to', file('reviewed.yaml', `${dangerous}acknowledge: [${code}]\n`)).status).toBe(0);
});

test('json is the whole plan; a published roster is read as such', () => {
  const published = file(
    'published.json',
    printPublished(loadRoster(former, { at: new Date('2027-01-04') }).roster!, 3),
  );
  const { status, stdout } = plan('--from', published, '--to', file('dangerous.yaml', dangerous), '--format', 'json');
  expect(status).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    ok: false,
    dangers: [{ kind: 'addresses-changed', from: 'security@example.com', to: 'mallory@example.com' }],
  });
});

test('a bad roster is refused as validate refuses it, and a wrong --from as wrong use', () => {
  const bad = plan('--from', 'nothing', '--to', file('bad.yaml', ONE.replace('"333333333333"', '333333333333')));
  expect(bad.status).toBe(1);
  expect(bad.stderr).toContain('bad.yaml:');
  expect(plan('--to', former).status).toBe(2);
  const missing = plan('--from', join(folder, 'no.json'), '--to', former);
  expect(missing).toMatchObject({ status: 2, stderr: expect.stringContaining('no.json cannot be read') });
  expect(missing.stderr).not.toMatch(/^\s+at /m);
  const other = file('other.json', '{}');
  expect(plan('--from', other, '--to', former)).toMatchObject({
    status: 2,
    stderr: expect.stringContaining(`${other}: this is not a published roster`),
  });
  expect(plan('--from', 'nothing', '--to', former, '--reports', join(folder, 'none'))).toMatchObject({
    status: 2,
    stdout: '',
    stderr: expect.stringContaining('is not a directory'),
  });
});

test('of very many problems the first are told, and how many more there are', () => {
  const names = Array.from({ length: 103 }, (_, index) => `bad*${index}`);
  const { status, stderr } = plan(
    '--from',
    'nothing',
    '--to',
    file(
      'many.yaml',
      ONE.replace(
        /\n    users:[^]*/,
        `\n    users: [${names.map((name) => `{ name: "${name}", email: a@example.com }`).join(', ')}]\n`,
      ),
    ),
  );
  expect(status).toBe(1);
  expect(stderr.match(/error ROSTER_USER_NAME/g)).toHaveLength(100);
  expect(stderr).toContain('… and 3 more; access-keys validate --format json has them all');
});

test('in the pipeline a roster that names another security account or region is not taken for the first one', () => {
  const moved = (from: string) =>
    spawnSync(
      process.execPath,
      ['bin/access-keys.js', 'plan', '--from', 'published', '--to', ROSTERS.everyDeployment],
      {
        encoding: 'utf8',
        env: { ...process.env, CODEBUILD_BUILD_ARN: `arn:aws:codebuild:${from}:build/access-keys-guard:1` },
      },
    );
  for (const from of ['us-east-1:222222222222', 'eu-central-1:444444444444'])
    expect(moved(from)).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining('no push moves it') });
});
