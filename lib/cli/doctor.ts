import { setTimeout as wait } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import { clientsOf, openAccount, type Account } from '../doctor/account';
import { ASSUMPTIONS } from '../doctor/assumptions';
import { listOfBelongings } from '../doctor/belongings';
import { probe, type Finding } from '../doctor/probe';
import { complain, oneLine, print, printJson } from '../terminal';

interface Options {
  readonly probe?: boolean;
  readonly region?: string;
  readonly yes?: boolean;
  readonly format: 'text' | 'json';
}

export function define(command: Command): void {
  command
    .requiredOption(
      '--probe',
      'try in a throw-away account, for cents, what AWS does where its documentation is silent',
    )
    .option('--region <region>', 'region to try; by default, the region of your AWS configuration')
    .option('--yes', 'make what the probe needs; without it, only list it')
    .addOption(new Option('--format <format>', 'output format').choices(['text', 'json']).default('text'))
    .action(async ({ region, yes = false, format }: Options) => {
      if (!yes) {
        complain(`${planText()}\n`);
        process.exitCode = 2;
        return;
      }
      const findings = await probeHere(region);
      if (format === 'json') printJson(findings);
      else print(textOf(findings));
      process.exitCode = findings.some(({ outcome }) => outcome === 'otherwise') ? 1 : 0;
    });
}

/** An interruption ends the waiting, and the probe removes what it made. */
async function probeHere(region: string | undefined): Promise<readonly Finding[]> {
  const interruption = new AbortController();
  const interrupt = (): void => interruption.abort(new Error('interrupted; what the probe made was removed'));
  process.once('SIGINT', interrupt);
  try {
    const sleep: Account['sleep'] = (milliseconds, signal) => wait(milliseconds, undefined, { signal });
    const config = region === undefined ? {} : { region };
    return await probe(await openAccount(clientsOf(config), config, sleep), interruption.signal);
  } finally {
    process.off('SIGINT', interrupt);
  }
}

const planText = (): string =>
  [
    'The probe makes the following in the account of your credentials, and removes it at its end:',
    ...listOfBelongings().map((item) => `- ${item}`),
    `It tries ${ASSUMPTIONS.length} assumptions in up to 20 minutes. Repeat with --yes, in a throw-away account.`,
  ].join('\n');

const WIDTH = 80;
const INDENT = '  ';

/** At most 80 columns: a block for each assumption, because its texts are longer than columns of a table. */
export function textOf(findings: readonly Finding[]): string {
  const blocks = findings.map(({ id, assumption, expected, outcome, found }) =>
    [
      `${id}: ${outcome}`,
      ...wrapped(`assumption: ${assumption}`),
      ...wrapped(`expected:   ${expected}`),
      ...wrapped(outcome === 'not tried' ? `not tried:  ${found}` : `found:      ${found}`),
    ].join('\n'),
  );
  const count = (wanted: Finding['outcome']): number => findings.filter(({ outcome }) => outcome === wanted).length;
  const summary = `${count('as expected')} as expected, ${count('otherwise')} otherwise, ${count('not tried')} not tried`;
  return `${blocks.join('\n\n')}\n\n${summary}\n`;
}

function wrapped(text: string): string[] {
  const lines = [''];
  for (const word of oneLine(text).split(/ (?=\S)/)) {
    const line = lines.at(-1)!;
    const longer = line === '' ? `${INDENT}${word}` : `${line} ${word}`;
    if (longer.length <= WIDTH || line === '') lines[lines.length - 1] = longer;
    else lines.push(`${INDENT}${' '.repeat(12)}${word}`);
  }
  return lines;
}
