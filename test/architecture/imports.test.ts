/** Plants what must never be imported, in every way of importing, and lints it as `npm run lint` does. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix, resolve } from 'node:path';

const TABLE = require('../../.oxlint/rooms.js') as {
  readonly rooms: readonly { readonly room: string; readonly rooms: readonly string[] }[];
  readonly exceptions: readonly { readonly file: string; readonly imports: string; readonly reason: string }[];
};

const WAYS: Readonly<Record<string, (specifier: string) => string>> = {
  import: (specifier) => `import { thing } from '${specifier}';\nexport const copy = thing;\n`,
  'import for its effect': (specifier) => `import '${specifier}';\n`,
  'import type': (specifier) => `import type { Thing } from '${specifier}';\nexport type Copy = Thing;\n`,
  'import =': (specifier) => `import thing = require('${specifier}');\nexport const copy = thing;\n`,
  'import()': (specifier) => `export const copy = async () => (await import('${specifier}')).thing;\n`,
  'import() of a template': (specifier) => `export const copy = async () => (await import(\`${specifier}\`)).thing;\n`,
  'the type import()': (specifier) => `export type Copy = import('${specifier}').Thing;\n`,
  'typeof import()': (specifier) => `export type Copy = typeof import('${specifier}');\n`,
  export: (specifier) => `export { thing } from '${specifier}';\n`,
  'export *': (specifier) => `export * from '${specifier}';\n`,
  'export type': (specifier) => `export type { Thing } from '${specifier}';\n`,
  require: (specifier) => `export const copy = require('${specifier}').thing;\n`,
  'require below a condition': (specifier) =>
    `export const copy = (on: boolean) => on && (require('${specifier}') as { thing: string }).thing;\n`,
  'require.resolve': (specifier) => `export const copy = require.resolve('${specifier}');\n`,
  'module.require': (specifier) => `export const copy = module.require('${specifier}');\n`,
};

type Arrow = readonly [from: string, to: string];

const FORBIDDEN: readonly Arrow[] = [
  ['bin/app', 'lib/simulator/rehearsal/rehearsal'],
  ['bin/app', 'lib/cli/program'],
  ['bin/access-keys', 'lib/roster/load'],
  ['bin/access-keys', 'lambda/aws/sts'],
  ['lib/cli', 'bin/app'],
  ['lib/cli', 'lambda/domain/ports'],
  ['lib/cli', 'lambda/aws/sts'],
  ['lib/simulator/rehearsal', 'lib/cli/program'],
  ['lib/simulator/rehearsal', 'lambda/domain/rotation/guard'],
  ['lib/simulator/rehearsal/page', 'lib/simulator/local-organization/organization'],
  ['lib/simulator/rehearsal/people', 'lib/simulator/rehearsal/operations/mishaps'],
  ['lib/simulator/rehearsal/observation', 'lib/simulator/rehearsal/output/report'],
  ['lib/simulator/rehearsal/history', 'lib/simulator/rehearsal/scenario/scenario'],
  ['lib/simulator/local-organization', 'lib/simulator/rehearsal/output/report'],
  ['lib/simulator/local-organization', 'lambda/domain/secret-value'],
  ['lib/stacks/app', 'lib/simulator/local-organization/organization'],
  ['lib/stacks/pipeline', 'lib/simulator/rehearsal/output/report'],
  ['lib/stacks/central', 'lib/stacks/pipeline/steps'],
  ['lib/stacks/member', 'lambda/rotate/index'],
  ['lib/stacks', 'lib/stacks/member/policies'],
  ['lib/plan', 'lib/publish/publish'],
  ['lib/plan', 'lib/cli/option-parsers'],
  ['lib/publish', 'lib/operator/bake'],
  ['lib/operator', 'lib/simulator/local-organization/organization'],
  ['lib/org-bucket', 'lib/plan/plan'],
  ['lib/cloud-assembly', 'lib/simulator/local-organization/organization'],
  ['lib/roster', 'lambda/domain/roster/parse-slice'],
  ['lib/roster', 'test/fixtures/rosters'],
  ['lib/roster', 'aws-cdk-lib/aws-iam'],
  ['lib/stacks/app', '@cloud-copilot/iam-simulate'],
  ['lambda/rotate', 'lib/roster/roster'],
  ['lambda/reconcile', 'lib/simulator/local-organization/clock'],
  ['lambda/operate', 'lambda/domain/reconcile/run'],
  ['lambda/mailer', 'aws-cdk-lib'],
  ['lambda/aws', 'lib/names'],
  ['lambda/aws', 'lambda/rotate/index'],
  ['lambda/aws', 'constructs'],
  ['lambda/domain/operate', 'lambda/domain/reconcile/run'],
  ['lambda/domain/rotation', 'lambda/domain/operate/run-command'],
  ['lambda/domain/notices', 'lambda/domain/rotation/context'],
  ['lambda/domain/keys', 'lambda/domain/notices/compose'],
  ['lambda/domain/keys', 'lambda/domain/roster/subject'],
  ['lambda/domain/roster', 'lambda/domain/keys/quiet'],
  ['lambda/domain/ledger', 'lambda/domain/keys/quiet'],
  ['lambda/domain/ledger', 'lambda/domain/roster/subject'],
  ['lambda/domain/mail', 'lambda/domain/ledger/tags'],
  ['lambda/domain/mail', 'lambda/domain/notices/compose'],
  ['lambda/domain/ports', 'lambda/domain/ledger/tags'],
  ['lambda/domain/reconcile', 'lambda/aws/sts'],
  ['lambda/domain/reconcile', 'lib/roster/roster'],
  ['lambda/domain/rotation', '@aws-sdk/client-iam'],
  ['lambda/domain/rotation', 'node:fs'],
  ['lambda/domain/rotation', 'fs/promises'],
  ['lambda/contract', 'lambda/domain/time'],
  ['lambda/contract', 'lib/names'],
  ['lambda/contract', 'node:crypto'],
];

const ALLOWED: readonly Arrow[] = [
  ['bin/access-keys', 'lib/cli/program'],
  ['bin/app', 'lib/stacks/app'],
  ['lib/cli', 'lib/simulator/rehearsal/rehearsal'],
  ['lib/cli', 'lib/cli/plan'],
  ['lib/simulator/rehearsal', 'lib/simulator/local-organization/organization'],
  ['lib/simulator/rehearsal', 'lib/stacks/app'],
  ['lib/simulator/rehearsal/operations', 'lib/simulator/rehearsal/people/owner-activity'],
  ['lib/plan', 'lib/org-bucket/store'],
  ['lib/publish', 'lib/plan/plan'],
  ['lib/roster', 'lambda/contract/slice'],
  ['lib/roster', 'node:fs'],
  ['lambda/rotate', 'lambda/aws/member-function'],
  ['lambda/aws', 'lambda/domain/ports'],
  ['lambda/aws', '@aws-sdk/client-iam'],
  ['lambda/domain/reconcile', 'lambda/domain/operate/run-command'],
  ['lambda/domain/operate', 'lambda/domain/rotation/close-rotation'],
  ['lambda/domain/rotation', 'lambda/domain/notices/compose'],
  ['lambda/domain/notices', 'lambda/domain/keys/quiet'],
  ['lambda/domain/keys', 'lambda/domain/ledger/tags'],
  ['lambda/domain/mail', 'lambda/domain/time'],
  ['lambda/domain/ledger', 'lambda/contract/slice'],
];

const OTHERS = {
  'lambda/domain/keys/computed.ts': [
    'export const copy = (name: string) => import(name);',
    'name the module in the import itself',
  ],
  'lib/plan/computed.ts': [
    'export const copy = (name: string) => require(`./${name}`) as unknown;',
    'name the module in the import itself',
  ],
  'lib/plan/renamed.ts': ['const load = require;\nexport const copy = load;', 'call require with the name of a module'],
  'lib/plan/created.ts': [
    "import { createRequire } from 'node:module';\nexport const copy = createRequire(__filename);",
    'lib/plan may not import node:module',
  ],
  'lib/unlisted/new.ts': [
    'export const copy = 1;',
    'lib/unlisted/new.ts is in no room: give it a row in .oxlint/rooms.js',
  ],
  'bin/other.ts': ['export const copy = 1;', 'bin/other.ts is in no room'],
  'lambda/domain/environment.ts': ['export const home = process.env.HOME;', 'domain code has no environment'],
} as const;

const relative = (from: string, to: string): string => posix.relative(from, to).replace(/^(?!\.)/, './');
const specifierOf = ([from, to]: Arrow): string => (/^(?:bin|lib|lambda|test)\//.test(to) ? relative(from, to) : to);
const planted = ([from, to]: Arrow, way: string): string =>
  `${from}/${to.replaceAll(/\W+/g, '-')}-${Object.keys(WAYS).indexOf(way)}.ts`;
const sources = [
  ...[...FORBIDDEN, ...ALLOWED].flatMap((arrow) =>
    Object.entries(WAYS).map(([way, write]) => [planted(arrow, way), write(specifierOf(arrow))] as const),
  ),
  ...Object.entries(OTHERS).map(([path, [source]]) => [path, source] as const),
];

/** What lint says of each file, all of them in one run. */
function lint(): ReadonlyMap<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'imports-'));
  try {
    copyFileSync('.oxlintrc.json', join(folder, '.oxlintrc.json'));
    cpSync('.oxlint', join(folder, '.oxlint'), { recursive: true });
    for (const [path, text] of sources) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    const { status, stdout } = spawnSync(resolve('node_modules/.bin/oxlint'), ['--deny-warnings', '--format', 'json'], {
      cwd: folder,
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    });
    if (status !== 1) throw new Error(`lint ended with ${status}: ${stdout}`);
    const said = new Map<string, string>();
    for (const { filename, message } of (
      JSON.parse(stdout) as { diagnostics: readonly { filename: string; message: string }[] }
    ).diagnostics)
      said.set(filename, `${said.get(filename) ?? ''}${message}\n`);
    return said;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

let said: ReadonlyMap<string, string>;
beforeAll(() => void (said = lint()));

test.each(FORBIDDEN)('%s may not import %s in any way, and the message says what to do instead', (...arrow) => {
  const answers = Object.keys(WAYS).map((way) => [way, said.get(planted(arrow, way))]);
  expect(answers).toEqual(
    Object.keys(WAYS).map((way) => [
      way,
      expect.stringMatching(/^\S+ may not import \S+: .*; .+ \(\.oxlint\/rooms\.js\)\n$/),
    ]),
  );
});

test.each(ALLOWED)('%s may import %s in every way', (...arrow) => {
  expect(Object.keys(WAYS).map((way) => [way, said.get(planted(arrow, way))])).toEqual(
    Object.keys(WAYS).map((way) => [way, undefined]),
  );
});

test.each(Object.entries(OTHERS).map(([path, [, message]]) => [path, message]))(
  'in %s lint says: %s',
  (path, message) => {
    expect(said.get(path)).toContain(message);
  },
);

test('a room imports only rooms below it in the table, so that there is no circle', () => {
  const names = TABLE.rooms.map(({ room }) => room);
  const upwards = TABLE.rooms.flatMap(({ room, rooms }, index) =>
    rooms.filter((other) => names.indexOf(other) <= index).map((other) => `${room} → ${other}`),
  );
  expect(upwards).toEqual([]);
});

test('every room of the table exists', () => {
  const exists = (room: string): boolean => ['', '.ts', '.js'].some((extension) => existsSync(`${room}${extension}`));
  expect(TABLE.rooms.map(({ room }) => room).filter((room) => !exists(room))).toEqual([]);
});

test('every exception is needed, goes from lib into the domain, and says why', () => {
  for (const { file, imports, reason } of TABLE.exceptions) {
    expect(readFileSync(file, 'utf8')).toContain(`'${relative(dirname(file), imports)}'`);
    expect([file, imports, reason]).toEqual([
      expect.stringMatching(/^lib\//),
      expect.stringMatching(/^lambda\/domain\//),
      expect.stringMatching(/\w+ \w+/),
    ]);
  }
});
