/**
 * First rotations of many users at once in the local organization, with 5 % of the functions' calls throttled and 1 %
 * failing: how many a second, and in how much memory. 500 accounts of 100 users are 100 organizations of 5, as many at
 * a time as there are cores; without `--all` each core plays one, and says how long all of them would take.
 *
 *   node --import tsx bench/load.ts [--all]
 */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { SingleBar } from 'cli-progress';
import Table from 'cli-table3';
import { FUNCTIONS } from '../lambda/contract/names';
import { synthesize } from '../lib/stacks/app';
import { FaultPlan } from '../lib/simulator/local-organization/faults';
import { seededRandom } from '../lib/simulator/local-organization/random';
import type { CallRecord } from '../lib/simulator/local-organization/wire/gateway';
import { rehearse } from '../lib/simulator/rehearsal/rehearsal';
import { loadRoster } from '../lib/roster/load';
import type { Roster } from '../lib/roster/roster';
import { rosterOf } from './rosters';

const START = new Date('2027-01-04T00:00:00Z');
/** All first rotations are over by then, and what failed was attempted again. */
const HOURS = 2;
const FAULTS_END = new Date('2027-01-04T01:00:00Z');
const ACCOUNTS = 5;
const USERS_EACH = 100;
const ORGANIZATIONS = 500 / ACCOUNTS;

interface Part {
  readonly seed: number;
  /** Has the roster, and what was synthesised of it once for all organizations. */
  readonly folder: string;
}

interface Played {
  readonly users: number;
  readonly rotated: number;
  /** Mails to owners. */
  readonly mails: number;
  /** Users whose owner did not get exactly one mail for exactly one rotation. */
  readonly unlike: readonly string[];
  readonly violations: readonly string[];
  /** Of the functions, while calls are throttled and fail. */
  readonly calls: number;
  readonly injected: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMiB: number;
}

/** The same for every organization of that size. */
function prepare(usersEach: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'load-'));
  writeFileSync(join(folder, 'roster.yaml'), rosterOf(ACCOUNTS, usersEach));
  synthesize(rosterIn(folder), { outdir: join(folder, 'assembly') });
  return folder;
}

const rosterIn = (folder: string): Roster => loadRoster(join(folder, 'roster.yaml'), { at: START }).roster!;

async function play({ seed, folder }: Part): Promise<Played> {
  const roster = rosterIn(folder);
  const users = roster.accounts.flatMap((account) => account.users);
  const owners = users.map(({ name }, index) => ({
    user: name,
    keys: index % 2 === 0 ? [] : [{ ageDays: 400, usedBy: 'owner' as const }],
  }));
  const to = FAULTS_END.toISOString();
  const faults = FaultPlan.parse(
    Object.values(FUNCTIONS).flatMap(({ name }) => [
      { kind: 'throttle', rate: 0.05, functionName: name, to },
      { kind: 'error', rate: 0.01, functionName: name, to },
    ]),
    seededRandom(seed),
  );
  let [calls, injected] = [0, 0];
  const count = (call: CallRecord): void => {
    if (call.origin === undefined || call.at >= FAULTS_END) return;
    calls++;
    if (call.injected) injected++;
  };
  const start = performance.now();
  const { report } = await rehearse({
    roster,
    assembly: join(folder, 'assembly'),
    days: HOURS / 24,
    start: START,
    seed,
    scenario: { owners, commands: [] },
    faults,
    onCall: count,
  });
  const { user, system } = process.cpuUsage();
  return {
    users: users.length,
    rotated: report.users.filter(({ rotations }) => rotations.succeeded > 0).length,
    mails: report.users.reduce((sum, { notices }) => sum + notices, 0),
    unlike: report.users
      .filter(({ rotations, notices }) => rotations.succeeded !== 1 || notices !== 1)
      .map(
        ({ accountId, userName, rotations, notices }) =>
          `seed ${seed}, ${accountId}/${userName}: ${rotations.succeeded} rotations, ${notices} mails to its owner`,
      ),
    violations: report.summary.violations.map(({ message }) => message),
    calls,
    injected,
    seconds: (performance.now() - start) / 1_000,
    cpuSeconds: (user + system) / 1_000_000,
    peakMiB: process.resourceUsage().maxRSS / 1_024,
  };
}

/** Each in a process of its own, so that its memory is its own. */
function inOwnProcess(part: Part): Promise<Played> {
  return new Promise((resolve, reject) => {
    const worker = fork(__filename, ['--play', JSON.stringify(part)], {
      execArgv: ['--max-semi-space-size=64', '--import', 'tsx'],
      env: { ...process.env, CDK_VALIDATION: 'false', AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    });
    worker.once('message', (played: Played) => resolve(played));
    worker.once('exit', (code) => code !== 0 && reject(new Error(`an organization ended with ${code}`)));
  });
}

async function playAll(parts: readonly Part[]): Promise<readonly Played[]> {
  const queue = [...parts];
  const played: Played[] = [];
  const bar = new SingleBar({
    format: '{bar} {value} of {total} organizations',
    barsize: 30,
    hideCursor: true,
    clearOnComplete: true,
    stream: process.stderr,
    noTTYOutput: false,
  });
  if (process.stderr.isTTY) bar.start(parts.length, 0);
  await Promise.all(
    cpus().map(async () => {
      for (let part = queue.shift(); part; part = queue.shift()) {
        played.push(await inOwnProcess(part));
        bar.increment();
      }
    }),
  );
  bar.stop();
  return played;
}

async function main(all: boolean): Promise<void> {
  const [few, many] = [prepare(USERS_EACH / 10), prepare(USERS_EACH)];
  try {
    const [alone] = await playAll([{ seed: ORGANIZATIONS, folder: few }]);
    const start = performance.now();
    const played = await playAll(
      Array.from({ length: all ? ORGANIZATIONS : cpus().length }, (_, seed) => ({ seed, folder: many })),
    );
    report(alone!, played, (performance.now() - start) / 1_000);
  } finally {
    for (const folder of [few, many]) rmSync(folder, { recursive: true });
  }
}

function report(alone: Played, played: readonly Played[], seconds: number): void {
  const sum = (value: (one: Played) => number): number => played.reduce((total, one) => total + value(one), 0);
  const [users, rotated, mails, calls] = [
    sum((one) => one.users),
    sum((one) => one.rotated),
    sum((one) => one.mails),
    sum((one) => one.calls),
  ];
  const violations = played.flatMap((one) => one.violations);
  const unlike = played.flatMap((one) => one.unlike);
  const table = new Table({
    head: ['roster', 'rotated', 'mails', 'calls', 'faults', 'rotated/s', 'MiB a core'],
    style: { head: [], border: [] },
  });
  table.push([
    `${played.length * ACCOUNTS} x ${USERS_EACH}`,
    `${rotated} of ${users}`,
    String(mails),
    String(calls),
    `${((100 * sum((one) => one.injected)) / calls).toFixed(1)} %`,
    (rotated / seconds).toFixed(1),
    String(Math.round(Math.max(...played.map(({ peakMiB }) => peakMiB)))),
  ]);
  const perUser = sum((one) => one.cpuSeconds) / users / (alone.cpuSeconds / alone.users);
  process.stdout.write(
    `${table.toString()}\n${violations.length} violations; a user among ${USERS_EACH} an account takes ${perUser.toFixed(2)} times what one among ${USERS_EACH / 10} takes\n`,
  );
  if (played.length < ORGANIZATIONS)
    process.stdout.write(
      `500 x ${USERS_EACH} with --all: about ${Math.ceil((seconds * ORGANIZATIONS) / played.length / 60)} minutes, ${Math.round(sum((one) => one.cpuSeconds) / played.length)} s of processor an organization\n`,
    );
  for (const message of violations.slice(0, 10)) process.stdout.write(`${message}\n`);
  for (const user of unlike.slice(0, 10)) process.stdout.write(`${user}\n`);
  if (violations.length + unlike.length > 0) process.exitCode = 1;
}

const [, , mode, text] = process.argv;
if (mode === '--play')
  void play(JSON.parse(text!) as Part).then((played) => process.send!(played, () => process.exit(0)));
else void main(mode === '--all');
