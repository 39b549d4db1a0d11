/**
 * First rotations of many users at once in the local organization, with 5 % of the functions' calls throttled and 1 %
 * failing: how many a second, and in how much memory. 500 accounts of 100 users are 100 organizations of 5, as many at
 * a time as there are cores; without `--all` each core plays one.
 *
 *   node --import tsx bench/load.ts [--all]
 */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { MultiBar, Presets } from 'cli-progress';
import Table from 'cli-table3';
import { FUNCTIONS } from '../lambda/contract';
import { FaultPlan } from '../lib/local-organization/faults';
import { seededRandom } from '../lib/local-organization/random';
import { rehearse } from '../lib/rehearsal/rehearsal';
import { loadRoster } from '../lib/roster/load';
import { rosterOf } from './rosters';

const START = new Date('2027-01-04T00:00:00Z');
/** All first rotations are over by then, and what failed was attempted again. */
const HOURS = 4;
const FAULTS_END = '2027-01-04T02:00:00Z';
const ACCOUNTS = 5;
const USERS_EACH = 100;
const ORGANIZATIONS = 500 / ACCOUNTS;

interface Part {
  readonly seed: number;
  readonly usersEach: number;
}

interface Played {
  readonly users: number;
  readonly rotated: number;
  readonly violations: readonly string[];
  readonly calls: number;
  readonly injected: number;
  readonly seconds: number;
  readonly peakMiB: number;
}

async function play({ seed, usersEach }: Part): Promise<Played> {
  const folder = mkdtempSync(join(tmpdir(), 'load-'));
  try {
    writeFileSync(join(folder, 'roster.yaml'), rosterOf(ACCOUNTS, usersEach));
    const { roster } = loadRoster(join(folder, 'roster.yaml'), { at: START });
    const users = roster!.accounts.flatMap((account) => account.users);
    const owners = users.map(({ name }, index) => ({ user: name, keys: index % 2 === 0 ? [] : [{ ageDays: 400, usedBy: 'owner' as const }] }));
    const faults = FaultPlan.parse(Object.values(FUNCTIONS).flatMap(({ name }) => [{ kind: 'throttle', rate: 0.05, functionName: name, to: FAULTS_END }, { kind: 'error', rate: 0.01, functionName: name, to: FAULTS_END }]), seededRandom(seed));
    let [calls, injected] = [0, 0];
    const start = performance.now();
    const { report } = await rehearse({ roster: roster!, days: HOURS / 24, start: START, seed, scenario: { owners, commands: [] }, faults, onCall: (call) => void (calls++, call.injected && injected++) });
    const { violations } = report.summary;
    return {
      users: users.length,
      rotated: report.users.filter(({ rotations }) => rotations.succeeded > 0).length,
      violations: violations.map(({ message }) => message),
      calls,
      injected,
      seconds: (performance.now() - start) / 1_000,
      peakMiB: process.resourceUsage().maxRSS / 1_024,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Each in a process of its own, so that its memory is its own. */
function inOwnProcess(part: Part): Promise<Played> {
  return new Promise((resolve, reject) => {
    const worker = fork(__filename, ['--play', JSON.stringify(part)], { execArgv: ['--import', 'tsx'], env: { ...process.env, CDK_VALIDATION: 'false', AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' } });
    worker.once('message', (played: Played) => resolve(played));
    worker.once('exit', (code) => code !== 0 && reject(new Error(`an organization ended with ${code}`)));
  });
}

async function playAll(parts: readonly Part[]): Promise<readonly Played[]> {
  const queue = [...parts];
  const played: Played[] = [];
  const bars = new MultiBar({ format: '{value} of {total} organizations', noTTYOutput: false }, Presets.shades_classic);
  const bar = bars.create(parts.length, 0);
  await Promise.all(
    cpus().map(async () => {
      for (let part = queue.shift(); part; part = queue.shift()) {
        played.push(await inOwnProcess(part));
        bar.increment();
      }
    }),
  );
  bars.stop();
  return played;
}

async function main(all: boolean): Promise<void> {
  const [alone] = await playAll([{ seed: 100, usersEach: USERS_EACH / 10 }]);
  const start = performance.now();
  const played = await playAll(Array.from({ length: all ? ORGANIZATIONS : cpus().length }, (_, seed) => ({ seed, usersEach: USERS_EACH })));
  const seconds = (performance.now() - start) / 1_000;
  const sum = (value: (one: Played) => number): number => played.reduce((total, one) => total + value(one), 0);
  const [users, rotated, calls] = [sum((one) => one.users), sum((one) => one.rotated), sum((one) => one.calls)];
  const violations = played.flatMap((one) => one.violations);
  const table = new Table({ head: ['accounts x users', 'rotated', 'calls', 'injected faults', 'rotations/s', 'peak memory'], style: { head: [], border: [] } });
  table.push([`${played.length * ACCOUNTS} x ${USERS_EACH}`, `${rotated} of ${users}`, String(calls), `${((100 * sum((one) => one.injected)) / calls).toFixed(1)} %`, (rotated / seconds).toFixed(1), `${Math.round(Math.max(...played.map(({ peakMiB }) => peakMiB)))} MiB a core`]);
  const perUser = sum((one) => one.seconds) / users / (alone!.seconds / alone!.users);
  process.stdout.write(`${table.toString()}\n${violations.length} violations; a user among ${USERS_EACH} an account takes ${perUser.toFixed(2)} times what one among ${USERS_EACH / 10} takes\n`);
  for (const message of violations.slice(0, 10)) process.stdout.write(`${message}\n`);
  if (violations.length > 0 || rotated < users) process.exitCode = 1;
}

const [, , mode, text] = process.argv;
if (mode === '--play') void play(JSON.parse(text!) as Part).then((played) => process.send!(played, () => process.exit(0)));
else void main(mode === '--all');
