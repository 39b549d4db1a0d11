/**
 * Packs the command for folders without a checkout: `npm run pack` writes access-keys-VERSION.tgz here. With the name
 * of an empty folder it puts what it would pack there. Programs and functions are compiled into the package, so that
 * accounts get what was tested, whatever versions npm finds of the packages that they need in turn. Not npm's
 * `prepack`: .npmrc keeps the scripts of packages from running, and that one with them.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import type { BuildResult } from 'esbuild';
import { BUNDLES, bundle } from '../lib/stacks/bundle';
import packageJson from '../package.json';

const { compile } = require('./compile') as {
  compile: (names: readonly string[]) => BuildResult<{ metafile: true; write: false }>;
};

const ROOT = join(__dirname, '..');
const STAGED = join(ROOT, 'build/package');
const FUNCTIONS = ['rotate', 'reconcile', 'operate', 'mailer'];
const COPIED = [
  ...['access-keys.js', 'app.js', 'node-version.js', 'run.js'].map((file) => `bin/${file}`),
  ...['account.schema.json', 'roster.schema.json', 'examples'].map((file) => `config/${file}`),
  'docs',
  'CHANGELOG.md',
  'LICENSE',
  'README.md',
];

function stage(folder: string): void {
  const put = (name: string, contents: string | Uint8Array): void => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), contents);
  };
  for (const path of COPIED) cpSync(join(ROOT, path), join(folder, path), { recursive: true });
  const { outputFiles, metafile } = compile(['access-keys', 'app']);
  for (const { path, contents } of outputFiles) put(relative(ROOT, path), contents);
  bundle(FUNCTIONS);
  for (const name of FUNCTIONS) cpSync(join(BUNDLES, name), join(folder, 'dist', name), { recursive: true });
  const imported = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path));
  put('package.json', `${JSON.stringify(manifest(imported), null, 2)}\n`);
}

/** Without scripts, and with those dependencies only that the programs import or a person calls. */
function manifest(imported: readonly string[]): object {
  const { name, version, description, license, engines, bin, dependencies } = packageJson;
  const isUsed = (dependency: string): boolean =>
    dependency === 'aws-cdk' || imported.some((path) => path === dependency || path.startsWith(`${dependency}/`));
  const used = Object.entries(dependencies).filter(([dependency]) => isUsed(dependency));
  return { name, version, description, license, private: true, engines, bin, dependencies: Object.fromEntries(used) };
}

const [folder] = process.argv.slice(2);
if (folder === undefined) rmSync(STAGED, { recursive: true, force: true });
stage(resolve(folder ?? STAGED));
if (folder === undefined) execFileSync('npm', ['pack', STAGED], { cwd: ROOT, stdio: 'inherit' });
