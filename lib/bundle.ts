import { buildSync } from 'esbuild';
import { join } from 'node:path';

const ROOT = join(__dirname, '..');

/** Bundled functions live here until the assembly copies them, one folder each. */
export const BUNDLES = join(ROOT, 'dist');

/** One file a function, the same bytes on every machine: no absolute path, no source map, no time. */
export function bundle(names: readonly string[], outdir = BUNDLES): void {
  buildSync({
    absWorkingDir: ROOT,
    entryPoints: Object.fromEntries(names.map((name) => [`${name}/index`, `lambda/${name}/index.ts`])),
    outdir,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    mainFields: ['module', 'main'],
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    logLevel: 'error',
  });
}
