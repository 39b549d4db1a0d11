import { loadRoster } from '../roster/load';
import { renderProblems } from '../roster/render';
import { complain } from '../terminal';
import type { Roster } from '../roster/roster';

/** Loads a roster; prints what is wrong with it and sets the exit status when it cannot be used. */
export function rosterWithoutErrors(path: string, at: Date): Roster | undefined {
  const { roster, problems } = loadRoster(path, { at });
  complain(renderProblems(problems));
  if (!roster) process.exitCode = 1;
  return roster;
}
