import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Says that a directory is a rehearsal's, so that the next one may replace what is in it. */
export const MARKER = '.access-keys-rehearsal';
const CONTENT = 'Made by access-keys rehearse, which replaces this directory when it runs again.\n';

export class OutputDirectoryError extends Error {}

/**
 * Makes sure that a rehearsal may write there, before it spends any time.
 * @throws OutputDirectoryError for a file, or for a directory that holds anything but a former rehearsal.
 */
export function claimOutputDirectory(directory: string): void {
  if (!existsSync(directory)) return;
  if (!statSync(directory).isDirectory()) throw new OutputDirectoryError(`${directory} is a file, and --out needs a directory`);
  const entries = readdirSync(directory);
  if (entries.length === 0 || isMarked(directory)) return;
  throw new OutputDirectoryError(`${directory} is not empty and holds no former rehearsal: nothing there was touched; choose another directory for --out`);
}

/** Replaces a former rehearsal's files by these; names may lie in one folder below. */
export function writeOutput(directory: string, files: readonly { readonly name: string; readonly content: string; readonly mode?: number }[]): void {
  claimOutputDirectory(directory);
  mkdirSync(directory, { recursive: true });
  for (const entry of readdirSync(directory)) rmSync(join(directory, entry), { recursive: true });
  writeFileSync(join(directory, MARKER), CONTENT);
  mkdirSync(join(directory, 'mails'));
  for (const { name, content, mode = 0o644 } of files) writeFileSync(join(directory, name), content, { mode });
}

function isMarked(directory: string): boolean {
  const marker = join(directory, MARKER);
  return existsSync(marker) && statSync(marker).isFile() && readFileSync(marker, 'utf8') === CONTENT;
}
