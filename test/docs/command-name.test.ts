import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

test("the command is called by its path: npx would fetch a stranger's package where this one is not installed", () => {
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { encoding: 'utf8' }).trim().split('\n');
  const calls = files
    .filter((file) => !/^(?:README\.md|CHANGELOG\.md|test\/docs\/command-name\.test\.ts)$/.test(file))
    .filter((file) => /npx (?:--\S+ )*access-keys/.test(readFileSync(file, 'utf8')));
  expect(calls).toEqual([]);
  expect(readFileSync('README.md', 'utf8').match(/npx access-keys/g)).toEqual(['npx access-keys']);
});
