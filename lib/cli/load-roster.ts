import { loadRoster } from '../roster/load';
import { renderProblems } from '../roster/render';
import type { Roster } from '../roster/roster';

/** Loads a roster; prints what is wrong with it and sets the exit status when it cannot be used. */
export function soundRoster(path: string, at: Date): Roster | undefined {
  const { roster, problems } = loadRoster(path, { at });
  process.stderr.write(renderProblems(problems));
  if (!roster) process.exitCode = 1;
  return roster;
}
