import { type Command, InvalidArgumentError, Option } from 'commander';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FaultPlan } from '../simulator/local-organization/faults';
import { seededRandom } from '../simulator/local-organization/random';
import { listen } from '../simulator/local-organization/wire/port';
import { judge } from '../simulator/rehearsal/expectations';
import type { Seen } from '../simulator/rehearsal/output/report';
import type { RosterChange } from '../simulator/rehearsal/operations/pushes-and-commands';
import { addOutput, claimOutputDirectory, writeOutput } from '../simulator/rehearsal/output/output-directory';
import { bundleScript, renderPage } from '../simulator/rehearsal/page/page';
import { rehearse, type Rehearsal } from '../simulator/rehearsal/rehearsal';
import { readScenario, type Scenario } from '../simulator/rehearsal/scenario/scenario';
import { renderTable } from '../simulator/rehearsal/output/table';
import type { Roster } from '../roster/roster';
import { colours, complain, oneLine, print, printJson } from '../terminal';
import { progressBar } from './progress-bar';
import { rosterWithoutErrors } from './load-roster';
import { parseDay, whole } from './option-parsers';

interface Options {
  readonly roster: string;
  readonly days: number;
  readonly start: Date;
  readonly seed: number;
  readonly change: readonly { readonly path: string; readonly day: number }[];
  readonly scenario?: string;
  readonly faults?: string;
  readonly out?: string;
  readonly serve?: number;
  readonly everyRun?: boolean;
  readonly format: 'text' | 'json';
}

const DAY_MS = 86_400_000;

/** Fixed, so that the same seed gives the same report whenever it is run. */
const USUAL_START = '2027-01-04';

export function define(command: Command): void {
  command
    .option(
      '--roster <file|dir>',
      'a FILE means that file alone, a DIRECTORY its roster.yaml and accounts/*.yaml',
      'config',
    )
    .addOption(
      new Option('--change <file|dir@day>', 'push another roster on that virtual day; may be repeated')
        .argParser(change)
        .default([], 'none'),
    )
    .option('--days <number>', 'virtual days', whole(1, 3650), 120)
    .addOption(
      new Option('--start <date>', 'first virtual day, YYYY-MM-DD')
        .argParser(parseDay)
        .default(parseDay(USUAL_START), USUAL_START),
    )
    .option(
      '--seed <number>',
      'draws owners, existing keys and delays; the same seed gives the same report',
      whole(0, 2 ** 31),
      1,
    )
    .addOption(
      new Option(
        '--scenario <name|dir>',
        'a story from config/scenarios with its own roster, days and seed, and what must be seen in the end',
      ).conflicts(['roster', 'change', 'days', 'start', 'seed']),
    )
    .option('--faults <file>', 'JSON list of calls that go wrong')
    .option('--out <dir>', 'write report.json, the page and the mails there')
    .option('--serve <port>', 'afterwards listen on 127.0.0.1 for the AWS CLI and SDKs; needs --out', whole(0, 65535))
    .option('--every-run', 'skip no scheduled run, even one that cannot differ from the last')
    .addOption(new Option('--format <format>', 'how to print').choices(['text', 'json']).default('text'))
    .action(run);
}

async function run(given: Options): Promise<void> {
  const scenario = given.scenario === undefined ? undefined : readScenario(given.scenario);
  const options = scenario
    ? {
        ...given,
        roster: scenario.roster,
        days: scenario.days,
        seed: scenario.seed,
        start: parseDay(scenario.start),
        change: scenario.changes.map(({ day, roster }) => ({ day, path: roster })),
      }
    : given;
  if (options.serve !== undefined && options.out === undefined)
    throw new Error('--serve needs --out DIR: the credentials are written there');
  const late = options.change.find(({ day }) => day >= options.days);
  if (late)
    throw new Error(
      `${late.path} would be pushed on day ${late.day}, and the rehearsal has ${options.days} days, counted from 0`,
    );
  if (options.out !== undefined) claimOutputDirectory(options.out);
  const roster = rosterWithoutErrors(options.roster, options.start);
  const changes = options.change
    .flatMap(({ path, day }) => rosterWithoutErrors(path, new Date(options.start.getTime() + day * DAY_MS)) ?? [])
    .map((changed, index) => ({ day: options.change[index]!.day, roster: changed }));
  if (!roster || changes.length < options.change.length) return;
  const script = options.out === undefined ? undefined : pageScript();
  const rehearsal = await play(roster, changes, options, scenario);
  const seen = scenario ? judge(scenario, rehearsal) : [];
  if (options.out !== undefined)
    await write(
      options.out,
      scenario
        ? { ...rehearsal, report: { ...rehearsal.report, scenario: { title: scenario.title, seen } } }
        : rehearsal,
      script!,
    );
  if (options.format === 'json') printJson({ ...rehearsal.report.summary, ...(scenario && { seen }) });
  else print(`${textOf(rehearsal, options)}${scenario ? storyOf(scenario.title, seen) : ''}`);
  process.exitCode =
    rehearsal.report.summary.ok &&
    rehearsal.report.deployments.every(({ stopped }) => !stopped) &&
    seen.every(({ ok }) => ok)
      ? 0
      : 1;
  if (options.serve !== undefined) await serve(rehearsal, options.serve, options.out!);
}

async function play(
  roster: Roster,
  changes: readonly RosterChange[],
  options: Options,
  scenario: Scenario | undefined,
): Promise<Rehearsal> {
  process.env.CDK_VALIDATION ??= 'false';
  const faults =
    options.faults === undefined
      ? scenario && parseFaults(scenario.faults, options.seed)
      : readFaults(options.faults, options.seed);
  const bar = progressBar(options.days);
  try {
    return await rehearse({
      roster,
      changes,
      scenario,
      days: options.days,
      start: options.start,
      seed: options.seed,
      faults,
      everyRun: options.everyRun,
      lookedInto: options.serve !== undefined,
      onDay: (day) => bar.update(day),
    });
  } finally {
    bar.stop();
  }
}

/** The story, sentence by sentence. */
function storyOf(title: string, seen: readonly Seen[]): string {
  const color = colours();
  const lines = seen.map(({ sentence, ok, found }) =>
    ok
      ? `  ${color.green('seen')}    ${oneLine(sentence)}`
      : `  ${color.red('missing')} ${oneLine(`${sentence}; found ${found}`)}`,
  );
  return `\n${oneLine(title)}\n${lines.join('\n')}\n`;
}

function parseFaults(json: unknown, seed: number): FaultPlan {
  return FaultPlan.parse(json, seededRandom(`faults ${seed}`));
}

function readFaults(path: string, seed: number): FaultPlan {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new Error(`${path}: the fault plan cannot be read: ${(error as Error).message}`, { cause: error });
  }
  try {
    return parseFaults(json, seed);
  } catch (error) {
    throw new Error(`${path}: the fault plan is refused:\n${(error as Error).message}`, { cause: error });
  }
}

/** Bundled by another process while the rehearsal plays. */
function pageScript(): Promise<string> {
  const script = bundleScript();
  script.catch(() => {});
  return script;
}

async function write(out: string, { report, mails }: Rehearsal, script: Promise<string>): Promise<void> {
  writeOutput(out, [
    { name: 'report.json', content: `${JSON.stringify(report, null, 1)}\n` },
    { name: 'index.html', content: await renderPage(report, script) },
    ...mails,
  ]);
}

/** `FILE@DAY` */
function change(text: string, former: Options['change']): Options['change'] {
  const [, path, day] = /^(.+)@(\d{1,4})$/.exec(text) ?? [];
  if (path === undefined)
    throw new InvalidArgumentError('It must be a roster and a virtual day, such as changed.yaml@30.');
  return [...former, { path, day: Number(day) }].sort((a, b) => a.day - b.day);
}

/** Where pushes of the roster got to, unless all went through. */
function deploymentsOf({ deployments }: Rehearsal['report']): string {
  return deployments
    .map(({ startedAt, stopped }) =>
      stopped ? `  push of ${startedAt.slice(0, 10)} stopped at ${stopped.stage}: ${oneLine(stopped.reason)}\n` : '',
    )
    .join('');
}

function textOf({ report, skippedRuns }: Rehearsal, { out, days, seed }: Options): string {
  const { ok, rotations, violations } = report.summary;
  const color = colours();
  const verdict = ok ? color.green('every promise held') : color.red(`${violations.length} violations`);
  const told = violations
    .slice(0, 10)
    .map(({ at, accountId, message }) => `  ${at} ${accountId} ${oneLine(message)}\n`)
    .join('');
  const look =
    out === undefined
      ? 'write it all down: access-keys rehearse --out DIR'
      : oneLine(`look at ${join(out, 'index.html')}; every event is in ${join(out, 'report.json')}`);
  return `${renderTable(report, color)}\n${days} days, seed ${seed}: ${rotations.succeeded} rotations succeeded, ${rotations.failed} failed, ${rotations.partial} partial\n${verdict}\n${told}${deploymentsOf(report)}${color.dim(`${skippedRuns} scheduled runs could not differ from the one before and were skipped`)}\n${look}\n`;
}

/** Time goes on as fast as everybody's while people look around. */
async function serve({ organization }: Rehearsal, port: number, out: string): Promise<void> {
  const credentials = organization.directory
    .accountIds()
    .map((accountId) => ({ accountId, ...organization.directory.administrator(accountId, { longLived: true }) }));
  const content = `${JSON.stringify(credentials, null, 2)}\n`;
  const file = addOutput(out, { name: 'credentials.json', content, mode: 0o600 });
  const server = await listen(organization.gateway, port, complain);
  complain(`listening on http://127.0.0.1:${server.port}; credentials in ${file}; Ctrl-C ends it\n`);
  let lastMs = Date.now();
  const flow = async (): Promise<void> => {
    const nowMs = Date.now();
    const now = new Date(organization.clock.now().getTime() + nowMs - lastMs);
    await organization.clock.advanceTo(now).catch((error: Error) => complain(`${error.stack}\n`));
    lastMs = nowMs;
    setTimeout(() => void flow(), 200);
  };
  await flow();
  await new Promise<void>((resolve) => void process.once('SIGINT', resolve).once('SIGTERM', resolve));
  await server.close();
  process.exit();
}
