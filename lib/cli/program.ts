import { Command, CommanderError } from 'commander';
import { version } from '../../package.json';
import { complain, print } from '../terminal';
import { lackOfSimulator, refuse } from './lacks-simulator';

interface ListedCommand {
  readonly name: string;
  readonly description: string;
  /** Loads the command's options and action, with all that they import. */
  readonly load: () => Promise<(command: Command) => void>;
}

/** Only what the arguments name is loaded: help loads no command, and `validate` neither the CDK nor the simulator. */
const COMMANDS: readonly ListedCommand[] = [
  {
    name: 'validate',
    description: 'judge a roster: all problems at once, with code, place and hint',
    load: async () => (await import('./validate')).define,
  },
  {
    name: 'plan',
    description: 'show what a change of the roster does, and stop when it is dangerous and not acknowledged',
    load: async () => (await import('./plan')).define,
  },
  {
    name: 'publish',
    description:
      "write the roster's slices, and for an organization the functions' code, to the org bucket; only what changed",
    load: async () => (await import('./publish')).define,
  },
  {
    name: 'bake',
    description:
      'wait for healthy reports of the canary accounts and force one rotation there, as the pipeline does before the fleet',
    load: async () => (await import('./bake')).define,
  },
  {
    name: 'rotate',
    description: "rotate one user's key now, as the operator of the security account; a freeze does not stop it",
    load: async () => (await import('./operate')).defineRotate,
  },
  {
    name: 'rollback',
    description: 'go back to the previous key, while it exists; the newer one retires',
    load: async () => (await import('./operate')).defineRollback,
  },
  {
    name: 'verify-owners',
    description:
      'ask SES to verify the address of every owner and admin, and show which have confirmed; only needed in the SES sandbox',
    load: async () => (await import('./verify-owners')).define,
  },
  {
    name: 'rehearse',
    description: 'play a roster against a local AWS organization: months in seconds, nothing leaves this machine',
    load: async () => {
      const lack = lackOfSimulator();
      return lack === undefined ? (await import('./rehearse')).define : refuse(lack);
    },
  },
];

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
    .configureOutput({ writeOut: print, writeErr: complain })
    .showHelpAfterError('(--help shows what there is)');
  try {
    for (const { name, description, load } of COMMANDS) {
      const command = program.command(name).description(description);
      if (argv.includes(name)) (await load())(command);
    }
    await program.parseAsync(argv);
  } catch (error) {
    process.exitCode = statusOf(error, program.opts<{ debug?: boolean }>().debug === true);
  }
}

function statusOf(error: unknown, debug: boolean): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const text = debug && error instanceof Error ? error.stack : messageOf(error);
  complain(`error: ${text}\n${debug ? '' : '  hint: --debug before the command shows where\n'}`);
  return 2;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
