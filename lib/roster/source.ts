/** Reads a roster's files, refusing what cannot be a roster before it costs anything. */
import { closeSync, constants, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Problem, ProblemCode } from './problem';

/** 50,000 users with every field are about 15 MB. */
const MOST_BYTES = 32 * 1024 * 1024;
const ABSENT = new Set(['ENOENT', 'ENOTDIR']);

export interface SourceFile {
  /** As given or found: what messages show. */
  readonly path: string;
  readonly text: string;
  /** The roster itself, or a team's part of it. */
  readonly part: 'roster' | 'accounts';
}

export interface Sources {
  readonly files: readonly SourceFile[];
  readonly problems: readonly Problem[];
}

/** A FILE means that file alone; a DIRECTORY means its roster.yaml and accounts/*.yaml. */
export function readSources(path: string): Sources {
  const files: SourceFile[] = [];
  const problems: Problem[] = [];
  for (const { file, part } of filesOf(path)) {
    const read = readText(file);
    if (typeof read === 'string') files.push({ path: file, text: read, part });
    else problems.push(read);
  }
  return { files, problems };
}

function filesOf(path: string): { file: string; part: SourceFile['part'] }[] {
  if (!isDirectory(path)) return [{ file: path, part: 'roster' }];
  return [
    { file: join(path, 'roster.yaml'), part: 'roster' },
    ...accountFiles(join(path, 'accounts')).map((file) => ({ file, part: 'accounts' as const })),
  ];
}

/** A folder that is there and cannot be listed stands for itself: reading it says why, and nobody's users are missing unnoticed. */
function accountFiles(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => /\.ya?ml$/.test(name))
      .sort()
      .map((name) => join(folder, name));
  } catch (error) {
    return ABSENT.has((error as NodeJS.ErrnoException).code ?? '') ? [] : [folder];
  }
}

/** What cannot be looked at is read as a file, which says why. */
function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function readText(path: string): string | Problem {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    if (ABSENT.has(code))
      return problem(
        path,
        'ROSTER_NOT_FOUND',
        'there is no such file',
        'name a roster file, or a directory with a roster.yaml, by --roster',
      );
    return problem(path, 'ROSTER_UNREADABLE', `the file cannot be read (${code})`, 'check its permissions');
  }
  try {
    const { size } = fstatSync(descriptor);
    if (!fstatSync(descriptor).isFile())
      return problem(
        path,
        'ROSTER_NOT_A_FILE',
        'this is not a regular file',
        'name a roster file, or a directory with a roster.yaml, by --roster',
      );
    if (size > MOST_BYTES)
      return problem(
        path,
        'ROSTER_TOO_LARGE',
        `the file has ${size} bytes, more than ${MOST_BYTES}`,
        'split it into accounts/*.yaml',
      );
    return decode(path, readAll(descriptor, size));
  } catch (error) {
    return problem(
      path,
      'ROSTER_UNREADABLE',
      `the file cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`,
      'check the file system',
    );
  } finally {
    closeSync(descriptor);
  }
}

function readAll(descriptor: number, size: number): Buffer {
  const buffer = Buffer.alloc(size);
  let length = 0;
  for (let read = -1; read !== 0 && length < size; length += read)
    read = readSync(descriptor, buffer, length, size - length, null);
  return buffer.subarray(0, length);
}

function decode(path: string, bytes: Buffer): string | Problem {
  const utf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  try {
    if (utf16 || bytes.includes(0)) throw new TypeError('not text');
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return problem(
      path,
      'ROSTER_ENCODING',
      utf16 ? 'the file is UTF-16, and a roster is UTF-8' : 'the file is not UTF-8 text',
      'save it as UTF-8',
    );
  }
}

function problem(file: string, code: ProblemCode, message: string, hint: string): Problem {
  return { code, severity: 'error', message, file, line: 1, column: 1, hint };
}
