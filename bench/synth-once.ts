/** Synthesises one roster: OUTDIR ROSTER. Prints what it took. */
import { synthesize } from '../lib/stacks/app';
import { loadRoster } from '../lib/roster/load';

const [, , outdir = '', path = ''] = process.argv;
const start = performance.now();
const { roster } = loadRoster(path, { at: new Date('2027-01-01') });
const loaded = performance.now();
synthesize(roster!, { outdir });
process.stdout.write(
  `${JSON.stringify({ loadMs: Math.round(loaded - start), synthMs: Math.round(performance.now() - loaded), peakMiB: Math.round(process.resourceUsage().maxRSS / 1024) })}\n`,
);
