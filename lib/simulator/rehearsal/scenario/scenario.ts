/** A rehearsal with a story: who owns what, what happens on which day, and what must be seen in the end. */
import Ajv from 'ajv/dist/2020';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import schema from '../../../../config/scenario.schema.json';
import type { OperatorCommand } from '../history/event-log';
import { actProblems, type ScenarioAct } from './acts';
import type { ExistingKey, OwnerProfile } from './owner-profile';

export interface Scenario {
  readonly title: string;
  /** Path of the roster to begin with. */
  readonly roster: string;
  readonly start: string;
  readonly days: number;
  readonly seed: number;
  readonly owners: readonly ScenarioOwner[];
  readonly changes: readonly { readonly day: number; readonly roster: string }[];
  readonly commands: readonly ScenarioCommand[];
  readonly mishaps: readonly ScenarioMishap[];
  readonly acts: readonly ScenarioAct[];
  readonly faults: readonly object[];
  readonly expect: readonly Expectation[];
}

export interface ScenarioCommand {
  readonly day: number;
  readonly command: 'rotate' | 'rollback';
  readonly account: string;
  readonly user: string;
  readonly compromised?: boolean;
}

/** What somebody breaks by mistake. */
export interface ScenarioMishap {
  readonly day: number;
  /** `deletes the secret`: without recovery. */
  readonly does: 'deactivates the stored key' | 'deletes the secret';
  readonly account: string;
  readonly user: string;
  /** After so long somebody does what the last notice about it says: hours or days, as in a roster. */
  readonly mendedAfter: string;
}

/** A scenario as it is in its file: what has a default may be missing. */
type WrittenScenario = Pick<Scenario, 'title' | 'roster' | 'days' | 'expect'> & Partial<Scenario>;

interface ScenarioOwner {
  readonly user: string;
  readonly switches?: string;
  readonly worksUntilDay?: number;
  readonly keys?: readonly {
    readonly ageDays: number;
    readonly usedBy: ExistingKey['use']['by'];
    readonly untilDay?: number;
  }[];
}

export interface Expectation {
  readonly sentence: string;
  readonly event?: ExpectedEvent;
  readonly keysAtEnd?: { readonly user: string; readonly active: number; readonly inactive: number };
}

/** Events of the history that have all of these members, and how many there must be. */
interface ExpectedEvent {
  readonly kind?: string;
  readonly user?: string;
  /** Counted from 1 in the order of their creation, those from before too. */
  readonly key?: number;
  readonly type?: string;
  readonly code?: string;
  readonly by?: string;
  readonly origin?: string;
  readonly audience?: 'owner' | 'admin';
  readonly command?: OperatorCommand;
  readonly compromised?: boolean;
  readonly back?: boolean;
  readonly recoveryDays?: number;
  /** Pattern in a mail's text, whose white space is one space each. */
  readonly says?: string;
  /** Pattern in what somebody did, or went wrong. */
  readonly what?: string;
  readonly from?: string;
  readonly to?: string;
  readonly count?: number;
  readonly atLeast?: number;
  readonly atMost?: number;
}

const NEVER_MS = 50 * 365 * 24 * 3_600_000;
const HOUR_MS = 3_600_000;

/**
 * @param path a scenario's file, its directory, or the name of one below config/scenarios
 * @throws Error that says what is wrong with the file
 */
export function readScenario(path: string): Scenario {
  const candidates = [path, join(path, 'scenario.yaml'), join('config/scenarios', path, 'scenario.yaml')];
  const file = candidates.find((candidate) => existsSync(candidate) && candidate.endsWith('.yaml'));
  if (file === undefined)
    throw new Error(`there is no scenario ${path}: looked for ${candidates.slice(1).join(' and ')}`);
  const written = parsed(file);
  const validate = new Ajv({ allErrors: true, strict: false }).compile(schema);
  if (!validate(written))
    throw new Error(
      `${file} is not a valid scenario:\n${(validate.errors ?? []).map(({ instancePath, message }) => `  ${instancePath || '/'}: ${message}`).join('\n')}`,
    );
  const problems = actProblems((written as WrittenScenario).acts ?? []);
  if (problems.length > 0) throw new Error(`${file} is not a valid scenario:\n${problems.join('\n')}`);
  const beside = (name: string): string => join(dirname(file), name);
  const {
    title,
    roster,
    days,
    expect,
    start = '2027-01-04',
    seed = 1,
    owners = [],
    changes = [],
    commands = [],
    mishaps = [],
    acts = [],
    faults = [],
  } = written as WrittenScenario;
  return {
    title,
    days,
    expect,
    start,
    seed,
    owners,
    commands,
    mishaps,
    acts,
    faults,
    roster: beside(roster),
    changes: changes.map(({ day, roster: name }) => ({ day, roster: beside(name) })),
  };
}

function parsed(file: string): unknown {
  try {
    return parse(readFileSync(file, 'utf8')) as unknown;
  } catch (error) {
    throw new Error(`${file} cannot be read: ${(error as Error).message.trim()}`, { cause: error });
  }
}

/** The profile that the seed drew, with what the scenario says of this user. */
export function ownerProfileOf(
  scenario: Pick<Scenario, 'owners'>,
  userName: string,
  drawn: OwnerProfile,
): OwnerProfile {
  const owner = scenario.owners.find(({ user }) => user.toLowerCase() === userName.toLowerCase());
  if (!owner) return drawn;
  const { switches, keys, worksUntilDay } = owner;
  return {
    ...drawn,
    ...(switches !== undefined && { switchDelayMs: () => delayOf(switches) }),
    ...(worksUntilDay !== undefined && { worksUntilDay }),
    ...(keys && {
      existingKeys: keys.map(({ ageDays, usedBy, untilDay = 10 }) => ({
        ageDays,
        use: usedBy === 'forgotten script' ? { by: usedBy, untilDay } : { by: usedBy },
      })),
    }),
  };
}

function delayOf(text: string): number {
  return text === 'never' ? NEVER_MS : hoursOf(text) * HOUR_MS;
}

/** Of `36h` or `3d`. */
export const hoursOf = (text: string): number => Number(text.slice(0, -1)) * (text.endsWith('d') ? 24 : 1);
