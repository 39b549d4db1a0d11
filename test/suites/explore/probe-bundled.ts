/** Plays one account without a fault through the bundled functions of a mutated product: prints a {@link Probed} as JSON. */
import { exploreBundled } from './bundled';
import type { Probed } from './probe-ports';

async function probe(breaks: RegExp): Promise<Probed> {
  const problems = (await exploreBundled([{ call: Infinity, fault: 'error' }])).flatMap((finding) => finding.problems);
  const found = problems.find((problem) => breaks.test(problem));
  return {
    schedules: 1,
    ...(found !== undefined && { found }),
    ...(problems[0] !== undefined && { other: problems[0] }),
  };
}

void probe(new RegExp(process.argv[2] ?? '')).then((probed) => void process.stdout.write(JSON.stringify(probed)));
