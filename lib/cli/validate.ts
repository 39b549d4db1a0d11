import { type Command, Option } from 'commander';
import { loadRoster, type LoadedRoster } from '../roster/load';
import { renderGithub, renderProblems } from '../roster/render';
import { colours, print, printCommands, printJson } from '../terminal';
import { parseDay } from './option-parsers';

interface Options {
  readonly roster: string;
  readonly at?: Date;
  readonly format: 'text' | 'json' | 'github';
}

export function define(command: Command): void {
  command
    .option('--roster <file|dir>', 'a roster FILE, or a DIRECTORY with roster.yaml and accounts/*.yaml', 'config')
    .option('--at <date>', 'date used to evaluate exemptions, YYYY-MM-DD (default: today)', parseDay)
    .addOption(new Option('--format <format>', 'output format').choices(['text', 'json', 'github']).default('text'))
    .action(({ roster, at, format }: Options) => {
      const loaded = loadRoster(roster, { at: at ?? new Date() });
      PRINTERS[format](loaded);
      process.exitCode = hasErrors(loaded) ? 1 : 0;
    });
}

const hasErrors = ({ problems }: LoadedRoster): boolean => problems.some(({ severity }) => severity === 'error');

const PRINTERS: Readonly<Record<Options['format'], (loaded: LoadedRoster) => void>> = {
  json: (loaded) => {
    const { accounts, users } = loaded;
    const problems = loaded.problems.map(({ frame: _frame, ...problem }) => problem);
    printJson({ ok: !hasErrors(loaded), accounts, users, problems });
  },
  github: ({ problems }) => printCommands(problems.map(renderGithub)),
  text: (loaded) => {
    const { problems, accounts, users } = loaded;
    const errors = problems.filter(({ severity }) => severity === 'error').length;
    const verdict =
      errors > 0
        ? `roster refused: ${count(errors, 'error')}, ${count(problems.length - errors, 'warning')}`
        : `roster is good: ${count(accounts, 'account')}, ${count(users, 'user')}, ${count(problems.length, 'warning')}`;
    print(`${renderProblems(problems, colours())}${verdict}\n`);
  },
};

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;
