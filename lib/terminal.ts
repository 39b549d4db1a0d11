/**
 * The one place that prints. Reports, messages of functions, names of files and everything else that others wrote may
 * hold characters that steer a terminal, turn the direction of text, hide it, or begin a command of GitHub Actions; none
 * of them gets past here.
 */
import { randomInt } from 'node:crypto';
import picocolors from 'picocolors';

export interface Colours {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
}

/**
 * Stands in every colour of this process and is taken out on printing: nobody else's escape sequence has it. It is a
 * parameter of the sequence, so that whoever measures text sees a colour, which has no width.
 */
const MINE = randomInt(100_000_000, 999_999_999);
const COLOUR = `\\u001b\\[${MINE};(?<code>\\d+)m`;

/** Control, format (bidirectional, zero width), surrogate, private and unassigned characters, and other ends of lines. */
const UNPRINTABLE = '(?!\\n)[\\p{C}\\u2028\\u2029]';
const EITHER = new RegExp(`${COLOUR}|${UNPRINTABLE}`, 'gu');
const UNPRINTABLE_OR_BREAK = /[\p{C}\u2028\u2029]/gu;
const REPLACEMENT = '\ufffd';

const painted =
  (from: number, to: number) =>
  (text: string): string =>
    `\u001b[${MINE};${from}m${text}\u001b[${MINE};${to}m`;
const plain = (text: string): string => text;

const PAINTED: Colours = {
  bold: painted(1, 22),
  dim: painted(2, 22),
  red: painted(31, 39),
  green: painted(32, 39),
  yellow: painted(33, 39),
};
const PLAIN: Colours = { bold: plain, dim: plain, red: plain, green: plain, yellow: plain };

/** Colours for what goes to standard output, where a person sees it. */
export const colours = (): Colours => (process.stdout.isTTY && picocolors.isColorSupported ? PAINTED : PLAIN);

/** A value that others wrote, on one line: it can neither end the line nor the column it stands in. */
export const oneLine = (value: string): string =>
  value.replaceAll('\t', ' ').replace(UNPRINTABLE_OR_BREAK, REPLACEMENT);

/**
 * Text of several lines, some of which others may have written.
 * https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands: a line that begins with `::`, and
 * `##[` wherever it stands, is a command there.
 */
const safe = (text: string): string =>
  characters(text)
    .replace(/^([^\S\n]*):(?=:)/gm, '$1: ')
    .replaceAll('##[', '## [');

const characters = (text: string): string =>
  text
    .replaceAll('\t', ' ')
    .replace(EITHER, (_, code: string | undefined) => (code === undefined ? REPLACEMENT : `\u001b[${code}m`));

/** To standard output. */
export const print = (text: string): void => void process.stdout.write(safe(text));

/** To standard error. */
export const complain = (text: string): void => void process.stderr.write(safe(text));

/** Commands of GitHub Actions, a line each, whose values are encoded already. */
export const printCommands = (lines: readonly string[]): void =>
  void process.stdout.write(lines.map((line) => `${oneLine(line)}\n`).join(''));

/** To standard output, for machines: unprintable characters are escaped, so that nothing is lost. */
export function printJson(value: unknown, indent = 2): void {
  const escaped = JSON.stringify(value, null, indent).replace(EITHER, (found) =>
    [...Array(found.length).keys()]
      .map((index) => `\\u${found.charCodeAt(index).toString(16).padStart(4, '0')}`)
      .join(''),
  );
  process.stdout.write(`${escaped}\n`);
}
