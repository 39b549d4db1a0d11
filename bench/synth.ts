/** What a roster's size costs at synthesis, and what it costs the straightforward way: a stack for each account, L2 secret and schedule for each user. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Table from 'cli-table3';
import type { Template } from '../lib/cloud-assembly/template';
import { quotaUsage } from '../lib/stacks/quotas';
import { rosterOf } from './rosters';

interface Measured {
  readonly loadMs: number;
  readonly synthMs: number;
  readonly peakMiB: number;
}

const MOST_PERCENT = 60;
const MOST_RATIO = 2;

const folder = mkdtempSync(join(tmpdir(), 'bench-'));

/** In a process of its own, so that memory and warm code are its own. */
function measure(
  script: string,
  ...args: string[]
): { readonly measured: Measured; readonly templates: readonly Template[] } | undefined {
  const outdir = join(folder, 'cdk.out');
  rmSync(outdir, { recursive: true, force: true });
  const { status, stdout } = spawnSync(
    process.execPath,
    ['--import', 'tsx', join(__dirname, script), outdir, ...args],
    { encoding: 'utf8', env: { ...process.env, CDK_VALIDATION: 'false' }, maxBuffer: 1 << 26 },
  );
  if (status !== 0) return undefined;
  const names = readdirSync(outdir, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /template\.json$|asset\.\w+\.json$/.test(name),
  );
  return {
    measured: JSON.parse(stdout.trim().split('\n').at(-1)!) as Measured,
    templates: names.map((name) => JSON.parse(readFileSync(join(outdir, name), 'utf8')) as Template),
  };
}

const most = (templates: readonly Template[], quota: string): number =>
  Math.max(
    ...templates
      .flatMap(quotaUsage)
      .filter((usage) => usage.quota === quota)
      .map(({ used }) => used),
  );
const fullest = (templates: readonly Template[]): number =>
  Math.max(...templates.flatMap(quotaUsage).map(({ used, limit }) => Math.round((100 * used) / limit)));

const NO_BORDERS = Object.fromEntries(
  [
    'top',
    'top-mid',
    'top-left',
    'top-right',
    'bottom',
    'bottom-mid',
    'bottom-left',
    'bottom-right',
    'left',
    'left-mid',
    'mid',
    'mid-mid',
    'right',
    'right-mid',
    'middle',
  ].map((place) => [place, '']),
);
const sizes = new Table({
  head: ['accounts x users', 'load', 'synth', 'cdk', 'memory', 'template', 'res.', 'stages', 'policies', 'quota'],
  style: { head: [], border: [], 'padding-left': 0, 'padding-right': 1 },
  chars: NO_BORDERS,
});
const row = (name: string, found: ReturnType<typeof measure>, cdkMs?: number): string[] => {
  if (!found) return [name, 'does not survive'];
  const { measured, templates } = found;
  const [resources, stages, actions, policies] = [
    'resources',
    'stages of the pipeline',
    'actions of the pipeline',
    'managed policies of a role',
  ].map((quota) => most(templates, quota));
  return [
    name,
    `${measured.loadMs} ms`,
    `${measured.synthMs} ms`,
    cdkMs === undefined ? '' : `${(cdkMs / 1000).toFixed(1)} s`,
    `${measured.peakMiB} MiB`,
    `${Math.ceil(most(templates, 'bytes of template') / 1024)} KB`,
    String(resources),
    `${stages}/${actions}`,
    String(policies),
    `${fullest(templates)}%`,
  ];
};

/** What must be the same whatever the roster's size: stages and actions of the pipeline, and the template that accounts get. */
function shapeOf(templates: readonly Template[]): string {
  const pipelines = templates
    .flatMap(({ Resources }) => Object.values(Resources))
    .filter(({ Type }) => Type === 'AWS::CodePipeline::Pipeline');
  const stages = pipelines.flatMap(({ Properties }) =>
    (Properties!.Stages as { Name: string; Actions: { Name: string }[] }[]).map(({ Name, Actions }) => [
      Name,
      ...Actions.map((action) => action.Name),
    ]),
  );
  return JSON.stringify([stages, templates.filter(({ Parameters = {} }) => 'SecurityAccountId' in Parameters)]);
}

/** The command itself, with validation and nag: what it takes beyond loading the roster. */
function cdkSynthMs(roster: string, loadMs: number): number {
  const start = performance.now();
  const { status, stderr } = spawnSync(
    'npx',
    ['cdk', 'synth', '--quiet', '--output', join(folder, 'cdk.synth'), '--context', `roster=${roster}`],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`cdk synth fails:\n${stderr}`);
  return performance.now() - start - loadMs;
}

const problems: string[] = [];
const taken: { readonly synthMs: number; readonly cdkMs: number }[] = [];
const shapes = new Set<string>();
for (const [accounts, usersEach] of [
  [10, 10],
  [300, 100],
  [5_000, 10],
  [500, 100],
] as const) {
  const roster = join(folder, 'roster.yaml');
  writeFileSync(roster, rosterOf(accounts, usersEach));
  const found = measure('synth-once.ts', roster);
  if (!found) throw new Error(`${accounts} x ${usersEach} does not survive`);
  const cdkMs = cdkSynthMs(roster, found.measured.loadMs);
  taken.push({ synthMs: found.measured.synthMs, cdkMs });
  shapes.add(shapeOf(found.templates));
  if (fullest(found.templates) > MOST_PERCENT)
    problems.push(
      `${accounts} x ${usersEach} uses ${fullest(found.templates)}% of a quota, more than ${MOST_PERCENT}%`,
    );
  sizes.push(row(`${accounts} x ${usersEach}`, found, cdkMs));
}
for (const [accounts, usersEach] of [
  [10, 10],
  [100, 50],
] as const)
  sizes.push(
    row(`L2s, ${accounts} x ${usersEach}`, measure('straightforward-once.ts', String(accounts), String(usersEach))),
  );
rmSync(folder, { recursive: true });

const [least, ...others] = taken;
const ratioOf = (measured: 'synthMs' | 'cdkMs'): number =>
  Math.max(...others.slice(1).map((other) => other[measured])) / least![measured];
for (const [what, ratio] of [
  ['synthesis', ratioOf('synthMs')],
  ['cdk synth', ratioOf('cdkMs')],
] as const)
  if (ratio >= MOST_RATIO)
    problems.push(
      `${what} at 50,000 users takes ${ratio.toFixed(2)} times what it takes at 100, not less than ${MOST_RATIO}`,
    );
if (shapes.size > 1) problems.push("the pipeline's shape or the accounts' template depends on the roster's size");

process.stdout.write(
  `${sizes.toString()}\ncdk: the whole command, with validation and nag, beyond loading the roster;\ntemplate: the biggest; stages: and actions of the pipeline; policies: managed,\nof one role; quota: the fullest of any template. L2s: a stack for each account,\na secret and a schedule for each user.\n\nat 50,000 users synthesis takes ${ratioOf('synthMs').toFixed(2)} times what it takes at 100, cdk synth ${ratioOf('cdkMs').toFixed(2)} times\n`,
);
for (const problem of problems) process.stderr.write(`error: ${problem}\n`);
if (problems.length > 0) process.exitCode = 1;
