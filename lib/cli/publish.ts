import { S3Client } from '@aws-sdk/client-s3';
import { Argument, type Command, Option } from 'commander';
import { orgStoreOf } from '../org-bucket/store';
import { publish, type Publication, type PublicationPart } from '../publish/publish';
import { oneLine, print, printJson } from '../terminal';
import { rosterWithoutErrors } from './load-roster';

interface Options {
  readonly roster: string;
  readonly format: 'text' | 'json';
}

export function define(command: Command): void {
  command
    .addArgument(
      new Argument('[part]', 'the step of the pipeline').choices(['code', 'canary', 'fleet', 'all']).default('all'),
    )
    .option('--roster <file|dir>', 'a roster FILE, or a DIRECTORY with roster.yaml and accounts/*.yaml', 'config')
    .addOption(new Option('--format <format>', 'output format').choices(['text', 'json']).default('text'))
    .action(async (part: PublicationPart, { roster: path, format }: Options) => {
      const roster = rosterWithoutErrors(path, new Date());
      if (!roster) return;
      const published = await publish(
        part,
        roster,
        orgStoreOf(roster, new S3Client({ region: roster.region })),
        new Date(),
      );
      if (format === 'json') printJson(published);
      else print(textOf(published));
    });
}

function textOf({ code, written, unchanged, removed }: Publication): string {
  const list = (accounts: readonly string[]): string =>
    accounts.length > 0
      ? `: ${oneLine(accounts.slice(0, 5).join(' '))}${accounts.length > 5 ? ` and ${accounts.length - 5} more` : ''}`
      : '';
  return (
    [
      `code: ${code.length} new objects`,
      `slices: ${written.length} written${list(written)}; ${unchanged} unchanged`,
      ...(removed.length > 0 ? [`removed${list(removed)}`] : []),
    ].join('\n') + '\n'
  );
}
