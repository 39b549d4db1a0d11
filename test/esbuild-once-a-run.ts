/** Takes the place of `esbuild` in tests: what is built synchronously, the functions' bundles, is built once for all files of a run. */
import type * as Esbuild from 'esbuild';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onceARun } from './run-folder';

const esbuild = require('esbuild/lib/main.js') as typeof Esbuild;

export const { build } = esbuild;

export function buildSync(options: Esbuild.BuildOptions): {
  readonly outputFiles: readonly Pick<Esbuild.OutputFile, 'path' | 'contents'>[];
  readonly metafile?: Esbuild.Metafile;
} {
  if (options.metafile) return esbuild.buildSync({ ...options, metafile: true, write: false });
  const folder = onceARun('bundle', options, (place) => {
    const files = esbuild.buildSync({ ...options, write: false }).outputFiles;
    writeFileSync(join(place, 'paths.json'), JSON.stringify(files.map(({ path }) => path)));
    files.forEach(({ contents }, index) => writeFileSync(join(place, String(index)), contents));
  });
  const paths = JSON.parse(readFileSync(join(folder, 'paths.json'), 'utf8')) as string[];
  return { outputFiles: paths.map((path, index) => ({ path, contents: readFileSync(join(folder, String(index))) })) };
}
