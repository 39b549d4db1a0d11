import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { synthesize } from '../../stacks/app';
import type { FaultPlan } from '../local-organization/faults';
import type { LocalOrganization } from '../local-organization/organization';
import type { CallRecord } from '../local-organization/wire/gateway';
import type { Roster } from '../../roster/roster';
import { bandsOf } from './output/calendar-bands';
import { assemble, withAdministrators, type Participants, type Player } from './environment/participants';
import { planMishap } from './operations/mishaps';
import { planAct } from './operations/plan-act';
import { OwnerActivities } from './people/owner-activity';
import { LocalEnvironment } from './environment/local-environment';
import type { StoredState } from './environment/stored-state';
import type { MailFile } from './observation/mail-files';
import { Operations, type Push, type RosterChange } from './operations/pushes-and-commands';
import { reportOf, type RehearsalReport } from './output/report';
import type { Scenario } from './scenario/scenario';
import { Observer } from './observation/observer';

export interface RehearsalOptions {
  readonly roster: Roster;
  /** Rosters that are pushed later, in the order of their days. */
  readonly changes?: readonly RosterChange[];
  /** Virtual; the last need not be a whole one. */
  readonly days: number;
  readonly start: Date;
  readonly seed: number;
  readonly faults?: Pick<FaultPlan, 'next'> & Partial<Pick<FaultPlan, 'outages'>>;
  /** How owners live, and what operators command. */
  readonly scenario?: Pick<Scenario, 'owners' | 'commands'> & Partial<Pick<Scenario, 'mishaps' | 'acts'>>;
  readonly everyRun?: boolean;
  /** What one account holds when it begins, as an earlier version left it. */
  readonly stored?: StoredState;
  /** Folder of what was synthesised of the roster before, to be played again. */
  readonly assembly?: string;
  /** The organization will be served afterwards: its administrators may read secrets. */
  readonly lookedInto?: boolean;
  /** Called after each virtual day. */
  readonly onDay?: (day: number) => void;
  readonly onCall?: (call: CallRecord) => void;
}

export interface Rehearsal {
  readonly report: RehearsalReport;
  readonly mails: readonly MailFile[];
  /** Still there to be looked at; its time stands. */
  readonly organization: LocalOrganization;
  readonly skippedRuns: number;
}

const DAY_MS = 86_400_000;

/** Plays the roster for some virtual days on what would be deployed, and writes down all that happens to every key. */
export async function rehearse(options: RehearsalOptions): Promise<Rehearsal> {
  const folder = mkdtempSync(join(tmpdir(), 'access-keys-'));
  try {
    const [first, ...later] = [{ day: 0, roster: options.roster }, ...(options.changes ?? [])].map((change, index) =>
      pushOf(change, options, join(folder, String(index))),
    ) as [Push, ...Push[]];
    const pushes = [options.assembly === undefined ? first : { ...first, assembly: options.assembly }, ...later];
    for (const { roster, assembly } of pushes)
      if (assembly !== options.assembly) synthesize(roster, { outdir: assembly });
    const cast = assemble([first.roster, ...later.map(({ roster }) => roster)], options);
    if (options.onCall) cast.organization.onCall(options.onCall);
    return await play(options, pushes, cast);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const pushOf = ({ day, roster }: RosterChange, { lookedInto }: RehearsalOptions, assembly: string): Push => ({
  day,
  roster: lookedInto ? withAdministrators(roster) : roster,
  assembly,
});

async function play(
  options: RehearsalOptions,
  pushes: readonly Push[],
  { organization, orgBucket, players }: Participants,
): Promise<Rehearsal> {
  const { roster, days, start, scenario, onDay } = options;
  const stage = new LocalEnvironment(
    organization,
    players.map(({ accountId, user }) => ({ accountId, userName: user.name, secretName: user.secretName })),
    orgBucket,
  );
  const observer = new Observer(stage, players, (notice) => lives.hear(notice));
  const lives = new OwnerActivities({ clock: organization.clock, start, days }, stage, players, observer);
  const operations = new Operations(organization, start, observer, stage, players);
  for (const act of scenario?.acts ?? []) planAct({ organization, observer, lives, start }, act, players);
  for (const push of pushes) operations.planPush(push);
  for (const player of players) lives.enter(player);
  for (const command of scenario?.commands ?? []) operations.planCommand(roster, command, players, lives);
  for (const mishap of scenario?.mishaps ?? [])
    planMishap({ organization, stage, observer, lives, start }, mishap, players);
  for (let day = 1; day < days + 1; day++) {
    await stage.advanceTo(new Date(start.getTime() + Math.min(day, days) * DAY_MS));
    observer.collect();
    observer.inspectRest();
    onDay?.(day);
  }
  return {
    report: reportFor(options, stage.now(), players, operations, observer),
    mails: observer.mails,
    organization,
    skippedRuns: organization.schedules.skipped,
  };
}

function reportFor(
  { seed, days, start, roster, changes = [], faults }: RehearsalOptions,
  endAt: Date,
  players: readonly Player[],
  { deployments }: Operations,
  { history }: Observer,
): RehearsalReport {
  const users = players.map(({ accountId, accountName, user }) => ({
    accountId,
    accountName,
    userName: user.name,
    exempt: user.exempt !== undefined,
  }));
  const bands = bandsOf([{ day: 0, roster }, ...changes], faults?.outages ?? [], start, endAt);
  return reportOf({
    seed,
    days,
    startAt: start,
    endAt,
    users,
    bands,
    deployments,
    events: history.events,
    violations: history.violations,
  });
}
