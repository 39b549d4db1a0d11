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
import { MUTATIONS, tryMutation, type Verdict } from './mutations';
import { explore, partsOf, replayCommand, type Done, type Finding, type Kind, type Part } from './parts';
import { run, type Schedule } from './schedule';
import { STATES } from './states';
import { printTable, type Row } from './table';

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
      const worker = fork(__filename, ['--worker'], {
        execArgv: ['--import', 'tsx'],
        env: { ...process.env, ...QUIET },
      });
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
        worker.on('exit', (code) =>
          code === 0 ? resolve() : reject(new Error(`a worker ended with ${code ?? 'a signal'}`)),
        );
        next();
      });
    }),
  );
}

const QUIET = { CDK_VALIDATION: 'false', AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' };

async function work(part: Part | BundledPart): Promise<Done | BundledDone> {
  return 'singles' in part
    ? { schedules: part.singles.length, found: await exploreBundled(part.singles) }
    : explore(part);
}

async function replay(schedule: Schedule | Single): Promise<void> {
  if ('state' in schedule && !(schedule.state in STATES))
    return refuse(
      `there is no starting state ${JSON.stringify(schedule.state)}; there are:\n  ${Object.keys(STATES).join('\n  ')}`,
    );
  const { rows, marked, brokenAt, problems } =
    'state' in schedule ? await replayedPorts(schedule) : await replayedBundle(schedule);
  process.stdout.write(printTable(rows, marked, brokenAt));
  process.stdout.write(`${problems.length > 0 ? problems.join('\n') : 'every promise held'}\n`);
  conclude('schedules', 1, problems.length > 0 ? 1 : 0);
}

interface Replayed {
  readonly rows: readonly Row[];
  /** Calls with a fault or a deed. */
  readonly marked: readonly number[];
  readonly brokenAt?: number;
  readonly problems: readonly string[];
}

async function replayedPorts(schedule: Schedule): Promise<Replayed> {
  const { attempts: usual } = await run({ state: schedule.state, faults: [] });
  const { journal, problems, brokenAt } = await run(schedule, { usual });
  const rows = journal.map(({ at, by, request, about, outcome }, call): Row => {
    const fault = schedule.faults.find((one) => one.call === call)?.fault;
    const outcomes = {
      lost: 'done, no answer',
      error: 'error',
      timeout: 'timeout',
      throttled: 'throttled twice',
      'killed-after': 'done, then killed',
      'killed-before': 'killed',
    };
    return {
      call,
      at,
      by,
      request: nameOf(request, about),
      outcome: fault ? outcomes[fault] : outcome,
      ...(schedule.between?.call === call && {
        deed: `${schedule.between.deed}${schedule.between.meanwhile ? ', meanwhile' : ''}`,
      }),
    };
  });
  return {
    rows,
    marked: [...schedule.faults.map(({ call }) => call), ...(schedule.between ? [schedule.between.call] : [])],
    problems,
    ...(brokenAt !== undefined && { brokenAt }),
  };
}

/** The operation, and the label, tag or key that it is about: of a key its last four characters. */
const nameOf = (request: string, about: string): string =>
  `${request.replace(/^(iam|sts|secretsmanager|sns):/, '')} ${about.replace(/^access-keys:/, '').replace(/AKIA\w*(\w{4})$/, '…$1')}`.trim();

async function replayedBundle(single: Single): Promise<Replayed> {
  const { calls, problems } = await replayBundled(single);
  const rows = calls.map(({ at, service, operation, origin = '', outcome, injected }, call): Row => ({
    call,
    at,
    by: origin.split('/')[1]?.split('#')[0]?.replace('access-keys-', '') ?? '',
    request: service === 'secretsmanager' || service === 'iam' ? operation : `${service} ${operation}`,
    outcome: injected ?? (outcome === 'ok' || outcome === 'NotModified' ? '' : outcome),
  }));
  return { rows, marked: [single.call], problems };
}

function refuse(why: string): void {
  process.stderr.write(`${why}\n`);
  process.exitCode = 2;
}

/** The run in one line, in the form in which `npm test` and `npm run conformance` end too. */
function conclude(what: 'schedules' | 'mutations', all: number, failed: number): void {
  process.stdout.write(`${what}: ${all - failed} passed, ${failed} failed\n`);
  if (failed > 0) process.exitCode = 1;
}

interface Tally {
  readonly schedules: number;
  readonly failed: number;
}

/** At the ports. */
async function atPorts(kinds: readonly Kind[]): Promise<Tally> {
  const start = performance.now();
  const sums = new Map<string, Record<Kind, number>>(
    Object.keys(STATES).map((state) => [state, { singles: 0, deeds: 0, pairs: 0 }]),
  );
  const findings: Finding[] = [];
  const parts = partsOf(kinds);
  const progress = progressOf('parts explored', parts.length);
  await inParallel<Part, Done>(parts, ({ part, schedules, findings: found }) => {
    sums.get(part.state)![part.kind] += schedules;
    findings.push(...found);
    progress();
  });
  const table = new Table({
    head: ['starting state', 'faults', 'deeds', 'pairs'],
    style: { head: [], border: [] },
    wordWrap: true,
    colWidths: [46, 9, 8, 9],
    colAligns: ['left', 'right', 'right', 'right'],
  });
  for (const [state, { singles, deeds, pairs }] of sums) table.push([state, singles, deeds, pairs]);
  const count = [...sums.values()].reduce((sum, { singles, deeds, pairs }) => sum + singles + deeds + pairs, 0);
  process.stdout.write(
    `${table.toString()}\n${count} schedules in ${seconds(start)} s; ${findings.length} broke a promise\n`,
  );
  printFindings(findings.map(({ schedule, problems }) => [schedule, problems]));
  return { schedules: count, failed: findings.length };
}

/** Single faults through the bundled functions. */
async function bundled(): Promise<Tally> {
  const start = performance.now();
  Object.assign(process.env, QUIET);
  const singles = await bundledSingles();
  const parts = Array.from({ length: Math.ceil(singles.length / ACCOUNTS_AT_ONCE) }, (_, index): BundledPart => ({
    singles: singles.slice(index * ACCOUNTS_AT_ONCE, (index + 1) * ACCOUNTS_AT_ONCE),
  }));
  const findings: BundledFinding[] = [];
  const progress = progressOf('organizations of bundled functions played', parts.length);
  await inParallel<BundledPart, BundledDone>(parts, ({ found }) => {
    findings.push(...found);
    progress();
  });
  process.stdout.write(
    `${singles.length} single faults through the bundled functions in ${seconds(start)} s; ${findings.length} broke a promise\n`,
  );
  printFindings(findings.map(({ single, problems }) => [single, problems]));
  return { schedules: singles.length, failed: findings.length };
}

/** One replay for each way in which promises broke. */
function printFindings(findings: readonly (readonly [Schedule | Single, readonly string[]])[]): void {
  const kinds = new Map<string, (Schedule | Single)[]>();
  for (const [schedule, problems] of findings)
    kinds.set(problems.join('; '), [...(kinds.get(problems.join('; ')) ?? []), schedule]);
  for (const [problems, [first, ...others]] of kinds)
    process.stdout.write(
      `\n${problems}${others.length > 0 ? ` (and in ${others.length} more schedules)` : ''}\n  ${replayCommand(first!)}\n`,
    );
}

/** That all this can fail: each mutation of the domain must break the promise that it is expected to break. */
async function mutate(): Promise<void> {
  const start = performance.now();
  const queue = [...MUTATIONS];
  const verdicts = new Map<string, Verdict>();
  const progress = progressOf('mutations tried', queue.length);
  const work = async (): Promise<void> => {
    for (let mutation = queue.shift(); mutation; mutation = queue.shift()) {
      verdicts.set(mutation.name, await tryMutation(mutation));
      progress();
    }
  };
  await Promise.all(cpus().map(work));
  const table = new Table({
    head: ['mutation', 'what noticed it'],
    style: { head: [], border: [] },
    wordWrap: true,
    colWidths: [38, 39],
  });
  for (const { name } of MUTATIONS) table.push([name, verdicts.get(name)!.said]);
  process.stdout.write(`${table.toString()}\n${MUTATIONS.length} mutations in ${seconds(start)} s\n`);
  conclude('mutations', MUTATIONS.length, [...verdicts.values()].filter(({ good }) => !good).length);
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
  const tallies = [await atPorts(['singles', 'deeds', 'pairs']), await bundled()];
  await mutate();
  sum(tallies);
}

const sum = (tallies: readonly Tally[]): void =>
  conclude(
    'schedules',
    tallies.reduce((all, { schedules }) => all + schedules, 0),
    tallies.reduce((all, { failed }) => all + failed, 0),
  );

function parseSchedule(text = ''): Schedule | Single | undefined {
  try {
    const parsed = JSON.parse(text) as Partial<Schedule & Single>;
    return Array.isArray(parsed.faults) || (typeof parsed.call === 'number' && typeof parsed.fault === 'string')
      ? (parsed as Schedule | Single)
      : undefined;
  } catch {
    return undefined;
  }
}

const [, , mode, text] = process.argv;
if (mode === '--worker')
  process.on('message', (part: Part | BundledPart) => void work(part).then((done) => process.send!(done)));
else if (mode === '--replay')
  void (parseSchedule(text)
    ? replay(parseSchedule(text)!)
    : refuse('--replay needs a schedule in JSON, as a broken promise prints it'));
else if (mode === '--mutations') void mutate();
else if (mode === '--bundled') void bundled().then((tally) => sum([tally]));
else if (mode === '--quick') void atPorts(['singles', 'deeds']).then((tally) => sum([tally]));
else if (mode === undefined) void everything();
else refuse(`there is no ${mode}; there are --quick, --bundled, --mutations and --replay`);
