/**
 * Every fault at every call of a rotation with its retirement, every pair of faults within each, from every starting
 * state, and what others may do between two calls; single faults once more through the bundled functions; then mutations
 * of the domain, each of which must be caught.
 *
 *   npm run explore
 *   npm run explore -- --quick                  at the ports, without pairs
 *   npm run explore -- --bundled                single faults through the bundled functions
 *   npm run explore -- --mutations              mutations only
 *   npm run explore -- --replay '{"state":"a current key","faults":[{"call":7,"fault":"lost"}]}'
 */
import { fork } from 'node:child_process';
import { cpus } from 'node:os';
import Table from 'cli-table3';
import { bundledSingles, exploreBundled, replayBundled, type BundledFinding, type Single } from './bundled';
import { MUTATIONS, runMutation } from './mutations';
import { explore, partsOf, type Done, type Finding, type Kind, type Part } from './parts';
import { run, type Schedule } from './schedule';
import { STATES } from './states';

/** A share of the bundled functions' single faults: an organization of as many accounts, which need memory. */
interface BundledPart {
  readonly singles: readonly Single[];
}

interface BundledDone {
  readonly schedules: number;
  readonly found: readonly BundledFinding[];
}

const ACCOUNTS_AT_ONCE = 40;

/** One process a core; each takes the next part. */
async function inParallel<One, Outcome>(parts: readonly One[], onDone: (outcome: Outcome) => void): Promise<void> {
  const queue = [...parts];
  await Promise.all(
    Array.from({ length: Math.max(1, cpus().length) }, () => {
      const worker = fork(__filename, ['--worker'], { execArgv: ['--import', 'tsx'], env: { ...process.env, ...QUIET } });
      return new Promise<void>((resolve, reject) => {
        const next = (): void => {
          const part = queue.shift();
          if (part) worker.send(part as object);
          else if (worker.connected) worker.disconnect();
        };
        worker.on('message', (outcome: Outcome) => {
          onDone(outcome);
          next();
        });
        worker.on('exit', (code) => (code ? reject(new Error(`a worker ended with ${code}`)) : resolve()));
        next();
      });
    }),
  );
}

const QUIET = { CDK_VALIDATION: 'false', AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' };

async function work(part: Part | BundledPart): Promise<Done | BundledDone> {
  return 'singles' in part ? { schedules: part.singles.length, found: await exploreBundled(part.singles) } : explore(part);
}

async function replay(schedule: Schedule | Single): Promise<void> {
  const { rows, ended, problems } = 'state' in schedule ? await replayedPorts(schedule) : await replayedBundle(schedule);
  const table = new Table({ head: ['call', 'request', 'what happens'], style: { head: [], border: [] }, chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' } });
  table.push(...rows);
  process.stdout.write(`${table.toString()}\n${ended}\n${problems.length > 0 ? problems.join('\n') : 'every promise held'}\n`);
  process.exitCode = problems.length > 0 ? 1 : 0;
}

interface Replayed {
  readonly rows: [number, string, string][];
  readonly ended: string;
  readonly problems: readonly string[];
}

const MOST_ROWS = 80;

async function replayedPorts(schedule: Schedule): Promise<Replayed> {
  const { calls, problems, attempts } = await run(schedule);
  const rows = calls.map((name, index): [number, string, string] => {
    const fault = schedule.faults.find(({ call }) => call === index)?.fault ?? '';
    const deed = schedule.between?.call === index ? schedule.between.deed : '';
    return [index, name, [fault, deed].filter(Boolean).join(', ')];
  });
  return { rows: rows.filter(([index, , happens]) => index < MOST_ROWS || happens), ended: `${attempts} attempts`, problems };
}

async function replayedBundle(single: Single): Promise<Replayed> {
  const { calls, problems } = await replayBundled(single);
  const rows = calls.map(({ service, operation, origin = '', outcome, injected }, index): [number, string, string] => [index, `${origin.split('/')[1]?.split('#')[0]} ${service}:${operation}`, injected ?? (outcome === 'ok' || outcome === 'NotModified' ? '' : outcome)]);
  return { rows: rows.filter(([index, , happens]) => Math.abs(index - single.call) < MOST_ROWS / 2 || happens), ended: `${calls.length} calls`, problems };
}

async function main(kinds: readonly Kind[]): Promise<void> {
  const start = performance.now();
  const sums = new Map<string, Record<Kind, number>>(Object.keys(STATES).map((state) => [state, { singles: 0, deeds: 0, pairs: 0 }]));
  const findings: Finding[] = [];
  const parts = partsOf(kinds);
  const progress = progressOf('parts explored', parts.length);
  await inParallel<Part, Done>(parts, ({ part, schedules, findings: found }) => {
    sums.get(part.state)![part.kind] += schedules;
    findings.push(...found);
    progress();
  });
  const table = new Table({ head: ['starting state', 'single faults', 'deeds', 'pairs'], style: { head: [], border: [] } });
  for (const [state, { singles, deeds, pairs }] of sums) table.push([state, singles, deeds, pairs]);
  const count = [...sums.values()].reduce((sum, { singles, deeds, pairs }) => sum + singles + deeds + pairs, 0);
  process.stdout.write(`${table.toString()}\n${count} schedules in ${seconds(start)} s; ${findings.length} broke a promise\n`);
  for (const { schedule, problems } of findings.slice(0, 10)) process.stdout.write(`\n${problems.join('; ')}\n  npm run explore -- --replay '${JSON.stringify(schedule)}'\n`);
  if (findings.length > 0) process.exitCode = 1;
}

/** Single faults through the bundled functions. */
async function bundled(): Promise<void> {
  const start = performance.now();
  Object.assign(process.env, QUIET);
  const singles = await bundledSingles();
  const parts = Array.from({ length: Math.ceil(singles.length / ACCOUNTS_AT_ONCE) }, (_, index): BundledPart => ({ singles: singles.slice(index * ACCOUNTS_AT_ONCE, (index + 1) * ACCOUNTS_AT_ONCE) }));
  const findings: BundledFinding[] = [];
  const progress = progressOf('organizations of bundled functions played', parts.length);
  await inParallel<BundledPart, BundledDone>(parts, ({ found }) => {
    findings.push(...found);
    progress();
  });
  process.stdout.write(`${singles.length} single faults through the bundled functions in ${seconds(start)} s; ${findings.length} broke a promise\n`);
  for (const { single, problems } of findings.slice(0, 10)) process.stdout.write(`\n${problems.join('; ')}\n  npm run explore -- --replay '${JSON.stringify(single)}'\n`);
  if (findings.length > 0) process.exitCode = 1;
}

/** That all this can fail: each mutation of the domain must break a promise. */
async function mutate(): Promise<void> {
  const start = performance.now();
  const queue = [...MUTATIONS];
  const caught = new Map<string, string>();
  const progress = progressOf('mutations tried', queue.length);
  const work = async (): Promise<void> => {
    for (let mutation = queue.shift(); mutation; mutation = queue.shift()) {
      const problem = await runMutation(mutation);
      if (problem !== undefined) caught.set(mutation.name, problem);
      progress();
    }
  };
  await Promise.all(cpus().map(work));
  const table = new Table({ head: ['mutation', 'caught by'], style: { head: [], border: [] }, wordWrap: true, colWidths: [38, 39] });
  for (const { name } of MUTATIONS) table.push([name, caught.get(name) ?? 'NOTHING']);
  process.stdout.write(`${table.toString()}\n${caught.size} of ${MUTATIONS.length} mutations caught in ${seconds(start)} s\n`);
  if (caught.size < MUTATIONS.length) process.exitCode = 1;
}

const seconds = (start: number): number => Math.round((performance.now() - start) / 1000);

/** On a terminal only. */
function progressOf(what: string, total: number): () => void {
  let done = 0;
  return () => {
    done++;
    if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${total} ${what}${done === total ? '\n' : ''}`);
  };
}

async function everything(): Promise<void> {
  await main(['singles', 'deeds', 'pairs']);
  await bundled();
  await mutate();
}

const [, , mode, text] = process.argv;
if (mode === '--worker') process.on('message', (part: Part | BundledPart) => void work(part).then((done) => process.send!(done)));
else if (mode === '--replay') void replay(JSON.parse(text ?? '{}') as Schedule | Single);
else if (mode === '--mutations') void mutate();
else if (mode === '--bundled') void bundled();
else if (mode === '--quick') void main(['singles', 'deeds']);
else void everything();
