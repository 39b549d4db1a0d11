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
    description: 'check a roster and list all problems, each with its code, location and a hint',
    load: async () => (await import('./validate')).define,
  },
  {
    name: 'plan',
    description: 'show what a roster change does; exit with status 1 if it is dangerous and not acknowledged',
    load: async () => (await import('./plan')).define,
  },
  {
    name: 'publish',
    description:
      "write what changed to the org bucket: the roster's slices and, for an organization, the functions' code",
    load: async () => (await import('./publish')).define,
  },
  {
    name: 'bake',
    description:
      'wait until the canary accounts report healthy, and force one rotation there, as the pipeline does before it deploys the fleet',
    load: async () => (await import('./bake')).define,
  },
  {
    name: 'rotate',
    description: "rotate one user's key now, with the operator role of the security account; also during a freeze",
    load: async () => (await import('./operate')).defineRotate,
  },
  {
    name: 'rollback',
    description: 'roll back to the previous key while it still exists; the newer key is retired',
    load: async () => (await import('./operate')).defineRollback,
  },
  {
    name: 'verify-owners',
    description:
      'ask SES to verify the address of every owner and admin, and show which have confirmed; only needed in the SES sandbox',
    load: async () => (await import('./verify-owners')).define,
  },
  {
    name: 'doctor',
    description: 'with --probe: try in a throw-away account what the product assumes of AWS, and show what was found',
    load: async () => (await import('./doctor')).define,
  },
  {
    name: 'rehearse',
    description: 'simulate a roster in a local AWS organization: months in seconds, and nothing leaves this machine',
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
    .showHelpAfterError('(use --help for the available commands and options)');
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
  complain(`error: ${text}\n${debug ? '' : '  hint: add --debug before the command for a stack trace\n'}`);
  return 2;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
