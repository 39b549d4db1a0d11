import type { Roster } from '../roster/roster';

/** Loads a roster; prints what is wrong with it and sets the exit status when it cannot be used. */
export function soundRoster(path: string, at: Date): Roster | undefined {
  const { loadRoster } = require('../roster/load') as typeof import('../roster/load');
  const { renderProblems } = require('../roster/render') as typeof import('../roster/render');
  const { roster, problems } = loadRoster(path, { at });
  process.stderr.write(renderProblems(problems));
  if (!roster) process.exitCode = 1;
  return roster;
}
