/** A rehearsal with a story: who owns what, what happens on which day, and what must be seen in the end. */
import Ajv from 'ajv/dist/2020';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import schema from '../../config/scenario.schema.json';
import type { HistoryEvent } from './history';
import type { ExistingKey, Persona } from './persona';
import type { Rehearsal } from './rehearsal';

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

interface ScenarioOwner {
  readonly user: string;
  readonly switches?: string;
  readonly worksUntilDay?: number;
  readonly keys?: readonly { readonly ageDays: number; readonly usedBy: ExistingKey['use']['by']; readonly untilDay?: number }[];
}

interface Expectation {
  readonly sentence: string;
  readonly event?: { readonly kind?: string; readonly user?: string; readonly type?: string; readonly code?: string; readonly by?: string; readonly origin?: string; readonly from?: string; readonly to?: string; readonly count?: number; readonly atLeast?: number; readonly atMost?: number };
  readonly keysAtEnd?: { readonly user: string; readonly active: number; readonly inactive: number };
}

export interface Seen {
  readonly sentence: string;
  readonly ok: boolean;
  /** What was found, when it was not what was expected. */
  readonly found: string;
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
  if (file === undefined) throw new Error(`there is no scenario ${path}: looked for ${candidates.slice(1).join(' and ')}`);
  const written = parse(readFileSync(file, 'utf8')) as Partial<Scenario>;
  const validate = new Ajv({ allErrors: true, strict: false }).compile(schema);
  if (!validate(written)) throw new Error(`${file} is no scenario:\n${(validate.errors ?? []).map(({ instancePath, message }) => `  ${instancePath || '/'}: ${message}`).join('\n')}`);
  const beside = (name: string): string => join(dirname(file), name);
  const { title, roster, days, expect, start = '2027-01-04', seed = 1, owners = [], changes = [], commands = [], faults = [] } = written as Scenario;
  return { title, days, expect, start, seed, owners, commands, faults, roster: beside(roster), changes: changes.map(({ day, roster: name }) => ({ day, roster: beside(name) })) };
}

/** The persona that the seed drew, with what the scenario says of this user. */
export function personaOf(scenario: Pick<Scenario, 'owners'>, userName: string, drawn: Persona): Persona {
  const owner = scenario.owners.find(({ user }) => user.toLowerCase() === userName.toLowerCase());
  if (!owner) return drawn;
  const { switches, keys, worksUntilDay } = owner;
  return {
    ...drawn,
    ...(switches !== undefined && { switchDelayMs: () => delayOf(switches) }),
    ...(worksUntilDay !== undefined && { worksUntilDay }),
    ...(keys && { existingKeys: keys.map(({ ageDays, usedBy, untilDay = 10 }) => ({ ageDays, use: usedBy === 'forgotten script' ? { by: usedBy, untilDay } : { by: usedBy } })) }),
  };
}

function delayOf(text: string): number {
  if (text === 'never') return NEVER_MS;
  return Number(text.slice(0, -1)) * (text.endsWith('d') ? 24 : 1) * HOUR_MS;
}

/** Whether everything was seen that the scenario expects. */
export const judge = ({ expect }: Scenario, rehearsal: Rehearsal): readonly Seen[] => expect.map((expectation) => (expectation.event ? countEvents(expectation, rehearsal.report.events) : keysAtEnd(expectation, rehearsal)));

function countEvents({ sentence, event = {} }: Expectation, events: readonly HistoryEvent[]): Seen {
  const { user, from, to, count, atLeast, atMost, ...members } = event;
  const matches = (happened: HistoryEvent): boolean => {
    const day = happened.at.slice(0, 10);
    return (user === undefined || happened.userName === user) && (from === undefined || day >= from) && (to === undefined || day <= to) && Object.entries(members).every(([name, value]) => (happened as unknown as Record<string, unknown>)[name] === value);
  };
  const found = events.filter(matches);
  const [least, most] = count === undefined ? [atLeast ?? 0, atMost ?? Infinity] : [count, count];
  return { sentence, ok: found.length >= least && found.length <= most, found: `${found.length} times${found[0] ? `, first on ${found[0].at.slice(0, 10)}` : ''}` };
}

function keysAtEnd({ sentence, keysAtEnd: wanted }: Expectation, { organization, report }: Rehearsal): Seen {
  const account = report.users.find(({ userName }) => userName === wanted!.user)?.accountId;
  const keys = account === undefined ? [] : organization.directory.keysOf(account, wanted!.user);
  const [active, inactive] = (['Active', 'Inactive'] as const).map((status) => keys.filter((key) => key.status === status).length);
  return { sentence, ok: active === wanted!.active && inactive === wanted!.inactive, found: `${active} Active and ${inactive} Inactive` };
}
