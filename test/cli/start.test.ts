/** What a command loads before it does anything: its help answers at once, whatever the command itself needs. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');
const PRINT_LOADED = `
process.on('exit', () => process.stderr.write('\\n' + JSON.stringify(Object.keys(require.cache))));
process.argv = [process.execPath, ...JSON.parse(process.env.WORDS)];
require('./bin/access-keys.js');`;

function loadedBy(...words: string[]): string[] {
  const { stderr } = spawnSync(process.execPath, ['-e', PRINT_LOADED], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, WORDS: JSON.stringify(['access-keys', ...words]) },
  });
  const files = JSON.parse(stderr.slice(stderr.lastIndexOf('\n'))) as string[];
  return files.map((file) => (file.startsWith(`${ROOT}/`) ? `./${file.slice(ROOT.length + 1)}` : file));
}

const packagesOf = (files: readonly string[]): string[] => [
  ...new Set(files.flatMap((file) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? [])),
];
/** Runs the sources of a checkout; an installed command is compiled already. */
const isOfCompiler = (name: string): boolean => name.startsWith('@swc/');

test.each([[['--help']], [['rehearse', '--help']], [['help', 'rehearse']]])(
  '%j loads the parser of options and no more: no simulator, no CDK, no SDK',
  (words) => {
    const files = loadedBy(...words);
    expect(files).toContain('./lib/cli/program.ts');
    expect(files.filter((file) => file.startsWith('./lib/simulator/'))).toEqual([]);
    expect(
      packagesOf(files)
        .filter((name) => !isOfCompiler(name))
        .sort(),
    ).toEqual(['commander', 'picocolors']);
  },
);

test('a command that is run loads what it needs: what the test looks at does grow', () => {
  expect(packagesOf(loadedBy('validate', '--at', '2027-01-01'))).toContain('yaml');
});
