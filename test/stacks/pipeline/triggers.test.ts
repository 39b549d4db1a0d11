/** The pipeline starts by pushes to whatever Synth executes or trusts, and CODEOWNERS covers it; by nothing else. */
import { buildSync } from 'esbuild';
import { readFileSync, readdirSync } from 'node:fs';
import { parse } from 'yaml';
import { pushPatterns } from '../../../lib/stacks/pipeline/triggers';
import { ROSTERS } from '../../fixtures/rosters';

/** The commands of Synth, and what it bundles into the functions. */
const EXECUTED = [
  'bin/app.ts',
  'lib/cli/validate.ts',
  'lib/cli/plan.ts',
  ...['rotate', 'reconcile', 'operate', 'mailer'].map((name) => `lambda/${name}/index.ts`),
];
/** Read by npm, the CDK's command and the compilers, and the command itself. */
const TRUSTED = [
  'package.json',
  'package-lock.json',
  '.npmrc',
  'cdk.json',
  'tsconfig.json',
  ...readdirSync('bin').map((name) => `bin/${name}`),
];
const ROSTER = [
  `${ROSTERS.organization}/roster.yaml`,
  `${ROSTERS.organization}/accounts/data-platform.yaml`,
  'config/roster.schema.json',
  'config/account.schema.json',
];

function imported(): string[] {
  const { metafile } = buildSync({
    entryPoints: EXECUTED,
    bundle: true,
    write: false,
    metafile: true,
    outdir: 'dist',
    platform: 'node',
    packages: 'external',
    logLevel: 'error',
  });
  return Object.keys(metafile.inputs);
}

/** As CodePipeline reads it: https://docs.aws.amazon.com/codepipeline/latest/userguide/syntax-glob.html */
function globOf(pattern: string): RegExp {
  const escaped = pattern.replaceAll(/[.+^$()|]/g, '\\$&');
  const grouped = escaped.replaceAll('{', '(?:').replaceAll('}', ')').replaceAll(',', '|');
  return new RegExp(`^${grouped.replaceAll(/\*\*?/g, (star) => (star === '**' ? '.*' : '[^/]*'))}$`);
}

const patterns = pushPatterns(ROSTERS.organization);
const starts = (file: string): boolean => patterns.some((pattern) => globOf(pattern).test(file));

test('there are no more patterns than CodePipeline accepts', () => {
  expect(patterns.length).toBeLessThanOrEqual(8);
});

test('a push of anything that Synth executes or trusts starts the pipeline', () => {
  const files = imported();
  expect(files.length).toBeGreaterThan(100);
  expect([...files, ...TRUSTED, ...ROSTER].filter((file) => !starts(file))).toEqual([]);
});

test.each([
  'lib/simulator/local-organization/organization.ts',
  'lib/simulator/rehearsal/rehearsal.ts',
  'lib/simulator/local-organization/SPEC.md',
  'config/scenarios/leaver/scenario.yaml',
  'test/stacks/pipeline/triggers.test.ts',
  'docs/operations.md',
  'docs/deployment-policy.json',
  'README.md',
  'jest.config.js',
  '.github/workflows/roster.yml',
])('a push of %s deploys nothing', (file) => {
  expect(starts(file)).toBe(false);
});

test('Synth imports nothing of the simulator and nothing of the tests', () => {
  expect(imported().filter((file) => /^(lib\/simulator|test)\//.test(file))).toEqual([]);
});

test('CODEOWNERS covers what Synth executes or trusts, the checks of pull requests, and itself', () => {
  const owned = readFileSync('.github/CODEOWNERS', 'utf8')
    .split('\n')
    .flatMap((line) => /^\/(\S+) @/.exec(line)?.[1] ?? []);
  const covers = (file: string): boolean =>
    owned.some((path) => (path.endsWith('/') ? file.startsWith(path) : globOf(path).test(file)));
  const checks = [
    'test/stacks/pipeline/triggers.test.ts',
    'jest.config.js',
    '.github/CODEOWNERS',
    '.github/workflows/checks.yml',
  ];
  expect([...imported(), ...TRUSTED, ...ROSTER, ...checks].filter((file) => !covers(file))).toEqual([]);
});

test('the required check runs for every pull request: one that a path filter leaves out is waited for for ever', () => {
  const { on } = parse(readFileSync('.github/workflows/checks.yml', 'utf8')) as { on: object };
  expect(on).toEqual({ pull_request: null });
});
