/** Problems as people and machines read them. */
import { oneLine, type Colours } from '../terminal';
import type { Problem } from './problem';

type Marks = Pick<Colours, 'bold' | 'red' | 'yellow' | 'dim'>;

/** Of a terminal: carets below a line that wraps stand below nothing. */
const COLUMNS = 80;

const plain = (text: string): string => text;
const NO_COLOURS: Marks = { bold: plain, red: plain, yellow: plain, dim: plain };

/** `path:line:col: error CODE: message`, the line with carets under what is meant, and a hint. */
export function renderText(problem: Problem, colours: Marks = NO_COLOURS): string {
  const mark = problem.severity === 'error' ? colours.red : colours.yellow;
  const head = `${colours.bold(`${oneLine(problem.file)}:${problem.line}:${problem.column}:`)} ${mark(`${problem.severity} ${problem.code}`)}: ${problem.message}`;
  return [
    head,
    ...frameOf(problem).map((line, index) => (index === 1 ? mark(line) : colours.dim(line))),
    `  hint: ${problem.hint}`,
  ].join('\n');
}

/** Nobody reads more. */
const MOST_SHOWN = 100;

/** The first of many, each with an empty line behind it, and how many more there are. */
export function renderProblems(problems: readonly Problem[], colours?: Marks): string {
  const more =
    problems.length > MOST_SHOWN
      ? `… and ${problems.length - MOST_SHOWN} more; access-keys validate --format json has them all\n\n`
      : '';
  return (
    problems
      .slice(0, MOST_SHOWN)
      .map((problem) => `${renderText(problem, colours)}\n\n`)
      .join('') + more
  );
}

function frameOf({ frame, line, column }: Problem): string[] {
  if (!frame || frame.text.trim() === '') return [];
  const number = String(line);
  const widest = COLUMNS - `  ${number} | `.length;
  const from =
    column - 1 + frame.length <= widest
      ? 0
      : Math.max(0, Math.min(column - 21, Math.max(frame.text.length, column) - widest));
  const shown = frame.text.slice(from, from + widest).replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/g, ' ');
  const carets = '^'.repeat(Math.max(1, Math.min(frame.length, widest - (column - 1 - from))));
  return [`  ${number} | ${shown}`, `  ${' '.repeat(number.length)} | ${' '.repeat(column - 1 - from)}${carets}`].map(
    (text) => text.trimEnd(),
  );
}

/** https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#setting-an-error-message */
export function renderGithub({ severity, file, line, column, code, message, hint }: Problem): string {
  return `::${severity} file=${property(file)},line=${line},col=${column},title=${property(code)}::${data(`${message}; hint: ${hint}`)}`;
}

const data = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
