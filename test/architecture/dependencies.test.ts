/** package.json and what is imported, compared both ways: what runs elsewhere needs no development dependency. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { SIMULATOR_PACKAGES } from '../../lib/cli/lacks-simulator';
import { dependencies, devDependencies, scripts } from '../../package.json';

const ROOT = join(__dirname, '../..');
const IMPORT =
  /^(?:import|export)\s+(type\s)?[^;'"`]*?from\s+'([^']+)'|^import\s+'([^']+)'|\b(?:import|require(?:\.resolve)?)\(\s*'([^']+)'/gm;
const PACKAGE = /^(?:@[a-z0-9-]+\/)?[a-z0-9][a-z0-9.-]*(?=\/|$)/;

/** Called by people, and by cdk.json. */
const CALLED = ['aws-cdk'];
/** Named in a configuration instead of imported, or looked for by another tool: `oxlint --type-aware` runs its tsgolint. */
const CONFIGURED: Readonly<Record<string, readonly [file: string, word: string]>> = {
  '@swc/jest': ['jest.config.js', '@swc/jest'],
  'oxlint-tsgolint': ['package.json', 'oxlint --type-aware'],
  tsx: ['package.json', '--import tsx'],
};
/** Listed for what is on its way. */
const AWAITED = ['@smithy/signature-v4', '@aws-crypto/sha256-js'];

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const listed = (...paths: string[]): string[] =>
  execFileSync('git', ['ls-files', '-co', '--exclude-standard', ...paths], { cwd: ROOT, encoding: 'utf8' })
    .trim()
    .split('\n');
const files = listed('*.ts', '*.js');
const ofSimulator = (file: string): boolean =>
  file.startsWith('lib/simulator/') || ['lib/cli/play-rehearsal.ts', 'lib/cli/serve-organization.ts'].includes(file);
const inCheckoutOnly = (file: string): boolean => file === 'bin/pack.ts' || !/^(?:bin|lib|lambda)\//.test(file);
const installed = files.filter((file) => !inCheckoutOnly(file) && !ofSimulator(file));

/** Packages that the files import, with `types` also those of which they import types alone. */
function imported(from: readonly string[], types: boolean): string[] {
  const specifiers = from.flatMap((file) =>
    [...read(file).matchAll(IMPORT)].flatMap(([, type, ...names]) => (type && !types ? [] : names.filter(Boolean))),
  );
  const packages = specifiers.flatMap((specifier) => PACKAGE.exec(specifier)?.[0] ?? []);
  return [...new Set(packages)].filter((name) => !builtinModules.includes(name)).sort();
}

const typesOf = (name: string): string => `@types/${name.replace('@', '').replace('/', '__')}`;
const isIn = (list: object, name: string): boolean => Object.hasOwn(list, name);

test('what an installed command imports is a dependency, but for swc, which runs sources where it is', () => {
  const lacking = imported(installed, false).filter((name) => !isIn(dependencies, name));
  expect(lacking).toEqual(['@swc/core']);
});

test('every dependency is imported by what is installed, or called', () => {
  const used = [...imported(installed, false), ...CALLED, ...AWAITED];
  expect(Object.keys(dependencies).filter((name) => !used.includes(name))).toEqual([]);
});

test('everything that any file imports is listed, if only for its types', () => {
  const known = { ...dependencies, ...devDependencies };
  const lacking = imported(files, true).filter((name) => !isIn(known, name) && !isIn(known, typesOf(name)));
  expect(lacking).toEqual([]);
});

test('every development dependency is imported, typed, configured or called', () => {
  const used = [...imported(files, true), ...AWAITED];
  const calls = [...Object.values(scripts), ...listed('.ci').map(read)].join('\n');
  const isUsed = (name: string): boolean =>
    used.includes(name) ||
    used.some((other) => typesOf(other) === name) ||
    ['@types/node', '@types/jest'].includes(name) ||
    isConfigured(name) ||
    commandsOf(name).some((command) => new RegExp(`\\b${command}\\b`).test(calls));
  expect(Object.keys(devDependencies).filter((name) => !isUsed(name))).toEqual([]);
});

test('rehearse looks for exactly the development dependencies that it imports', () => {
  const needed = imported(files.filter(ofSimulator), false).filter((name) => !isIn(dependencies, name));
  expect([...SIMULATOR_PACKAGES].sort()).toEqual(needed);
});

function isConfigured(name: string): boolean {
  const [file, word] = CONFIGURED[name] ?? [];
  return file !== undefined && read(file).includes(word!);
}

function commandsOf(name: string): string[] {
  const { bin } = JSON.parse(read(join('node_modules', name, 'package.json'))) as { bin?: string | object };
  return typeof bin === 'string' ? [name] : Object.keys(bin ?? {});
}
