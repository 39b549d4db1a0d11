/** Explores until a promise breaks as it is expected to, for a mutation that is tried: prints a {@link Probed} as JSON. */
import { explore, type Kind } from './parts';

export interface Probe {
  /** A regular expression that the problem must match. */
  readonly breaks: string;
  readonly states: readonly string[];
  readonly kinds: readonly Kind[];
}

export interface Probed {
  readonly schedules: number;
  /** The problem that was expected. */
  readonly found?: string;
  /** One that was not. */
  readonly other?: string;
}

async function probe({ breaks, states, kinds }: Probe): Promise<Probed> {
  const expected = new RegExp(breaks);
  let schedules = 0;
  let other: string | undefined;
  for (const state of states) {
    for (const kind of kinds) {
      const done = await explore({ state, kind }, 1, expected);
      schedules += done.schedules;
      other ??= done.other;
      const found = done.findings[0]?.problems.find((problem) => expected.test(problem));
      if (found !== undefined) return { schedules, found };
    }
  }
  return { schedules, ...(other !== undefined && { other }) };
}

void probe(JSON.parse(process.argv[2] ?? '') as Probe).then(
  (probed) => void process.stdout.write(JSON.stringify(probed)),
);
