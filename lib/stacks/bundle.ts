import { buildSync } from 'esbuild';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const ROOT = join(__dirname, '../..');

/** Bundled functions live here until the assembly copies them, one folder each. */
export const BUNDLES = join(ROOT, 'dist');

/** One file a function, the same bytes on every machine: no absolute path, no source map, no time. */
export function bundle(names: readonly string[]): void {
  const { outputFiles } = buildSync({
    absWorkingDir: ROOT,
    entryPoints: Object.fromEntries(names.map((name) => [`${name}/index`, `lambda/${name}/index.ts`])),
    outdir: BUNDLES,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    mainFields: ['module', 'main'],
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    logLevel: 'error',
    write: false,
  });
  for (const { path, contents } of outputFiles) putBuilt(relative(BUNDLES, path), contents);
}

/** Another process that builds from the same checkout finds the former file or this one, never a part. */
export function putBuilt(name: string, contents: string | Uint8Array): void {
  const path = join(BUNDLES, name);
  const partial = join(BUNDLES, `${name.replaceAll('/', '.')}.${process.pid}`);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(partial, contents);
  renameSync(partial, path);
}
