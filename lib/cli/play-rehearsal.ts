import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FaultPlan } from '../simulator/local-organization/faults';
import { seededRandom } from '../simulator/local-organization/random';
import { judge } from '../simulator/rehearsal/expectations';
import type { Seen } from '../simulator/rehearsal/output/report';
import type { RosterChange } from '../simulator/rehearsal/operations/pushes-and-commands';
import { claimOutputDirectory, writeOutput } from '../simulator/rehearsal/output/output-directory';
import { bundleScript, renderPage } from '../simulator/rehearsal/page/page';
import { rehearse, type Rehearsal } from '../simulator/rehearsal/rehearsal';
import { readScenario, type Scenario } from '../simulator/rehearsal/scenario/scenario';
import { renderTable } from '../simulator/rehearsal/output/table';
import type { Roster } from '../roster/roster';
import { colours, oneLine, print, printJson } from '../terminal';
import { progressBar } from './progress-bar';
import { rosterWithoutErrors } from './load-roster';
import { parseDay } from './option-parsers';
import { serve } from './serve-organization';

export interface RehearseOptions {
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

/**
 * Plays the rehearsal that the options ask for and prints what came of it. The exit status is 1 when a promise was
 * broken, a push stopped, or something that the scenario names was not seen.
 */
export async function playRehearsal(given: RehearseOptions): Promise<void> {
  const scenario = given.scenario === undefined ? undefined : readScenario(given.scenario);
  const options = scenario ? withScenario(given, scenario) : given;
  refuseContradictions(options);
  if (options.out !== undefined) claimOutputDirectory(options.out);
  const roster = rosterWithoutErrors(options.roster, options.start);
  const changes = changesOf(options);
  if (!roster || changes.length < options.change.length) return;
  const script = options.out === undefined ? undefined : pageScript();
  const rehearsal = await play(roster, changes, options, scenario);
  const seen = scenario ? judge(scenario, rehearsal) : [];
  const { report } = rehearsal;
  if (options.out !== undefined)
    await write(
      options.out,
      scenario ? { ...rehearsal, report: { ...report, scenario: { title: scenario.title, seen } } } : rehearsal,
      script!,
    );
  if (options.format === 'json') printJson({ ...report.summary, ...(scenario && { seen }) });
  else print(`${textOf(rehearsal, options)}${scenario ? storyOf(scenario.title, seen) : ''}`);
  const wentThrough = report.deployments.every(({ stopped }) => !stopped);
  process.exitCode = report.summary.ok && wentThrough && seen.every(({ ok }) => ok) ? 0 : 1;
  if (options.serve !== undefined) await serve(rehearsal, options.serve, options.out!);
}

const withScenario = (given: RehearseOptions, scenario: Scenario): RehearseOptions => ({
  ...given,
  roster: scenario.roster,
  days: scenario.days,
  seed: scenario.seed,
  start: parseDay(scenario.start),
  change: scenario.changes.map(({ day, roster }) => ({ day, path: roster })),
});

function refuseContradictions({ serve: port, out, change, days }: RehearseOptions): void {
  if (port !== undefined && out === undefined)
    throw new Error('--serve needs --out DIR: the credentials are written there');
  const late = change.find(({ day }) => day >= days);
  if (late)
    throw new Error(
      `${late.path} would be pushed on day ${late.day}, and the rehearsal has ${days} days, counted from 0`,
    );
}

/** Without those rosters that have errors, which are printed. */
const changesOf = ({ change, start }: RehearseOptions): readonly RosterChange[] =>
  change
    .flatMap(({ path, day }) => rosterWithoutErrors(path, new Date(start.getTime() + day * DAY_MS)) ?? [])
    .map((roster, index) => ({ day: change[index]!.day, roster }));

async function play(
  roster: Roster,
  changes: readonly RosterChange[],
  options: RehearseOptions,
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

/** Where pushes of the roster got to, unless all went through. */
function deploymentsOf({ deployments }: Rehearsal['report']): string {
  return deployments
    .map(({ startedAt, stopped }) =>
      stopped ? `  push of ${startedAt.slice(0, 10)} stopped at ${stopped.stage}: ${oneLine(stopped.reason)}\n` : '',
    )
    .join('');
}

function textOf({ report, skippedRuns }: Rehearsal, { out, days, seed }: RehearseOptions): string {
  const { ok, rotations, violations } = report.summary;
  const color = colours();
  const verdict = ok ? color.green('every promise held') : color.red(`${violations.length} violations`);
  const told = violations
    .slice(0, 10)
    .map(({ at, accountId, message }) => `  ${at} ${accountId} ${oneLine(message)}\n`)
    .join('');
  const look =
    out === undefined
      ? 'for the full report: access-keys rehearse --out DIR'
      : oneLine(`look at ${join(out, 'index.html')}; every event is in ${join(out, 'report.json')}`);
  return `${renderTable(report, color)}\n${days} days, seed ${seed}: ${rotations.succeeded} rotations succeeded, ${rotations.failed} failed, ${rotations.partial} partial\n${verdict}\n${told}${deploymentsOf(report)}${color.dim(`${skippedRuns} scheduled runs could not differ from the one before and were skipped`)}\n${look}\n`;
}
