import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { SESClient } from '@aws-sdk/client-ses';
import { type Command, Option } from 'commander';
import { recordJudgedBase } from '../org-bucket/judged-base';
import { orgStoreOf } from '../org-bucket/store';
import { comparePublished, isReleased } from '../plan/compare-published';
import { planOf, type Plan } from '../plan/plan';
import { parsePublished } from '../org-bucket/published-roster';
import { renderPlanMarkdown } from '../plan/render-markdown';
import { renderPlanText } from '../plan/render-text';
import type { Roster } from '../roster/roster';
import { dkimRecords } from '../sender/dkim-records';
import { colours, oneLine, print, printJson } from '../terminal';
import { rosterWithoutErrors } from './load-roster';
import { parseDay } from './option-parsers';

interface Options {
  readonly from: string;
  readonly to: string;
  readonly reports?: string;
  readonly record?: boolean;
  readonly at?: Date;
  readonly format: 'text' | 'json' | 'markdown';
}

export function define(command: Command): void {
  command
    .requiredOption(
      '--from <roster>',
      'a FILE or DIRECTORY, a published roster (.json), `published` for the org bucket, or `nothing`',
    )
    .option('--to <file|dir>', 'a roster FILE, or a DIRECTORY with roster.yaml and accounts/*.yaml', 'config')
    .option(
      '--reports <dir>',
      'directory of ACCOUNT.json reports, which show whether a removed account was released (default: unknown)',
    )
    .option('--record', 'with --from published: record what was compared with, so that `publish` can verify it')
    .option('--at <date>', 'date used to evaluate exemptions and freezes, YYYY-MM-DD (default: today)', parseDay)
    .addOption(new Option('--format <format>', 'output format').choices(['text', 'json', 'markdown']).default('text'))
    .action(async (options: Options) => {
      const to = rosterWithoutErrors(options.to, options.at ?? new Date());
      const plan = to && (await planFrom(options, to));
      if (!plan) return;
      printPlan(plan, options.format);
      if (options.from === 'published' && options.format === 'text') await printDkimRecords(to);
      process.exitCode = plan.ok ? 0 : 1;
    });
}

/** For people, not for the pipeline, whose steps may not ask SES. What cannot be asked stops no plan. */
async function printDkimRecords(roster: Roster): Promise<void> {
  if (roster.notifications.senderIdentity !== 'domain' || process.env['CODEBUILD_BUILD_ARN'] !== undefined) return;
  const lines = await dkimRecords(roster, new SESClient({ region: roster.region })).catch((error: unknown) => [
    `which DNS records it needs is unknown here: SES answered ${(error as Error).name}`,
  ]);
  if (lines.length > 0) print(`\nsender's domain\n${lines.map((line) => `  ${oneLine(line)}\n`).join('')}`);
}

async function planFrom({ from, reports, record, at = new Date() }: Options, to: Roster): Promise<Plan | undefined> {
  if (from === 'published') return planFromPublished(to, at, record === true);
  if (record) throw new Error('--record needs --from published: nothing else is what `publish` replaces');
  if (reports !== undefined && !isDirectory(reports)) throw new Error(`--reports: ${reports} is not a directory`);
  const released = (accountId: string): boolean | undefined =>
    reports === undefined ? undefined : isReleased(textOf(join(reports, `${accountId}.json`)) ?? '', accountId);
  if (from === 'nothing') return planOf(undefined, to, released, at);
  const former = from.endsWith('.json') ? publishedRoster(from) : rosterWithoutErrors(from, at);
  return former && planOf(former, to, released, at);
}

/** Only what may go on is written down: another attempt of the same step compares again. */
async function planFromPublished(to: Roster, at: Date, record: boolean): Promise<Plan> {
  stayHome(to);
  const store = orgStoreOf(to, new S3Client({ region: to.region }));
  const { plan, base } = await comparePublished(to, store, at);
  if (record && plan.ok) await recordJudgedBase(store, to, base);
  return plan;
}

/**
 * A roster that names another security account or region would be compared with nothing there, and all of it pass as new.
 * https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html
 */
function stayHome({ organization, region }: Roster): void {
  const [, , , home, securityAccount] = (process.env['CODEBUILD_BUILD_ARN'] ?? '').split(':');
  if (!organization || home === undefined || (home === region && securityAccount === organization.securityAccount))
    return;
  throw new Error(
    `the pipeline runs in ${securityAccount} ${home} and the roster names ${organization.securityAccount} ${region}: no push moves it; uninstall, then deploy there`,
  );
}

function publishedRoster(path: string): Roster {
  const text = textOf(path);
  if (text === undefined) throw new Error(`${path} cannot be read`);
  try {
    return parsePublished(text).roster;
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`, { cause: error });
  }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function printPlan(plan: Plan, format: Options['format']): void {
  if (format === 'json') printJson(plan);
  else print(format === 'markdown' ? renderPlanMarkdown(plan) : renderPlanText(plan, colours()));
}
