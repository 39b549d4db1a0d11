import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseDay, whole } from './option-parsers';
import type { RehearseOptions } from './play-rehearsal';

/** Fixed, so that the same seed gives the same report whenever it is run. */
const USUAL_START = '2027-01-04';

/** The options alone: what plays is loaded once a rehearsal begins, so that help comes at once. */
export function define(command: Command): void {
  command
    .option('--roster <file|dir>', 'a roster FILE, or a DIRECTORY with roster.yaml and accounts/*.yaml', 'config')
    .addOption(
      new Option('--change <file|dir@day>', 'push another roster on that virtual day; can be repeated')
        .argParser(change)
        .default([], 'none'),
    )
    .option('--days <number>', 'virtual days', whole(1, 3650), 120)
    .addOption(
      new Option('--start <date>', 'first virtual day, YYYY-MM-DD')
        .argParser(parseDay)
        .default(parseDay(USUAL_START), USUAL_START),
    )
    .option(
      '--seed <number>',
      'seed for owners, existing keys and delays; the same seed gives the same report',
      whole(0, 2 ** 31),
      1,
    )
    .addOption(
      new Option(
        '--scenario <name|dir>',
        'a scenario from config/scenarios, with its own roster, days, seed and expected results',
      ).conflicts(['roster', 'change', 'days', 'start', 'seed']),
    )
    .option('--faults <file>', 'JSON file that lists the calls to fail')
    .option('--out <dir>', 'write report.json, the page and the mails there')
    .option(
      '--serve <port>',
      'afterwards serve the organization on 127.0.0.1 to the AWS CLI and SDKs; requires --out',
      whole(0, 65535),
    )
    .option('--every-run', 'run every scheduled run, even one that cannot differ from the last')
    .addOption(new Option('--format <format>', 'output format').choices(['text', 'json']).default('text'))
    .action(async (options: RehearseOptions) => (await import('./play-rehearsal')).playRehearsal(options));
}

/** `FILE@DAY` */
function change(text: string, former: RehearseOptions['change']): RehearseOptions['change'] {
  const [, path, day] = /^(.+)@(\d{1,4})$/.exec(text) ?? [];
  if (path === undefined)
    throw new InvalidArgumentError('It must be a roster and a virtual day, such as changed.yaml@30.');
  return [...former, { path, day: Number(day) }].sort((a, b) => a.day - b.day);
}
