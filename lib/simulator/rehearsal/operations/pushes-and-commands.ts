import type { LocalOrganization } from '../../local-organization/organization';
import type { Roster } from '../../../roster/roster';
import type { LocalEnvironment } from '../environment/local-environment';
import type { Player } from '../environment/participants';
import { deploy, operate, type DeploymentReport } from './run-pipeline';
import type { OwnerActivities } from '../people/owner-activity';
import { nameOf } from '../environment/user-key';
import type { ScenarioCommand } from '../scenario/scenario';
import type { Observer } from '../observation/observer';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

export interface RosterChange {
  /** Virtual day of the push, counted from 0. */
  readonly day: number;
  readonly roster: Roster;
}

export interface Push extends RosterChange {
  /** Folder of what was synthesised of it. */
  readonly assembly: string;
}

/** What operators do: push rosters and give commands. */
export class Operations {
  readonly deployments: DeploymentReport[] = [];
  private pushed: Promise<void> = Promise.resolve();

  constructor(
    private readonly organization: LocalOrganization,
    private readonly start: Date,
    private readonly observer: Observer,
    private readonly stage: Pick<LocalEnvironment, 'moveSecret'>,
    private readonly players: readonly Player[],
  ) {}

  /** One push after another, as a queued pipeline takes them. */
  planPush({ day, roster, assembly }: Push): void {
    const former = this.pushed;
    this.pushed = new Promise((done) => {
      this.on(day, async () => {
        await former;
        const deployment = await deploy(this.organization, roster, assembly);
        this.deployments.push(deployment);
        if (!deployment.stopped) this.deployed(roster);
        done();
      });
    });
  }

  private deployed(roster: Roster): void {
    this.observer.offboarded = retiredUsers(roster);
    for (const player of this.players) {
      const { users = [] } = roster.accounts.find(({ id }) => id === player.accountId) ?? {};
      const user = users.find(({ name }) => name.toLowerCase() === player.user.name.toLowerCase());
      if (!user) continue;
      player.user = { ...user, name: player.user.name };
      this.stage.moveSecret(player.accountId, user.name, user.secretName);
    }
  }

  /**
   * At noon of its day.
   * @throws Error when the command is about nobody who plays
   */
  planCommand(roster: Roster, command: ScenarioCommand, players: readonly Player[], lives: OwnerActivities): void {
    const { account, user, day, compromised = false } = command;
    const name = nameOf(account, user);
    const player = players.find((other) => nameOf(other.accountId, other.user.name) === name);
    if (!player) throw new Error(`the scenario commands ${user} in ${account}, who is not in the roster`);
    this.on(day + 0.5, async () => {
      if (compromised) lives.cutOff(name);
      await this.command(roster, command, player, true);
    });
  }

  /** A command that failed is given once more, an hour later: the operator cannot know how far it came. */
  private async command(roster: Roster, command: ScenarioCommand, player: Player, again: boolean): Promise<void> {
    const { clock } = this.organization;
    const words = command.compromised ? 'rotate --compromised' : command.command;
    const happening = () => ({
      at: clock.now().toISOString(),
      accountId: player.accountId,
      userName: player.user.name,
    });
    this.observer.record({ ...happening(), kind: 'command', command: words });
    try {
      await operate(this.organization, roster, { ...command, secretName: player.user.secretName });
    } catch (error) {
      this.observer.record({ ...happening(), kind: 'fault', what: `${words} failed: ${(error as Error).message}` });
      if (again)
        clock.at(new Date(clock.now().getTime() + HOUR_MS), () => this.command(roster, command, player, false));
    }
  }

  private on(day: number, act: () => Promise<void>): void {
    this.organization.clock.at(new Date(this.start.getTime() + day * DAY_MS), act);
  }
}

const retiredUsers = ({ accounts }: Roster): ReadonlySet<string> =>
  new Set(
    accounts.flatMap(({ id, users }) =>
      users.filter(({ state }) => state === 'retired').map(({ name }) => nameOf(id, name)),
    ),
  );
