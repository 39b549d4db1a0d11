/** What the documents have people type: commands and options of this product that exist, files that are there, in an order that works. */
import { Command } from 'commander';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const README = readFileSync('README.md', 'utf8');
const DOCUMENTS = [
  'README.md',
  ...readdirSync('docs')
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];

const LOADED: Readonly<Record<string, () => Promise<(command: Command) => void>>> = {
  validate: async () => (await import('../../lib/cli/validate')).define,
  plan: async () => (await import('../../lib/cli/plan')).define,
  publish: async () => (await import('../../lib/cli/publish')).define,
  bake: async () => (await import('../../lib/cli/bake')).define,
  rotate: async () => (await import('../../lib/cli/operate')).defineRotate,
  rollback: async () => (await import('../../lib/cli/operate')).defineRollback,
  'verify-owners': async () => (await import('../../lib/cli/verify-owners')).define,
  doctor: async () => (await import('../../lib/cli/doctor')).define,
  rehearse: async () => (await import('../../lib/cli/rehearse')).define,
};

const typed = DOCUMENTS.flatMap((file) =>
  [...readFileSync(file, 'utf8').matchAll(/node bin\/access-keys\.js ([^`\n]+)/g)].map(([, words]) => ({
    file,
    words: words!.trim().split(/\s+/),
  })),
);

test('every command of this product that the documents name exists, with its options and those that it needs', async () => {
  expect(typed.length).toBeGreaterThan(20);
  for (const { file, words } of typed) {
    const [name = '', ...rest] = words;
    const command = new Command(name);
    (await LOADED[name]!())(command);
    const given = rest.filter((word) => word.startsWith('--'));
    const known = command.options.map(({ long }) => long);
    expect({ file, words, unknown: given.filter((option) => !known.includes(option)) }).toMatchObject({ unknown: [] });
    const needed = command.options.flatMap(({ long, mandatory }) => (mandatory ? [long] : []));
    expect({ file, words, missing: needed.filter((option) => !given.includes(option!)) }).toMatchObject({
      missing: [],
    });
  }
});

test('every file that a command of the documents reads is there, or is one that synthesis writes', () => {
  const written = ['dist/AccessKeysRotator.template.json', 'dist/permissions-boundary.json'];
  const named = DOCUMENTS.flatMap((file) => [
    ...readFileSync(file, 'utf8').matchAll(/(?:file:\/\/|--template-file |roster[ =]|--to )([a-z][\w./-]*\/[\w./-]+)/g),
  ]).map(([, path]) => path!);
  expect(named.length).toBeGreaterThan(8);
  expect(named.filter((path) => !written.includes(path) && !existsSync(path))).toEqual([]);
});

test.each([
  ['the user guard lets users through', 'aws iam tag-user', 'npx cdk deploy AccessKeysPipeline'],
  ['the boundary is there', '--policy-name access-keys-security-boundary', 'npx cdk bootstrap aws://222222222222/'],
  ['the execution policy is there', '--policy-name access-keys-deployment ', 'npx cdk bootstrap aws://222222222222/'],
  ['the account is bootstrapped', 'npx cdk bootstrap aws://222222222222/', 'npx cdk deploy AccessKeysPipeline'],
  ['StackSets may be used', 'register-delegated-administrator', 'npx cdk deploy AccessKeysPipeline'],
  ['the roster has its connection', 'codeconnections create-connection', 'npx cdk deploy AccessKeysPipeline'],
  ['a stage has its boundary', '--policy-name access-keys-boundary ', 'npx cdk bootstrap aws://111111111111/'],
])('the README does first what comes first: %s', (_, earlier, later) => {
  expect(README.indexOf(earlier)).toBeGreaterThan(-1);
  expect(README.indexOf(later)).toBeGreaterThan(README.indexOf(earlier));
});
