import { SESClient } from '@aws-sdk/client-ses';
import { type Command, Option } from 'commander';
import { verifyOwners, type VerifiedAddress } from '../sender/verify-owners';
import { oneLine, print, printJson } from '../terminal';
import { rosterWithoutErrors } from './load-roster';

interface Options {
  readonly roster: string;
  readonly check?: boolean;
  readonly format: 'text' | 'json';
}

export function define(command: Command): void {
  command
    .option(
      '--roster <file|dir>',
      'a FILE means that file alone, a DIRECTORY its roster.yaml and accounts/*.yaml',
      'config',
    )
    .option('--check', 'only show which addresses have confirmed, and ask nobody')
    .addOption(new Option('--format <format>', 'how to print').choices(['text', 'json']).default('text'))
    .action(async ({ roster: path, check = false, format }: Options) => {
      const roster = rosterWithoutErrors(path, new Date());
      if (!roster) return;
      const sleep = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms));
      const found = await verifyOwners(roster, new SESClient({ region: roster.region }), { ask: !check, sleep });
      if (format === 'json') printJson(found);
      else print(textOf(found));
      process.exitCode = found.every(({ status }) => status === 'confirmed') ? 0 : 1;
    });
}

const WORDS: Readonly<Record<VerifiedAddress['status'], string>> = {
  confirmed: 'confirmed',
  asked: 'asked now: SES has mailed a link to it',
  pending: 'asked before, not confirmed yet',
  'not-asked': 'not asked',
};

export function textOf(found: readonly VerifiedAddress[]): string {
  const width = Math.max(0, ...found.map(({ address }) => address.length));
  const confirmed = found.filter(({ status }) => status === 'confirmed').length;
  return `${found.map(({ address, status }) => `${oneLine(address).padEnd(width)}  ${WORDS[status]}\n`).join('')}${confirmed} of ${found.length} addresses are confirmed\n`;
}
