import type { Roster } from '../roster/roster';

const MOST_SHOWN = 100;

/** Loads a roster; prints what is wrong with it and sets the exit status when it cannot be used. */
export function soundRoster(path: string, at: Date): Roster | undefined {
  const { loadRoster } = require('../roster/load') as typeof import('../roster/load');
  const { renderText } = require('../roster/render') as typeof import('../roster/render');
  const { roster, problems } = loadRoster(path, { at });
  for (const problem of problems.slice(0, MOST_SHOWN)) process.stderr.write(`${renderText(problem)}\n\n`);
  if (!roster) process.exitCode = 1;
  return roster;
}
