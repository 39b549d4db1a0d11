import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BAKE_MINUTES } from '../../lib/operator/bake';
import { ROSTERS } from '../fixtures/rosters';

const ROOT = join(__dirname, '../..');
const BAD = 'test/roster/fixtures/bad';
const folder = mkdtempSync(join(tmpdir(), 'cli-'));
afterAll(() => rmSync(folder, { recursive: true }));

function run(...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['bin/access-keys.js', ...words], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, CDK_VALIDATION: 'false' },
  });
  return { status, stdout, stderr: stderr.replace(/^warning: Node\.js \d+ gets no security fixes .*\n/, '') };
}

const roster = (text: string): string => {
  const path = join(folder, 'roster.yaml');
  writeFileSync(path, text);
  return path;
};

const ONE_USER =
  'version: 1\nregion: us-east-1\nnotifications: { admins: [a@example.com], sender: k@example.com, ownerDomain: example.com }\naccounts:\n  - { id: "333333333333", name: only, users: [ann] }\n';

test.each([
  ['help', 'plan'],
  ['plan', '--help'],
  ['--debug', 'plan', '--help'],
])('%s %s lists the options of the command', (...words) => {
  expect(run(...words)).toMatchObject({
    status: 0,
    stderr: '',
    stdout: expect.stringContaining('--from <roster>') as string,
  });
});

describe('validate', () => {
  it('ends with 0 for a good roster', () => {
    expect(run('validate', '--roster', ROSTERS.organization, '--at', '2027-01-01')).toEqual({
      status: 0,
      stderr: '',
      stdout: expect.stringMatching(/roster is good: 3 accounts, 10 users, 1 warning\n$/) as string,
    });
  });

  it('ends with 1 for a bad one and prints every problem as JSON', () => {
    const bad = join(
      BAD,
      readdirSync(join(ROOT, BAD)).find((name) => name.endsWith('.yaml'))!,
    );
    const { status, stdout } = run('validate', '--roster', bad, '--format', 'json');
    const answer = JSON.parse(stdout) as { ok: boolean; problems: object[] };
    expect(status).toBe(1);
    expect(Object.keys(answer)).toEqual(['ok', 'accounts', 'users', 'problems']);
    expect(answer.ok).toBe(false);
    for (const problem of answer.problems)
      expect(Object.keys(problem).sort()).toEqual(['code', 'column', 'file', 'hint', 'line', 'message', 'severity']);
  });

  it('annotates for GitHub', () => {
    const { stdout } = run('validate', '--roster', roster('version: 1\n'), '--format', 'github');
    expect(stdout).toMatch(/^::error file=.+,line=\d+,col=\d+.*::/m);
  });

  it.each([
    ['an unknown option', ['validate', '--colour']],
    ['a day that is none', ['validate', '--at', '2027-02-30']],
    ['an unknown command', ['rotate-everything']],
  ])('ends with 2 and no stack trace for %s', (_, words) => {
    const { status, stderr } = run(...words);
    expect(status).toBe(2);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});

describe('rehearse', () => {
  it('prints its summary as JSON', () => {
    const { status, stdout } = run('rehearse', '--roster', roster(ONE_USER), '--days', '2', '--format', 'json');
    const summary = JSON.parse(stdout) as Record<string, unknown>;
    expect(status).toBe(0);
    expect(Object.keys(summary)).toEqual([
      'ok',
      'days',
      'accounts',
      'users',
      'rotations',
      'keys',
      'mails',
      'alerts',
      'violations',
      'seed',
    ]);
    expect(summary).toMatchObject({ ok: true, days: 2, accounts: 1, users: 1, seed: 1, violations: [] });
  });

  it('writes report, page and mails, and replaces only its own output', () => {
    const out = join(folder, 'out');
    expect(run('rehearse', '--roster', roster(ONE_USER), '--days', '2', '--out', out).status).toBe(0);
    expect(readdirSync(out).sort()).toEqual(['.access-keys-rehearsal', 'index.html', 'mails', 'report.json']);
    expect(run('rehearse', '--out', folder)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('nothing there was touched') as string,
    });
  });

  it.each([
    ['the name of nothing', '', 'needs the name of a directory'],
    ['a file', join(ROOT, 'package.json'), 'is a file'],
    ['a folder below a file', join(ROOT, 'package.json', 'out'), 'cannot be made for --out'],
    ['a file system that takes no folders', '/proc/rehearsal', 'cannot be made for --out'],
  ])('refuses %s for its output before it plays', (_, out, message) => {
    const { status, stdout, stderr } = run('rehearse', '--out', out);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it.each([
    [
      'a fault plan with an unknown kind',
      '[{ "kind": "explode" }]',
      /\/0\/kind: must be equal to one of the allowed values/,
    ],
    ['a fault plan that is no JSON', '{', /cannot be read/],
  ])('refuses %s before it plays', (_, text, message) => {
    const path = join(folder, 'faults.json');
    writeFileSync(path, text);
    const { status, stderr } = run('rehearse', '--roster', ROSTERS.organization, '--faults', path, '--days', '1');
    expect(status).toBe(2);
    expect(stderr).toMatch(message);
  });

  it.each([
    [
      'a scenario with days of another story',
      ['--scenario', 'leaver', '--days', '3'],
      "'--scenario <name|dir>' cannot be used with option '--days <number>'",
    ],
    [
      'a scenario with another roster',
      ['--scenario', 'leaver', '--roster', ROSTERS.oneAccount],
      "cannot be used with option '--roster <file|dir>'",
    ],
    [
      'a push after the last day',
      ['--change', `${ROSTERS.oneAccount}@3`, '--days', '3'],
      'would be pushed on day 3, and the rehearsal has 3 days, counted from 0',
    ],
  ])('refuses %s before it plays', (_, words, message) => {
    expect(run('rehearse', ...words)).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringContaining(message) as string,
    });
  });

  it('refuses a bad roster as validate does', () => {
    const { status, stderr } = run('rehearse', '--roster', roster('version: 2\n'));
    expect(status).toBe(1);
    expect(stderr).toContain('ROSTER_VERSION');
  });
});

test('rotate refuses a suspect key that is not said to be compromised, before anything is asked of AWS', () => {
  expect(
    run('rotate', '--account', '333333333333', '--user', 'jeremy.ritchie', '--key', 'AKIAIOSFODNN7EXAMPLE'),
  ).toMatchObject({
    status: 2,
    stdout: '',
    stderr: expect.stringContaining('--key names the suspect key and needs --compromised') as string,
  });
});

test('bake waits as long as the rehearsal lets it', () => {
  expect(run('bake', '--help').stdout).toContain(`how long to wait at most (default: ${BAKE_MINUTES})`);
});
