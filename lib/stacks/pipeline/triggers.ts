import { statSync } from 'node:fs';
import { join, relative } from 'node:path';

/**
 * What Synth executes or trusts beside the roster; a test holds it against what is really imported. Not in it: the
 * simulator, tests and documents. Braces as in
 * https://docs.aws.amazon.com/codepipeline/latest/userguide/syntax-glob.html
 */
const CODE = [
  '*.json',
  '.npmrc',
  '{bin,lambda}/**',
  'lib/*.ts',
  'lib/{cli,cloud-assembly,operator,org-bucket,plan,publish,roster,sender,stacks}/**',
  '{config/*.schema,docs/permissions-boundary}.json',
];

/**
 * Patterns of the files whose pushes start the pipeline, eight at most:
 * https://docs.aws.amazon.com/codepipeline/latest/userguide/limits.html
 */
export function pushPatterns(rosterPath: string): string[] {
  const path = relative('.', rosterPath);
  const isFolder = statSync(rosterPath, { throwIfNoEntry: false })?.isDirectory() ?? false;
  return [isFolder ? join(path, '{roster.yaml,accounts/**}') : path, ...CODE];
}
