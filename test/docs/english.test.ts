/** Habits that make people read a sentence twice: none is in what the product prints, mails or documents. */
import { parseSync } from '@swc/core';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

interface Habit {
  readonly habit: RegExp;
  readonly instead: string;
}

const HABITS: readonly Habit[] = [
  { habit: /\b(?:tell|tells|told|telling)\b/i, instead: 'report, notify, say' },
  { habit: /\b(?:hear|hears|heard)\b/i, instead: 'is notified, receives' },
  { habit: /\bstands? in\b|\bstands? (?:beside|behind|twice|there)\b/i, instead: 'replaces, is, appears' },
  { habit: /\bby hand\b/i, instead: 'manually, or who does it' },
  { habit: /\bneither true nor false\b/i, instead: 'must be true or false' },
  {
    habit: /[,;] for (?:it|they|he|she|there|nobody|nothing|this|that|the \w+ (?:is|are|has|have|retires|was|were))\b/i,
    instead: 'because',
  },
  { habit: /\b(?:of|for) which\b|\bof whom\b/i, instead: 'a sentence of its own' },
  { habit: /(?<!\bthere )\b(?:is|are|was|were) no (?!longer\b|more\b)/i, instead: 'is not a valid' },
  { habit: /\b(?:is|are) none\b/i, instead: 'is not valid, does not exist' },
  { habit: /\b(?:keys?|secrets?|users?) (?:\w+ )?ends?\b(?! in\b| with\b)/i, instead: 'is deactivated, is deleted' },
  { habit: /\bmend(?:s|ed|ing)?\b/i, instead: 'fix' },
  { habit: /\bany more\b/i, instead: 'no longer' },
  { habit: /\bby (?:itself|themselves)\b/i, instead: 'automatically' },
  { habit: /\b(?:go|goes|carry|carries|going) on\b/i, instead: 'continue' },
  { habit: /\b(?:save|but) for\b/i, instead: 'except for, apart from' },
  { habit: /\b(?:who|those|somebody) who may\b|\bwhoever may\b/i, instead: 'with permission, who can' },
  { habit: /\bsomebody\b/i, instead: 'someone' },
];

/** Habits that the documents are free of; the others follow as each of them is rewritten. */
const IN_DOCUMENTS = [/\bneither true nor false\b/i, /\bmend(?:s|ed|ing)?\b/i];
const DOCUMENTS = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', 'docs/*.md'];

const found = (text: string, habits: readonly Habit[] = HABITS): string[] =>
  habits.flatMap(({ habit, instead }) => {
    const [match] = habit.exec(text) ?? [];
    return match === undefined ? [] : [`"${match}" in "${text}": ${instead}`];
  });

/** Texts of the program that hold a sentence or a part of one; values in templates become `x`. */
function texts(source: string): string[] {
  const all: string[] = [];
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(visit);
    if (typeof node !== 'object' || node === null) return;
    const { type, value, quasis } = node as { type?: string; value?: string; quasis?: { cooked: string }[] };
    if (type === 'ImportDeclaration' || type === 'TsLiteralType') return;
    if (type === 'StringLiteral') all.push(value!);
    if (type === 'TemplateLiteral') all.push(quasis!.map(({ cooked }) => cooked).join('x'));
    Object.values(node).forEach(visit);
  };
  visit(parseSync(source, { syntax: 'typescript', target: 'es2022' }).body);
  return all.filter((text) => /[a-z]{2} [a-z]{2}/i.test(text));
}

const listed = (...paths: string[]): string[] =>
  execFileSync('git', ['ls-files', '-co', '--exclude-standard', ...paths], { encoding: 'utf8' })
    .trim()
    .split('\n');

test('no message, mail, alarm, log or help text has one of these habits', () => {
  const files = listed('bin/*', 'lib/*', 'lambda/*').filter((name) => /\.[jt]s$/.test(name));
  const all = files.flatMap((file) => texts(readFileSync(file, 'utf8')).map((text) => [file, text] as const));
  expect(all.length).toBeGreaterThan(900);
  expect(all.flatMap(([file, text]) => found(text).map((what) => `${file}: ${what}`))).toEqual([]);
});

test('no document has the habits that it has got rid of', () => {
  const habits = HABITS.filter(({ habit }) => IN_DOCUMENTS.some(({ source }) => source === habit.source));
  expect(habits).toHaveLength(IN_DOCUMENTS.length);
  const lines = listed(...DOCUMENTS).flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .map((line) => [file, line] as const),
  );
  expect(lines.flatMap(([file, line]) => found(line, habits).map((what) => `${file}: ${what}`))).toEqual([]);
});

test.each([
  'Secrets Manager tells of failed rotations through CloudTrail only.',
  'the admins hear of it',
  'the other key stands in for it',
  'the stack was deployed by hand',
  'compromised is neither true nor false',
  'it is kept, for it was inactive before',
  'two keys, of which one is used',
  'keyId is no access key id',
  'its user name is none',
  'a link in a mail cannot stop it before the key ends',
  'read it in the dead-letter queue, mend the cause, send it back',
  'the key does not work any more',
  'the rotation starts by itself',
  'rotation goes on',
  'but for this user nobody can read it',
  'ask whoever may read it',
  'it was deleted by somebody',
])('a planted sentence is found: %s', (sentence) => {
  expect(found(sentence).length).toBeGreaterThan(0);
});

test.each([
  'there is no such file',
  'the old key no longer works',
  'the output must end in WXYZ',
  'a rotation of ann started but never finished, and the rotate function reported no error',
  'it is kept until it has not been used for 26 hours',
])('plain English is not found: %s', (sentence) => {
  expect(found(sentence)).toEqual([]);
});

test('texts are taken from the syntax: of templates with what is around values, and no comments', () => {
  const source =
    'const name = 1; // told by hand\nexport const text = [`the key ${name} works`, "a b", \'was told\' + name];\n';
  expect(texts(source)).toEqual(['the key x works', 'was told']);
});
