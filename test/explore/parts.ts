/** All schedules of the exploration, in parts that one process explores at a time. */
import type { Fault } from '../domain/world';
import { run, type Deed, type Schedule } from './schedule';
import { STATES } from './states';

const FAULTS: readonly Fault[] = ['error', 'timeout', 'throttled', 'lost', 'killed-after'];
const DEEDS: readonly Deed[] = ['a person makes a key', 'reconcile', 'deliver again', 'rotate is asked for', 'rollback'];
/** Pairs are explored within the rotation and what completes it. */
const PAIRED_CALLS = 40;
/** And within the runs of reconcile that retire a key, of the states whose retirements differ: each with its next calls. */
const RETIREMENTS = ['one key, adopted', 'a current key', 'rolled back', 'a current key that its owner goes on using'];
const NEAR = 15;
const MOST_FINDINGS = 5;

export type Kind = 'singles' | 'deeds' | 'pairs';

export interface Finding {
  readonly schedule: Schedule;
  readonly problems: readonly string[];
}

export interface Part {
  readonly state: string;
  readonly kind: Kind;
  /** The call of the first of two faults, so that a part has a share of the pairs; those of the retirement have none. */
  readonly first?: number;
}

export interface Done {
  readonly part: Part;
  readonly schedules: number;
  readonly findings: readonly Finding[];
}

export function partsOf(kinds: readonly Kind[]): Part[] {
  const states = Object.keys(STATES);
  return kinds.flatMap((kind) => states.flatMap((state): Part[] => (kind === 'pairs' ? [...(RETIREMENTS.includes(state) ? [{ state, kind }] : []), ...Array.from({ length: PAIRED_CALLS - 1 }, (_, first) => ({ state, kind, first }))] : [{ state, kind }])));
}

/** Ends early when a part has shown enough that is wrong. */
export async function explore(part: Part, mostFindings = MOST_FINDINGS): Promise<Done> {
  const { calls, retiring, problems } = await run({ state: part.state, faults: [] });
  const findings: Finding[] = problems.length > 0 ? [{ schedule: { state: part.state, faults: [] }, problems }] : [];
  let schedules = 1;
  for (const schedule of schedulesOf(part, calls.length, retiring)) {
    if (findings.length >= mostFindings) break;
    schedules++;
    const outcome = await run(schedule);
    if (outcome.problems.length > 0) findings.push({ schedule, problems: outcome.problems });
  }
  return { part, schedules, findings };
}

function* schedulesOf({ state, kind, first }: Part, calls: number, retiring: readonly number[]): Generator<Schedule> {
  if (kind === 'singles') for (let call = 0; call < calls; call++) for (const fault of FAULTS) yield { state, faults: [{ call, fault }] };
  if (kind === 'deeds') for (let call = 0; call < calls; call++) for (const deed of DEEDS) yield { state, faults: [], between: { call, deed } };
  if (kind === 'pairs' && first !== undefined) for (let second = first + 1; second < Math.min(calls, PAIRED_CALLS); second++) for (const schedule of pair(state, first, second)) yield { ...schedule, hurried: true };
  if (kind === 'pairs' && first === undefined) for (const [index, one] of retiring.entries()) for (const other of retiring.slice(index + 1, index + 1 + NEAR)) yield* pair(state, one, other);
}

function* pair(state: string, first: number, second: number): Generator<Schedule> {
  for (const one of FAULTS) for (const other of FAULTS) yield { state, faults: [{ call: first, fault: one }, { call: second, fault: other }] };
}
