import { buildSync } from 'esbuild';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const ROOT = join(__dirname, '../..');

/** Bundled functions live here until the assembly copies them, one folder each. */
export const BUNDLES = join(ROOT, 'dist');

/** What is made of a roster, for people to use: below the working folder, since a package may not be theirs to write. */
const MADE = resolve('dist');

/** npm packs no lock file, whatever else it packs. */
export const isCheckout = (): boolean => existsSync(join(ROOT, 'package-lock.json'));

/**
 * One file a function, the same bytes on every machine: no absolute path, no source map, no time. A package that was
 * compiled has no sources and the bundles already, the very bytes that were tested.
 */
export function bundle(names: readonly string[]): void {
  if (!existsSync(join(ROOT, 'lambda'))) return;
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
  for (const { path, contents } of outputFiles) put(BUNDLES, relative(BUNDLES, path), contents);
}

/** Another process that builds in the same folder finds the former file or this one, never a part. */
export const putBuilt = (name: string, contents: string): void => put(MADE, name, contents);

function put(folder: string, name: string, contents: string | Uint8Array): void {
  const path = join(folder, name);
  const partial = join(folder, `${name.replaceAll('/', '.')}.${process.pid}`);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(partial, contents);
  renameSync(partial, path);
}
