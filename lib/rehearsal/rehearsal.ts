import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NoticeEvent } from '../../lambda/domain/notice';
import { synthesize } from '../assembly';
import type { FaultPlan } from '../local-organization/faults';
import type { LocalOrganization } from '../local-organization/organization';
import type { CallRecord } from '../local-organization/wire/gateway';
import type { Roster } from '../roster/roster';
import { keyEvents, type AccountState, type UserState } from './account-state';
import { assemble, withAdministrators, type Cast, type Player } from './cast';
import { deploy, operate, type DeploymentReport } from './deployment';
import { History } from './history';
import { alwaysTrue, noSecretIn, trueAtRest, type Finding } from './invariants';
import { LocalStage } from './local-stage';
import { mailFiles, mailName, type MailFile } from './mail-files';
import { Owner, type OwnerAct } from './owner';
import { reportOf, type RehearsalReport } from './report';
import type { Scenario, ScenarioCommand } from './scenario';
import { SecretSearch } from './secret-search';
import type { KeyPair, StageMail } from './stage';

export interface RehearsalOptions {
  readonly roster: Roster;
  /** Rosters that are pushed later, in the order of their days. */
  readonly changes?: readonly RosterChange[];
  /** Virtual; the last need not be a whole one. */
  readonly days: number;
  readonly start: Date;
  readonly seed: number;
  readonly faults?: Pick<FaultPlan, 'next'>;
  /** How owners live, and what operators command. */
  readonly scenario?: Pick<Scenario, 'owners' | 'commands'>;
  readonly everyRun?: boolean;
  /** Folder of what was synthesised of the roster before, to be played again. */
  readonly assembly?: string;
  /** The organization will be served afterwards: its administrators may read secrets. */
  readonly lookedInto?: boolean;
  /** Called after each virtual day. */
  readonly onDay?: (day: number) => void;
  readonly onCall?: (call: CallRecord) => void;
}

export interface RosterChange {
  /** Virtual day of the push, counted from 0. */
  readonly day: number;
  readonly roster: Roster;
}

export interface Rehearsal {
  readonly report: RehearsalReport;
  readonly mails: readonly MailFile[];
  /** Still there to be looked at; its time stands. */
  readonly organization: LocalOrganization;
  readonly skippedRuns: number;
}

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
/** Owners work once a day: a key that is quiet sooner is quiet between two of their days. */
const OWNER_RHYTHM_HOURS = 24;

/** Plays the roster for some virtual days on what would be deployed, and writes down all that happens to every key. */
export async function rehearse(options: RehearsalOptions): Promise<Rehearsal> {
  const folder = mkdtempSync(join(tmpdir(), 'access-keys-'));
  try {
    const pushes = [{ day: 0, roster: options.roster }, ...(options.changes ?? [])].map(({ day, roster }, index) => ({ day, roster: options.lookedInto ? withAdministrators(roster) : roster, assembly: index === 0 && options.assembly !== undefined ? options.assembly : join(folder, String(index)) }));
    for (const { roster, assembly } of pushes) if (assembly !== options.assembly) synthesize(roster, { outdir: assembly });
    const cast = assemble([pushes[0]!.roster, ...pushes.slice(1).map(({ roster }) => roster)], options);
    if (options.onCall) cast.organization.onCall(options.onCall);
    return await new Play(options, pushes, cast).run();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Push extends RosterChange {
  /** Folder of what was synthesised of it. */
  readonly assembly: string;
}

class Play {
  private readonly history = new History();
  private readonly search = new SecretSearch();
  private readonly managed = new Set<string>();
  private readonly states = new Map<string, UserState>();
  private readonly players: ReadonlyMap<string, Player>;
  private readonly owners: ReadonlyMap<string, Owner>;
  private readonly stage: LocalStage;
  private readonly mails: MailFile[] = [];
  private readonly mailNames = new Set<string>();
  private readonly notices = new Map<string, NoticeEvent>();
  private readonly deployments: DeploymentReport[] = [];
  private pushed: Promise<void> = Promise.resolve();
  /** Users whose keys end by the roster's own word. */
  private offboarded: ReadonlySet<string> = new Set();
  private readonly excused = new Set<string>();

  constructor(
    private readonly options: RehearsalOptions,
    private readonly pushes: readonly Push[],
    private readonly cast: Cast,
  ) {
    const users = cast.players.map(({ accountId, user }) => ({ accountId, userName: user.name, secretName: user.secretName }));
    this.stage = new LocalStage(cast.organization, users, cast.orgBucket);
    this.players = new Map(cast.players.map((player) => [nameOf(player.accountId, player.user.name), player]));
    this.owners = new Map(cast.players.map((player) => [nameOf(player.accountId, player.user.name), ownerOf(player)]));
  }

  async run(): Promise<Rehearsal> {
    const { days, start, onDay } = this.options;
    this.pushes.forEach((push) => this.planPush(push));
    this.cast.players.forEach((player) => this.enter(player));
    this.options.scenario?.commands.forEach((command) => this.planCommand(command));
    this.accountIds().forEach((accountId) => this.keepState(this.stage.stateOf(accountId)));
    this.stage.onChange((accountId, userName) => this.observe(accountId, userName));
    for (let day = 1; day < days + 1; day++) {
      await this.stage.advanceTo(new Date(start.getTime() + Math.min(day, days) * DAY_MS));
      this.collect();
      this.inspectRest();
      onDay?.(day);
    }
    return { report: this.report(), mails: this.mails, organization: this.cast.organization, skippedRuns: this.cast.organization.schedules.skipped };
  }

  /** One push after another, as a queued pipeline takes them. */
  private planPush({ day, roster, assembly }: Push): void {
    const { clock } = this.cast.organization;
    const former = this.pushed;
    this.pushed = new Promise((done) => {
      clock.at(new Date(this.options.start.getTime() + day * DAY_MS), async () => {
        await former;
        const deployment = await deploy(this.cast.organization, roster, assembly);
        this.deployments.push(deployment);
        if (!deployment.stopped) this.offboarded = retiredUsers(roster);
        done();
      });
    });
  }

  /** At noon of its day. A user whose key was declared compromised is excused until the next one works. */
  private planCommand(command: ScenarioCommand): void {
    const { account, user, day, compromised = false } = command;
    const name = nameOf(account, user);
    const player = this.cast.players.find((other) => nameOf(other.accountId, other.user.name) === name);
    if (!player) throw new Error(`the scenario commands ${user} in ${account}, who is not in the roster`);
    const noon = new Date(this.options.start.getTime() + (day + 0.5) * DAY_MS);
    this.cast.organization.clock.at(noon, async () => {
      if (compromised) this.excused.add(name);
      if (compromised) this.owners.get(name)!.mayBeCutOff();
      await this.command(command, player, true);
    });
  }

  /** A command that failed is given once more, an hour later: the operator cannot know how far it came. */
  private async command(command: ScenarioCommand, player: Player, again: boolean): Promise<void> {
    const { organization } = this.cast;
    const { clock } = organization;
    try {
      await operate(organization, this.options.roster, { ...command, secretName: player.user.secretName });
    } catch (error) {
      this.history.record({ at: clock.now().toISOString(), accountId: player.accountId, userName: player.user.name, kind: 'fault', what: `${command.command} failed: ${(error as Error).message}` });
      if (again) clock.at(new Date(clock.now().getTime() + HOUR_MS), () => this.command(command, player, false));
    }
  }

  private enter(player: Player): void {
    const { accountId, user, persona, keys } = player;
    for (const { keyId, secret, createdAt, use } of keys) {
      this.search.add(keyId, secret);
      this.history.record({ at: createdAt.toISOString(), accountId, userName: user.name, kind: 'key-created', keyId, origin: 'existing' });
      if (use.by === 'forgotten script') this.daily(persona.workMinute + 30, use.untilDay, () => this.runScript(player, { keyId, secret }));
    }
    this.daily(persona.workMinute, Math.min(persona.worksUntilDay ?? this.options.days, this.options.days), () => this.act(player, (owner) => owner.work(this.stage)));
  }

  /** At that minute of each UTC day, from the first that is still to come. */
  private daily(minute: number, days: number, act: () => Promise<void>): void {
    const midnight = Math.floor(this.options.start.getTime() / DAY_MS) * DAY_MS;
    const first = midnight + minute * MINUTE_MS + (midnight + minute * MINUTE_MS < this.options.start.getTime() ? DAY_MS : 0);
    const next = (day: number): void => {
      if (day >= days) return;
      this.cast.organization.clock.at(new Date(first + day * DAY_MS), async () => {
        next(day + 1);
        this.collect();
        await act();
      });
    };
    next(0);
  }

  private async act(player: Player, doing: (owner: Owner) => Promise<OwnerAct>): Promise<void> {
    const owner = this.owners.get(nameOf(player.accountId, player.user.name))!;
    const { events, findings } = await doing(owner);
    events.forEach((event) => this.history.record(event));
    this.violate(player.accountId, findings);
    this.planSwitch(player, owner);
  }

  private planSwitch(player: Player, owner: Owner): void {
    const at = owner.switchAt;
    if (at === undefined) return;
    this.cast.organization.clock.at(at, async () => {
      if (owner.switchAt === at) await this.act(player, () => owner.switch(this.stage));
    });
  }

  private async runScript({ accountId, user }: Player, key: KeyPair): Promise<void> {
    const refusal = await this.stage.work(accountId, key);
    const happening = { at: this.stage.now().toISOString(), accountId, userName: user.name, keyId: key.keyId, by: 'forgotten script' } as const;
    this.history.record(refusal ? { ...happening, kind: 'key-refused', code: refusal.refused } : { ...happening, kind: 'key-used' });
  }

  /** After every call that changed something: what happened to keys, and whether all promises still hold. */
  private observe(accountId: string, userName?: string): void {
    const state = this.stage.stateOf(accountId, userName);
    const before = state.users.flatMap((user) => this.states.get(nameOf(accountId, user.userName)) ?? []);
    for (const event of keyEvents({ accountId, users: before }, state, this.stage.now())) {
      if (event.kind === 'key-created') this.remember(state, event.keyId);
      this.history.record(event);
    }
    this.keepState(state);
    this.violate(accountId, alwaysTrue(state, new Set([...this.offboarded, ...this.excused])));
  }

  private keepState({ accountId, users }: AccountState): void {
    for (const user of users) this.states.set(nameOf(accountId, user.userName), user);
  }

  private remember(state: AccountState, keyId: string): void {
    this.managed.add(keyId);
    const key = state.users.flatMap(({ keys }) => keys).find((other) => other.keyId === keyId);
    if (key) this.search.add(keyId, key.secret);
  }

  /** Notices, mails and logs since the last time; owners hear what is for them. */
  private collect(): void {
    for (const notice of this.stage.takeNotices()) this.keepNotice(notice);
    for (const mail of this.stage.takeMails()) {
      const notice = this.notices.get(mail.eventId ?? '');
      this.keepMail(mail, notice);
      if (notice && mail.audience === 'owner') this.hear(notice);
    }
    for (const line of this.stage.takeLogs()) this.violate('', noSecretIn('a log line', line, this.search));
  }

  private keepNotice(notice: NoticeEvent): void {
    const { accountId, userName, type, id, code, reason, occurredAt } = notice;
    this.notices.set(id, notice);
    this.violate(accountId, noSecretIn('an event', JSON.stringify(notice), this.search));
    this.history.record({ at: occurredAt, accountId, ...(userName && { userName }), kind: 'notice', type, eventId: id, code, reason });
  }

  private hear({ accountId, userName, type }: NoticeEvent): void {
    const owner = this.owners.get(nameOf(accountId, userName));
    const player = this.players.get(nameOf(accountId, userName));
    if (!owner || !player || (type !== 'rotated' && type !== 'rotation-partial')) return;
    this.excused.delete(nameOf(accountId, userName));
    owner.hear(this.stage.now());
    this.planSwitch(player, owner);
  }

  private keepMail(mail: StageMail, notice: NoticeEvent | undefined): void {
    this.violate(notice?.accountId ?? '', noSecretIn('a mail', [mail.subject, mail.text, mail.html ?? ''].join('\n'), this.search));
    const name = mailName(mail, { accountId: notice?.accountId, userName: notice?.userName, type: notice?.type }, this.mailNames);
    this.mailNames.add(name);
    const files = mailFiles(`mails/${name}`, mail);
    this.mails.push(...files);
    this.history.record({ at: mail.at.toISOString(), accountId: notice?.accountId ?? '', ...(notice?.userName && { userName: notice.userName }), kind: 'mail', audience: mail.audience, subject: mail.subject, file: files[0]!.name });
  }

  private inspectRest(): void {
    for (const accountId of this.accountIds()) this.violate(accountId, trueAtRest(this.stage.stateOf(accountId), this.managed));
  }

  private violate(accountId: string, findings: readonly Finding[]): void {
    for (const finding of findings) this.history.violate({ ...finding, at: this.stage.now().toISOString(), accountId });
  }

  private accountIds(): string[] {
    return [...new Set(this.cast.players.map(({ accountId }) => accountId))];
  }

  private report(): RehearsalReport {
    const { seed, days, start } = this.options;
    const users = this.cast.players.map(({ accountId, accountName, user }) => ({ accountId, accountName, userName: user.name, exempt: user.exempt !== undefined }));
    return reportOf({ seed, days, startAt: start, endAt: this.stage.now(), users, deployments: this.deployments, events: this.history.events, violations: this.history.violations });
  }
}

const retiredUsers = ({ accounts }: Roster): ReadonlySet<string> => new Set(accounts.flatMap(({ id, users }) => users.filter(({ state }) => state === 'retired').map(({ name }) => nameOf(id, name))));

const nameOf = (accountId: string, userName: string): string => `${accountId}/${userName.toLowerCase()}`;

function ownerOf({ accountId, user, persona, keys }: Player): Owner {
  const [first] = keys;
  return new Owner({ accountId, userName: user.name, secretName: user.secretName, mayStopWhileUsed: user.whenStillUsed === 'deactivate' || user.keepPreviousForHours === 0 || user.quietForHours <= OWNER_RHYTHM_HOURS }, persona, first && { keyId: first.keyId, secret: first.secret });
}
