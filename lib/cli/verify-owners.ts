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
    .option('--roster <file|dir>', 'a roster FILE, or a DIRECTORY with roster.yaml and accounts/*.yaml', 'config')
    .option('--check', 'only show which addresses are confirmed; send no verification e-mails')
    .addOption(new Option('--format <format>', 'output format').choices(['text', 'json']).default('text'))
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
  asked: 'verification e-mail sent',
  pending: 'verification pending',
  'not-asked': 'not requested',
};

export function textOf(found: readonly VerifiedAddress[]): string {
  const width = Math.max(0, ...found.map(({ address }) => address.length));
  const confirmed = found.filter(({ status }) => status === 'confirmed').length;
  return `${found.map(({ address, status }) => `${oneLine(address).padEnd(width)}  ${WORDS[status]}\n`).join('')}${confirmed} of ${found.length} addresses are confirmed\n`;
}
