/**
 * Every fault at every call of a rotation with its retirement, every pair of faults within each, from every starting
 * state, and what others may do between two calls; then mutations of the domain, each of which must be caught.
 *
 *   npm run explore
 *   npm run explore -- --quick                  without pairs
 *   npm run explore -- --mutations              mutations only
 *   npm run explore -- --replay '{"state":"a current key","faults":[{"call":7,"fault":"lost"}]}'
 */
import { fork } from 'node:child_process';
import { cpus } from 'node:os';
import Table from 'cli-table3';
import { MUTATIONS, runMutation } from './mutations';
import { explore, partsOf, type Done, type Finding, type Kind, type Part } from './parts';
import { run, type Schedule } from './schedule';
import { STATES } from './states';

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

async function main(kinds: readonly Kind[]): Promise<void> {
  const start = performance.now();
  const sums = new Map<string, Record<Kind, number>>(Object.keys(STATES).map((state) => [state, { singles: 0, deeds: 0, pairs: 0 }]));
  const findings: Finding[] = [];
  const parts = partsOf(kinds);
  const progress = progressOf('parts explored', parts.length);
  await inParallel(parts, ({ part, schedules, findings: found }) => {
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

const [, , mode, text] = process.argv;
if (mode === '--worker') process.on('message', (part: Part) => void explore(part).then((done) => process.send!(done)));
else if (mode === '--replay') void replay(text ?? '{}');
else if (mode === '--mutations') void mutate();
else if (mode === '--quick') void main(['singles', 'deeds']);
else void main(['singles', 'deeds', 'pairs']).then(mutate);
