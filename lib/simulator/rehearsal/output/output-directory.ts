import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** Lists what a rehearsal wrote, each file with a digest of its content, so that the next one may replace just that. */
const MARKER = '.access-keys-rehearsal';
const NOTE = 'Made by access-keys rehearse, which replaces these files, and no others, when it runs again.';
/** Names that a rehearsal gives. Whatever a marker lists, nothing of another name was written by one. */
const OWN_NAME = /^(?:report\.json|index\.html|credentials\.json|mails\/[A-Za-z0-9._@+=-]{1,150}\.(?:html|txt))$/;

interface Marker {
  readonly note: string;
  /** SHA-256 by name. */
  readonly files: Readonly<Record<string, string>>;
}

export interface OutputFile {
  readonly name: string;
  readonly content: string;
  readonly mode?: number;
}

class OutputDirectoryError extends Error {}

/**
 * Makes sure that a rehearsal may write there, before it spends any time.
 * @throws OutputDirectoryError for a file, for a directory that holds something and no former rehearsal, for one whose
 * files somebody changed, and for one that cannot be made or written; nothing there was touched then
 */
export function claimOutputDirectory(directory: string): void {
  if (directory === '') throw new OutputDirectoryError('--out needs the name of a directory');
  if (!existsSync(directory)) return makeDirectory(resolve(directory));
  if (!statSync(directory).isDirectory())
    throw new OutputDirectoryError(`${directory} is a file, and --out needs a directory`);
  if (readdirSync(directory).length > 0) {
    if (!markerOf(directory))
      throw new OutputDirectoryError(
        `${directory} is not empty and holds no former rehearsal: nothing there was touched; choose another directory for --out`,
      );
    refuseOccupied(directory, ['report.json', 'index.html'], formerFiles(directory));
  }
  checkWritable(directory);
}

/**
 * Replaces a former rehearsal's files by these; whatever else lies there stays.
 * @throws OutputDirectoryError when something that no rehearsal wrote has the name of a file; nothing was touched then
 */
export function writeOutput(directory: string, files: readonly OutputFile[]): void {
  claimOutputDirectory(directory);
  const former = formerFiles(directory);
  refuseOccupied(
    directory,
    files.map(({ name }) => name),
    former,
  );
  for (const name of former) rmSync(join(directory, name));
  const written = Object.fromEntries(files.map(({ name, content }) => [name, digestOf(content)]));
  writeMarker(directory, written);
  if (!existsSync(join(directory, 'mails'))) mkdirSync(join(directory, 'mails'));
  for (const { name, content, mode = 0o644 } of files)
    writeFileSync(join(directory, name), content, { mode, flag: 'wx' });
}

/** One file more of the rehearsal that was just written there. */
export function addOutput(directory: string, { name, content, mode = 0o644 }: OutputFile): string {
  writeMarker(directory, { ...markerOf(directory)?.files, [name]: digestOf(content) });
  writeFileSync(join(directory, name), content, { mode, flag: 'wx' });
  return join(directory, name);
}

const writeMarker = (directory: string, files: Marker['files']): void =>
  writeFileSync(join(directory, MARKER), `${JSON.stringify({ note: NOTE, files } satisfies Marker, null, 1)}\n`);

/** Files that are exactly as a rehearsal wrote them. A marker alone proves nothing: anybody may have put it there. */
function formerFiles(directory: string): readonly string[] {
  const { files } = markerOf(directory) ?? { files: {} };
  return Object.entries(files).flatMap(([name, digest]) =>
    OWN_NAME.test(name) && isPlain(directory, name) && digestOf(readFileSync(join(directory, name))) === digest
      ? [name]
      : [],
  );
}

/** A regular file in real folders: no link leads elsewhere. */
function isPlain(directory: string, name: string): boolean {
  const parent = dirname(join(directory, name));
  const isFolder = parent === join(directory) || lstatSync(parent, { throwIfNoEntry: false })?.isDirectory() === true;
  return isFolder && lstatSync(join(directory, name), { throwIfNoEntry: false })?.isFile() === true;
}

function refuseOccupied(directory: string, names: readonly string[], former: readonly string[]): void {
  const own = new Set(former);
  const mails = lstatSync(join(directory, 'mails'), { throwIfNoEntry: false });
  const taken = names.find((name) => !own.has(name) && lstatSync(join(directory, name), { throwIfNoEntry: false }));
  const occupied = mails && !mails.isDirectory() ? 'mails' : taken;
  if (occupied === undefined) return;
  throw new OutputDirectoryError(
    `${join(directory, occupied)} was not written by a rehearsal, or was changed since: nothing there was touched; move it, or choose another directory for --out`,
  );
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

function markerOf(directory: string): Marker | undefined {
  if (!isPlain(directory, MARKER)) return undefined;
  try {
    const { note, files } = JSON.parse(readFileSync(join(directory, MARKER), 'utf8')) as Partial<Marker>;
    return note === NOTE && typeof files === 'object' && files !== null ? { note, files } : undefined;
  } catch {
    return undefined;
  }
}

const digestOf = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex');
