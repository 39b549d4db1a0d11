import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** Says that a directory is a rehearsal's, so that the next one may replace what is in it. */
const MARKER = '.access-keys-rehearsal';
const CONTENT = 'Made by access-keys rehearse, which replaces this directory when it runs again.\n';

class OutputDirectoryError extends Error {}

/**
 * Makes sure that a rehearsal may write there, before it spends any time.
 * @throws OutputDirectoryError for a file, for a directory that holds anything but a former rehearsal, and for one that cannot be made or written.
 */
export function claimOutputDirectory(directory: string): void {
  if (directory === '') throw new OutputDirectoryError('--out needs the name of a directory');
  if (!existsSync(directory)) return makeDirectory(resolve(directory));
  if (!statSync(directory).isDirectory())
    throw new OutputDirectoryError(`${directory} is a file, and --out needs a directory`);
  const entries = readdirSync(directory);
  if (entries.length === 0 || isMarked(directory)) return checkWritable(directory);
  throw new OutputDirectoryError(
    `${directory} is not empty and holds no former rehearsal: nothing there was touched; choose another directory for --out`,
  );
}

/** Replaces a former rehearsal's files by these; names may lie in one folder below. */
export function writeOutput(
  directory: string,
  files: readonly { readonly name: string; readonly content: string; readonly mode?: number }[],
): void {
  claimOutputDirectory(directory);
  for (const entry of readdirSync(directory)) rmSync(join(directory, entry), { recursive: true });
  writeFileSync(join(directory, MARKER), CONTENT);
  mkdirSync(join(directory, 'mails'));
  for (const { name, content, mode = 0o644 } of files) writeFileSync(join(directory, name), content, { mode });
}

/** One folder after another: Node's own way never ends where a file system refuses new folders as missing, as /proc does. */
function makeDirectory(directory: string): void {
  if (!existsSync(dirname(directory))) makeDirectory(dirname(directory));
  try {
    mkdirSync(directory);
  } catch (error) {
    throw new OutputDirectoryError(`${directory} cannot be made for --out (${(error as NodeJS.ErrnoException).code})`, {
      cause: error,
    });
  }
}

function checkWritable(directory: string): void {
  try {
    accessSync(directory, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new OutputDirectoryError(
      `${directory} cannot be written to by --out (${(error as NodeJS.ErrnoException).code})`,
      { cause: error },
    );
  }
}

function isMarked(directory: string): boolean {
  const marker = join(directory, MARKER);
  return existsSync(marker) && statSync(marker).isFile() && readFileSync(marker, 'utf8') === CONTENT;
}
