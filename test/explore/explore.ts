/**
 * Every fault at every call of a rotation with its retirement, every pair of faults within the rotation, from every
 * starting state, and what others may do between two calls.
 *
 *   npm run explore
 *   npm run explore -- --quick                  without pairs
 *   npm run explore -- --replay '{"state":"a current key","faults":[{"call":7,"fault":"lost"}]}'
 */
import { fork } from 'node:child_process';
import { cpus } from 'node:os';
import Table from 'cli-table3';
import type { Fault } from '../domain/world';
import { run, type Deed, type Schedule } from './schedule';
import { STATES } from './states';

const FAULTS: readonly Fault[] = ['error', 'timeout', 'throttled', 'lost', 'killed-after'];
const DEEDS: readonly Deed[] = ['a person makes a key', 'reconcile', 'deliver again', 'rotate is asked for', 'rollback'];
/** Pairs are explored within the rotation and what completes it; retirement has its faults one by one. */
const PAIRED_CALLS = 40;

interface Finding {
  readonly schedule: Schedule;
  readonly problems: readonly string[];
}

interface Part {
  readonly state: string;
  readonly kind: 'singles' | 'pairs' | 'deeds';
  /** Of the first of two faults, so that a part has a share of the pairs. */
  readonly first?: number;
}

interface Done {
  readonly part: Part;
  readonly schedules: number;
  readonly findings: readonly Finding[];
}

function* schedulesOf({ state, kind, first = 0 }: Part, calls: number): Generator<Schedule> {
  if (kind === 'singles') for (let call = 0; call < calls; call++) for (const fault of FAULTS) yield { state, faults: [{ call, fault }] };
  if (kind === 'deeds') for (let call = 0; call < Math.min(calls, PAIRED_CALLS); call++) for (const deed of DEEDS) yield { state, faults: [], between: { call, deed } };
  if (kind === 'pairs') for (let second = first + 1; second < Math.min(calls, PAIRED_CALLS); second++) for (const one of FAULTS) for (const other of FAULTS) yield { state, faults: [{ call: first, fault: one }, { call: second, fault: other }] };
}

async function explore(part: Part): Promise<Done> {
  const { calls, problems } = await run({ state: part.state, faults: [] });
  const findings: Finding[] = problems.length > 0 ? [{ schedule: { state: part.state, faults: [] }, problems }] : [];
  let schedules = 1;
  for (const schedule of schedulesOf(part, calls.length)) {
    schedules++;
    const outcome = await run(schedule);
    if (outcome.problems.length > 0) findings.push({ schedule, problems: outcome.problems });
    if (findings.length >= 5) break;
  }
  return { part, schedules, findings };
}

function partsOf(quick: boolean): Part[] {
  return Object.keys(STATES).flatMap((state): Part[] => [{ state, kind: 'singles' }, { state, kind: 'deeds' }, ...(quick ? [] : Array.from({ length: PAIRED_CALLS - 1 }, (_, first): Part => ({ state, kind: 'pairs', first })))]);
}

/** One process a core; each takes the next part. */
async function inParallel(parts: Part[], onDone: (done: Done) => void): Promise<void> {
  await Promise.all(
    Array.from({ length: Math.max(1, cpus().length) }, () => {
      const worker = fork(__filename, ['--worker'], { execArgv: ['--import', 'tsx'] });
      return new Promise<void>((resolve, reject) => {
        const next = (): void => {
          const part = parts.shift();
          if (part) worker.send(part);
          else worker.disconnect();
        };
        worker.on('message', (done: Done) => {
          onDone(done);
          next();
        });
        worker.on('exit', (code) => (code ? reject(new Error(`a worker ended with ${code}`)) : resolve()));
        next();
      });
    }),
  );
}

async function replay(text: string): Promise<void> {
  const schedule = JSON.parse(text) as Schedule;
  const { calls, problems, attempts } = await run(schedule);
  const table = new Table({ head: ['call', 'request', 'what happens'], style: { head: [], border: [] } });
  calls.forEach((name, index) => {
    const fault = schedule.faults.find(({ call }) => call === index)?.fault ?? '';
    const deed = schedule.between?.call === index ? schedule.between.deed : '';
    if (index < 80 || fault || deed) table.push([index, name, [fault, deed].filter(Boolean).join(', ')]);
  });
  process.stdout.write(`${table.toString()}\n${attempts} attempts\n${problems.length > 0 ? problems.join('\n') : 'every promise held'}\n`);
  process.exitCode = problems.length > 0 ? 1 : 0;
}

async function main(quick: boolean): Promise<void> {
  const start = performance.now();
  const sums = new Map<string, { singles: number; deeds: number; pairs: number }>(Object.keys(STATES).map((state) => [state, { singles: 0, deeds: 0, pairs: 0 }]));
  const findings: Finding[] = [];
  const parts = partsOf(quick);
  const total = parts.length;
  let ended = 0;
  await inParallel(parts, ({ part, schedules, findings: found }) => {
    sums.get(part.state)![part.kind] += schedules;
    findings.push(...found);
    ended++;
    if (process.stderr.isTTY) process.stderr.write(`\r${ended} of ${total} parts explored`);
  });
  const table = new Table({ head: ['starting state', 'single faults', 'deeds', 'pairs'], style: { head: [], border: [] } });
  for (const [state, { singles, deeds, pairs }] of sums) table.push([state, singles, deeds, pairs]);
  const count = [...sums.values()].reduce((sum, { singles, deeds, pairs }) => sum + singles + deeds + pairs, 0);
  process.stdout.write(`\n${table.toString()}\n${count} schedules in ${Math.round((performance.now() - start) / 1000)} s; ${findings.length} broke a promise\n`);
  for (const { schedule, problems } of findings.slice(0, 10)) process.stdout.write(`\n${problems.join('; ')}\n  npm run explore -- --replay '${JSON.stringify(schedule)}'\n`);
  if (findings.length > 0) process.exitCode = 1;
}

const [, , mode, text] = process.argv;
if (mode === '--worker') process.on('message', (part: Part) => void explore(part).then((done) => process.send!(done)));
else if (mode === '--replay') void replay(text ?? '{}');
else void main(mode === '--quick');
