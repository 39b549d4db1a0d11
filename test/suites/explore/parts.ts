/** All schedules of the exploration, in parts that one process explores at a time. */
import type { Random } from '../../../lib/simulator/local-organization/random';
import { isRead, type Fault } from '../../domain/world';
import { drawn } from '../../sample';
import { FUNCTIONS, PERSONS, run, type Outcome, type Schedule } from './schedule';
import { STATES } from './states';

const FAULTS: readonly Fault[] = ['error', 'timeout', 'throttled', 'lost', 'killed-after'];
const MOST_FINDINGS = 5;
/** Without a fault, a rotation of more attempts waits for room. */
const WAITS = 3;
/** States whose retirements differ: pairs within a retirement are tried from these. */
const RETIREMENTS = [
  'one key, adopted',
  'a current key',
  'rolled back',
  'a current key that its owner goes on using',
  'a used current key, which stops when its time is over',
];

export type Kind = 'singles' | 'deeds' | 'pairs';

export interface Finding {
  readonly schedule: Schedule;
  readonly problems: readonly string[];
}

export interface Part {
  readonly state: string;
  readonly kind: Kind;
}

export interface Done {
  readonly part: Part;
  readonly schedules: number;
  readonly findings: readonly Finding[];
  /** A problem that was not looked for. */
  readonly other?: string;
}

/** The longest first. */
export const partsOf = (kinds: readonly Kind[]): Part[] =>
  [...kinds].reverse().flatMap((kind) => Object.keys(STATES).map((state) => ({ state, kind })));

/** Ends early when a part has shown enough that is wrong. @param wanted what to look for, of all that is wrong */
export function explore(part: Part, mostFindings = MOST_FINDINGS, wanted = /./): Promise<Done> {
  return exploreOf(part, (all) => all, mostFindings, wanted);
}

/**
 * A few of the single faults, drawn; {@link explore} tries them all. Half of them hit what the rotation changes: a tenth
 * of the calls, where most that can go wrong does.
 * @returns also out of how many they were drawn
 */
export async function exploreSome(
  state: string,
  size: number,
  random: Random,
): Promise<Done & { readonly outOf: number }> {
  let outOf = 0;
  const draw = (all: Schedules, { calls, closedAt }: Outcome): Schedule[] => {
    const schedules = [...(all as Iterable<Schedule>)];
    outOf = schedules.length;
    const [changes, others] = parted(
      schedules,
      ({ faults }) => faults[0]!.call < closedAt && !isRead(calls[faults[0]!.call]!),
    );
    return [...drawn(changes, size / 2, random), ...drawn(others, size / 2, random)];
  };
  const done = await exploreOf({ state, kind: 'singles' }, draw);
  return { ...done, outOf };
}

export const replayCommand = (schedule: object): string =>
  `npm run explore -- --replay '${JSON.stringify(schedule).replaceAll("'", "'\\''")}'`;

type Schedules = Iterable<Schedule> | AsyncIterable<Schedule>;

async function exploreOf(
  part: Part,
  choose: (all: Schedules, base: Outcome) => Schedules,
  mostFindings = MOST_FINDINGS,
  wanted = /./,
): Promise<Done> {
  const { state, kind } = part;
  const known = new Map<string, number>();
  const base = await run({ state, faults: [] }, { known });
  const knowledge = { known, usual: base.attempts };
  const findings: Finding[] = [];
  let [schedules, other]: [number, string | undefined] = [0, undefined];
  const judge = (schedule: Schedule, { problems }: Outcome): void => {
    schedules++;
    if (problems.some((problem) => wanted.test(problem))) findings.push({ schedule, problems });
    else other ??= problems[0];
  };
  if (kind === 'singles') judge({ state, faults: [] }, base);
  for await (const schedule of choose(schedulesOf(state, kind, base), base)) {
    if (findings.length >= mostFindings) break;
    const outcome = await run(schedule, knowledge);
    if (schedule.between === undefined || outcome.done) judge(schedule, outcome);
  }
  return { part, schedules, findings, ...(other !== undefined && { other }) };
}

const parted = <One>(all: readonly One[], test: (one: One) => boolean): [One[], One[]] => [
  all.filter(test),
  all.filter((one) => !test(one)),
];

function schedulesOf(state: string, kind: Kind, base: Outcome): Schedules {
  if (kind === 'singles') return singles(state, base);
  return kind === 'deeds' ? deeds(state, base) : pairs(state, base);
}

/** On a read, an answer that is lost is an error. */
function* singles(state: string, base: Outcome): Generator<Schedule> {
  for (const call of distinctCalls(base))
    for (const fault of FAULTS)
      if (fault !== 'lost' || !isRead(base.calls[call]!)) yield { state, faults: [{ call, fault }] };
}

/** Between the calls of the rotation, and of those runs of reconcile that do more than to look. */
function* deeds(state: string, base: Outcome): Generator<Schedule> {
  for (const call of [...rotatingCalls(base), ...retiringCalls(base)]) {
    for (const deed of [...PERSONS, ...FUNCTIONS]) yield { state, faults: [], between: { call, deed } };
    for (const deed of FUNCTIONS) yield { state, faults: [], between: { call, deed, meanwhile: true } };
  }
  for (const call of retiringCalls(base))
    yield { state, faults: [], between: { call, deed: 'the secret is deleted without recovery' } };
}

/**
 * Two faults: the first within the rotation, or within the runs of reconcile that retire a key; the second at any later
 * call until the rotation is closed, or the key retired, in the run that the first one makes. First faults after which
 * everything is the same share what comes after the invocation that they hit. Where a rotation waits for room, the first
 * is in the attempt that gets it.
 */
async function* pairs(state: string, base: Outcome): AsyncGenerator<Schedule> {
  const met = new Set(base.marks.map(({ mark }) => mark));
  const begins = base.attempts > WAITS ? base.lastAttemptAt : 0;
  for (const call of [
    ...rotatingCalls(base).filter((index) => index >= begins),
    ...(RETIREMENTS.includes(state) ? retiringCalls(base) : []),
  ]) {
    for (const fault of telling(base, call)) {
      const first = { call, fault };
      const alone = await run({ state, faults: [first] });
      const later = alone.marks.filter((mark) => mark.call > call);
      const familiar = later.find(({ mark }) => met.has(mark))?.call ?? Infinity;
      for (const { mark } of later) met.add(mark);
      for (const second of call < base.closedAt ? rotatingCalls(alone) : retiringCalls(alone)) {
        if (second <= call || second >= familiar) continue;
        for (const other of telling(alone, second)) yield { state, faults: [first, { call: second, fault: other }] };
      }
    }
  }
}

/**
 * Faults that differ for the domain: on a read, only whether it failed, and at an invocation's first call whether the
 * function was killed, which later on is the same as after the call before. Only of CreateAccessKey does the domain
 * distinguish a refusal from no answer.
 */
function telling({ calls, marks }: Outcome, call: number): readonly Fault[] {
  const name = calls[call]!;
  if (name === 'iam:CreateAccessKey') return FAULTS;
  if (isRead(name)) return marks.some((mark) => mark.call === call) ? ['error', 'killed-after'] : ['error'];
  return ['error', 'lost', 'killed-after'];
}

/** Calls but those of invocations that make the same calls as two before them: they wait, or find nothing to do. */
function distinctCalls({ journal, marks }: Outcome): number[] {
  const begins = [...new Set([0, ...marks.map(({ call }) => call), journal.length])];
  const met = new Map<string, number>();
  return begins.slice(0, -1).flatMap((begin, index) => {
    const calls = journal.slice(begin, begins[index + 1]);
    const signature = calls.map(({ by, request, about }) => `${by} ${request} ${about.replace(/\d/g, '')}`).join();
    const times = (met.get(signature) ?? 0) + 1;
    met.set(signature, times);
    return times <= 2 ? calls.map((_, at) => begin + at) : [];
  });
}

const rotatingCalls = (outcome: Outcome): number[] => distinctCalls(outcome).filter((call) => call < outcome.closedAt);

function retiringCalls(outcome: Outcome): number[] {
  const retiring = new Set(outcome.retiring);
  return distinctCalls(outcome).filter((call) => retiring.has(call));
}
