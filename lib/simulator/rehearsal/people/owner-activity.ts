import type { NoticeEvent } from '../../../../lambda/contract/notice';
import type { LocalOrganization } from '../../local-organization/organization';
import type { Player } from '../environment/participants';
import { nameOf } from '../environment/user-key';
import { Owner, type OwnerAct } from './owner';
import type { KeyPair, Environment } from '../environment/environment';
import type { Observer } from '../observation/observer';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** Owners work once a day: a key that is quiet sooner is quiet between two of their days. */
const OWNER_RHYTHM_HOURS = 24;

interface Setting {
  readonly clock: LocalOrganization['clock'];
  readonly start: Date;
  readonly days: number;
}

/** What people do all day: owners work with their keys and switch to new ones, forgotten scripts go on. */
export class OwnerActivities {
  private readonly owners: ReadonlyMap<string, Owner>;

  constructor(
    private readonly setting: Setting,
    private readonly stage: Environment,
    players: readonly Player[],
    private readonly observer: Observer,
  ) {
    this.owners = new Map(players.map((player) => [nameOf(player.accountId, player.user.name), ownerOf(player)]));
  }

  /** From now on the player works every day. */
  enter(player: Player): void {
    const { user, accountId, profile, keys } = player;
    const { days } = this.setting;
    for (const { keyId, secret, use } of keys)
      if (use.by === 'forgotten script')
        this.daily(profile.workMinute + 30, use.untilDay, () => this.runScript(player, { keyId, secret }));
    const owner = this.owners.get(nameOf(accountId, user.name))!;
    this.daily(profile.workMinute, Math.min(profile.worksUntilDay ?? days, days), () =>
      this.act(owner, () => owner.work(this.stage)),
    );
  }

  /** An owner was mailed of a new key, and switches to it in time. */
  hear({ accountId, userName, type }: NoticeEvent): void {
    const owner = this.owners.get(nameOf(accountId, userName));
    if (!owner || (type !== 'rotated' && type !== 'rotation-partial')) return;
    this.observer.excused.delete(nameOf(accountId, userName));
    owner.hear(this.stage.now());
    this.planSwitch(owner);
  }

  /** The owner's key ends at once, by an operator's word: no promise is broken until the next one works. */
  cutOff(name: string): void {
    this.observer.excused.add(name);
    this.owners.get(name)?.mayBeCutOff();
  }

  /** Somebody broke the stored key, which may be the one that the owner works with. */
  harm(name: string): void {
    this.owners.get(name)?.mayBeCutOff();
  }

  /** From now on something uses this key of the player every day. */
  use(player: Player, key: KeyPair): void {
    const { clock, start, days } = this.setting;
    const since = Math.floor((clock.now().getTime() - start.getTime()) / DAY_MS) + 1;
    this.daily(player.profile.workMinute + 30, days, () => this.runScript(player, key), since);
  }

  /** At that minute of each UTC day, from the first that is still to come. */
  private daily(minute: number, days: number, act: () => Promise<void>, since = 0): void {
    const { clock, start } = this.setting;
    const midnight = Math.floor(start.getTime() / DAY_MS) * DAY_MS;
    const first = midnight + minute * MINUTE_MS + (midnight + minute * MINUTE_MS < start.getTime() ? DAY_MS : 0);
    const next = (day: number): void => {
      if (day >= days) return;
      clock.at(new Date(first + day * DAY_MS), async () => {
        next(day + 1);
        this.observer.collect();
        await act();
      });
    };
    next(since);
  }

  private async act(owner: Owner, doing: () => Promise<OwnerAct>): Promise<void> {
    const { events, findings } = await doing();
    for (const event of events) this.observer.record(event);
    this.observer.violate(owner.user.accountId, findings);
    this.planSwitch(owner);
  }

  private planSwitch(owner: Owner): void {
    const at = owner.switchAt;
    if (at === undefined) return;
    this.setting.clock.at(at, async () => {
      if (owner.switchAt === at) await this.act(owner, () => owner.switch(this.stage));
    });
  }

  private async runScript({ accountId, user }: Player, key: KeyPair): Promise<void> {
    const answer = await this.stage.work(accountId, key);
    if (answer && 'unanswered' in answer) return;
    const happening = {
      at: this.stage.now().toISOString(),
      accountId,
      userName: user.name,
      keyId: key.keyId,
      by: 'forgotten script',
    } as const;
    this.observer.record(
      answer ? { ...happening, kind: 'key-refused', code: answer.refused } : { ...happening, kind: 'key-used' },
    );
  }
}

function ownerOf({ accountId, user, profile, keys: [first] }: Player): Owner {
  const mayStopWhileUsed =
    user.whenStillUsed === 'deactivate' || user.keepPreviousForHours === 0 || user.quietForHours <= OWNER_RHYTHM_HOURS;
  return new Owner(
    { accountId, userName: user.name, secretName: user.secretName, mayStopWhileUsed },
    profile,
    first && { keyId: first.keyId, secret: first.secret },
  );
}
