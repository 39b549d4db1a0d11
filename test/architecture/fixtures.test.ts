import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Schemas and scenarios in config/ belong to the product; the roster there to whoever uses it. */
const READS_THE_ROSTER = /['"`/]config(?:['"`]|\/(?!scenarios|[a-z]+\.schema\.json)[^'"`:*]*['"`])/;

const tests = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.startsWith('architecture/'))
  .map((name) => join('test', name));

const violations = (file: string, text: string): string[] =>
  text
    .split('\n')
    .flatMap((line, index) =>
      READS_THE_ROSTER.test(line)
        ? [
            `${file}:${index + 1}: this is the roster of whoever uses the checkout, and the pipeline's Synth runs the tests there: use ROSTERS of test/fixtures/rosters.ts`,
          ]
        : [],
    );

test("no test reads the roster in config/, which is its owner's", () => {
  expect(tests.length).toBeGreaterThan(50);
  expect(tests.flatMap((file) => violations(file, readFileSync(file, 'utf8')))).toEqual([]);
});

test.each([
  "loadRoster('config', { at })",
  "readFileSync('config/roster.yaml')",
  "join(ROOT, 'config/examples/one-account.yaml')",
  '`${ROOT}/config/accounts`',
])('%s would be told', (line) => {
  expect(violations('test/a.test.ts', line)).toHaveLength(1);
});

test.each([
  "expect(output).toBe('config/roster.yaml:1:1: error')",
  "paths: ['config/**']",
  "import schema from '../../config/report.schema.json'",
  "readdirSync('config/scenarios')",
  "import { context } from '../../cdk.json'",
])('%s is no such reading', (line) => {
  expect(violations('test/a.test.ts', line)).toEqual([]);
});
