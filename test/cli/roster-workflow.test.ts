/** The shell of the pull request's workflow, run as GitHub runs it, with a command that stands in for `node`. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';

interface Step {
  readonly name?: string;
  readonly run?: string;
}

const { jobs } = parse(readFileSync('.github/workflows/roster.yml', 'utf8')) as {
  jobs: { plan: { steps: Step[]; outputs: object }; comment: { if: string } };
};
const script = jobs.plan.steps.find(({ name }) => name === 'plan')!.run!;

function planned(node: string): { readonly status: number | null; readonly plan: string; readonly summary: string } {
  const cwd = mkdtempSync(join(tmpdir(), 'workflow-'));
  writeFileSync(join(cwd, 'node'), `#!/bin/sh\n${node}\n`);
  chmodSync(join(cwd, 'node'), 0o755);
  const { status } = spawnSync('bash', ['-e', '-c', script], {
    cwd,
    env: { ...process.env, PATH: `${cwd}:${process.env.PATH}`, GITHUB_STEP_SUMMARY: join(cwd, 'summary') },
  });
  const read = (name: string): string => readFileSync(join(cwd, name), 'utf8');
  const found = { status, plan: read('plan.md'), summary: read('summary') };
  rmSync(cwd, { recursive: true });
  return found;
}

test('a plan is the comment, and its exit status the step', () => {
  expect(planned('echo "the plan of $*"; exit 1')).toEqual({
    status: 1,
    plan: 'the plan of bin/access-keys.js plan --from nothing --to config --format markdown\n',
    summary: expect.stringContaining('the plan of'),
  });
});

test('without a plan the comment says what is wrong, as code', () => {
  const { status, plan, summary } = planned(
    String.raw`printf 'config/roster.yaml:1:1: error\n~~~\n\r# heading @everyone\n' >&2; exit 1`,
  );
  expect(status).toBe(1);
  expect(plan).toContain('There is none');
  expect(plan).toContain('\n    config/roster.yaml:1:1: error\n    ~~~\n    # heading @everyone\n');
  expect(summary).toBe(plan);
});

test('a comment is written whenever there is something to write, however the plan ended', () => {
  expect(jobs.plan.outputs).toEqual({ artifact: '${{ steps.upload.outputs.artifact-id }}' });
  expect(jobs.comment.if).toContain("!cancelled() && needs.plan.outputs.artifact != ''");
});
