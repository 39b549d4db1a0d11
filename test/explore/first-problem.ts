/** Prints the first broken promise of an exploration without pairs, and nothing when every promise holds. */
import { run } from './schedule';
import { explore, partsOf } from './parts';
import { STATES } from './states';

async function firstProblem(): Promise<string | undefined> {
  for (const state of Object.keys(STATES)) {
    const { problems } = await run({ state, faults: [] });
    if (problems[0]) return problems[0];
  }
  for (const part of [...partsOf(['singles']).reverse(), ...partsOf(['deeds'])]) {
    const { findings } = await explore(part, 1);
    if (findings[0]) return findings[0].problems[0];
  }
  return undefined;
}

void firstProblem().then((problem) => void process.stdout.write(problem ?? ''));
