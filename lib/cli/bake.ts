import { type Command, Option } from 'commander';
import { memberCode } from '../stacks/member/member-code';
import { bake, BAKE_MINUTES, STOPPED_STEPS, type BakeOutcome } from '../operator/bake';
import { operatorOf } from '../operator/operator';
import { canaries } from '../roster/canaries';
import { complain, oneLine, print, printJson } from '../terminal';
import { rosterWithoutErrors } from './load-roster';
import { whole } from './option-parsers';

interface Options {
  readonly roster: string;
  readonly minutes: number;
  readonly format: 'text' | 'json';
}

export function define(command: Command): void {
  command
    .option('--roster <file|dir>', 'a roster FILE, or a DIRECTORY with roster.yaml and accounts/*.yaml', 'config')
    .option('--minutes <number>', 'how long to wait at most', whole(1, 480), BAKE_MINUTES)
    .addOption(new Option('--format <format>', 'output format').choices(['text', 'json']).default('text'))
    .action(async ({ roster: path, minutes, format }: Options) => {
      const roster = rosterWithoutErrors(path, new Date());
      if (!roster) return;
      if (!roster.organization) throw new Error('a single-account roster has no canary accounts');
      const clock = {
        now: () => new Date(),
        sleep: (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms)),
      };
      const operator = operatorOf(
        { securityAccountId: roster.organization.securityAccount, region: roster.region },
        {},
        clock.now,
      );
      const { version, objects } = memberCode();
      const outcome = await bake(operator, {
        accounts: canaries(roster),
        codeVersion: version,
        codePublishedAt: await operator.publishedAt(Object.values(objects).map(({ key }) => key)),
        freeze: roster.limits.freeze,
        limitMs: minutes * 60_000,
        clock,
        onProgress: (line) => complain(`waiting for\n  ${line.replaceAll('\n', '\n  ')}\n`),
      });
      if (format === 'json') printJson(outcome);
      else print(textOf(outcome));
      process.exitCode = outcome.ok ? 0 : 1;
    });
}

/** What was seen, or what is missing and what to do about it. */
export function textOf({ ok, lines }: BakeOutcome): string {
  const found = lines.map((line) => `  ${oneLine(line)}\n`).join('');
  if (ok) return `baked\n${found}`;
  return `not baked\n${found}what to do\n${STOPPED_STEPS.map((step, index) => `  ${index + 1}. ${step}\n`).join('')}`;
}
