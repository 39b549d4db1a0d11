import type { Roster } from '../lib/roster/roster';
import { synthesize } from '../lib/stacks/app';
import { onceARun } from './run-folder';

/** @returns the folder of the roster's cloud assembly, which is synthesised once for all files of a run: it is not to be changed */
export const assembled = (roster: Roster): string =>
  onceARun('assembly', roster, (outdir) => void synthesize(roster, { outdir }));
