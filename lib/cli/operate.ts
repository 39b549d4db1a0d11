import { type Command, Option } from 'commander';
import type { Roster } from '../roster/roster';
import type { SliceUser } from '../../lambda/contract/slice';
import { operatorOf } from '../operator/operator';
import { complain, oneLine, print, printJson } from '../terminal';
import { rosterWithoutErrors } from './load-roster';

interface Options {
  readonly account: string;
  readonly user: string;
  readonly roster: string;
  readonly compromised?: boolean;
  readonly key?: string;
  readonly format: 'text' | 'json';
}

export function defineRotate(command: Command): void {
  common(command)
    .option('--compromised', 'emergency: first deactivate the current key permanently')
    .option(
      '--key <id>',
      'with --compromised: the suspect access key; by default, a key that already replaced a compromised key is not deactivated',
    )
    .action((options: Options) => {
      if (options.key && !options.compromised)
        throw new Error('--key names the suspect key and needs --compromised: without it no key is deactivated');
      return carryOut(options, {
        command: 'rotate',
        ...(options.compromised && { compromised: true }),
        ...(options.key && { keyId: options.key }),
      });
    });
}

export function defineRollback(command: Command): void {
  common(command).action((options: Options) => carryOut(options, { command: 'rollback' }));
}

function common(command: Command): Command {
  return command
    .requiredOption('--account <id>', 'account of the user')
    .requiredOption('--user <name>', 'the user, as named in the roster')
    .option('--roster <file|dir>', 'a roster FILE, or a DIRECTORY with roster.yaml and accounts/*.yaml', 'config')
    .addOption(new Option('--format <format>', 'output format').choices(['text', 'json']).default('text'));
}

async function carryOut({ account, user, roster: path, format }: Options, command: object): Promise<void> {
  const roster = rosterWithoutErrors(path, new Date());
  if (!roster) return;
  const { secretName } = userOf(roster, account, user);
  const securityAccountId = roster.organization?.securityAccount ?? account;
  const operator = operatorOf({ securityAccountId, region: roster.region }, {}, () => new Date());
  try {
    const message = await operator.operate(account, { ...command, secretName });
    if (format === 'json') printJson({ ok: true, message }, 0);
    else print(`${oneLine(message)}\n`);
  } catch (error) {
    const reason = (error as Error).message;
    if (format === 'json') printJson({ ok: false, message: reason }, 0);
    else complain(`refused: ${oneLine(reason)}\n`);
    process.exitCode = 1;
  }
}

/** @throws Error that names what is missing */
function userOf({ accounts }: Roster, accountId: string, userName: string): SliceUser {
  const account = accounts.find(({ id }) => id === accountId);
  if (!account) throw new Error(`account ${accountId} is not in the roster`);
  const user = account.users.find(({ name }) => name.toLowerCase() === userName.toLowerCase());
  if (!user) throw new Error(`account ${accountId} has no user ${userName} in the roster`);
  return user;
}
