import { Command, CommanderError } from 'commander';
import { version } from '../../package.json';
import { register as bake } from './bake';
import { register as operate } from './operate';
import { register as plan } from './plan';
import { register as publish } from './publish';
import { register as rehearse } from './rehearse';
import { register as validate } from './validate';

/**
 * Runs the command; its exit status goes to `process.exitCode`: 0 good, 1 problems found, 2 wrong use or an
 * unexpected failure. Stack traces are for `--debug` only.
 */
export async function run(argv: readonly string[]): Promise<void> {
  const program = new Command('access-keys')
    .description('Rotates the access keys of IAM users across an AWS Organization, from one reviewed roster in git')
    .version(version)
    .option('--debug', 'show stack traces')
    .exitOverride()
    .showHelpAfterError('(--help shows what there is)');
  validate(program);
  plan(program);
  publish(program);
  bake(program);
  operate(program);
  rehearse(program);
  for (const command of program.commands) command.exitOverride().showHelpAfterError('(--help shows what there is)');
  try {
    await program.parseAsync(argv);
  } catch (error) {
    process.exitCode = statusOf(error, program.opts<{ debug?: boolean }>().debug === true);
  }
}

function statusOf(error: unknown, debug: boolean): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const text = error instanceof Error ? (debug ? error.stack : error.message) : String(error);
  process.stderr.write(`error: ${text}\n${debug ? '' : '  hint: --debug before the command shows where\n'}`);
  return 2;
}
