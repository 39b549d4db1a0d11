import type { LoggedEvent, SwitchMeans } from '../history/event-log';
import { ownerLockedOut, type Finding } from '../observation/invariants';
import type { OwnerProfile } from '../scenario/owner-profile';
import type { KeyPair, Environment } from '../environment/environment';

export interface OwnedUser {
  readonly accountId: string;
  readonly userName: string;
  readonly secretName: string;
  /** The roster says so: `whenStillUsed: deactivate`, `keepPreviousFor: 0d`, or quiet within a day. */
  readonly mayStopWhileUsed: boolean;
}

export interface OwnerAct {
  readonly events: readonly LoggedEvent[];
  readonly findings: readonly Finding[];
}

/** Somebody who works with one key a day and, some time after a notice, takes the new one from the secret. */
export class Owner {
  private cutOff = false;
  /** The instant at which the owner will switch, once a notice has come. */
  switchAt: Date | undefined;

  constructor(
    readonly user: OwnedUser,
    readonly profile: OwnerProfile,
    private held: KeyPair | undefined,
  ) {}

  /** A notice came. An earlier one that was not followed yet is overtaken by nothing: its time stands. */
  hear(at: Date): void {
    this.switchAt ??= new Date(at.getTime() + (this.held === undefined ? 0 : this.profile.switchDelayMs()));
  }

  /** Somebody deactivates the owner's key: a refusal breaks no promise until the owner has switched. */
  mayBeCutOff(): void {
    this.cutOff = true;
  }

  async work(stage: Environment): Promise<OwnerAct> {
    if (this.held === undefined) return NOTHING;
    const answer = await stage.work(this.user.accountId, this.held);
    if (answer === undefined)
      return {
        events: [{ ...this.happening(stage), kind: 'key-used', keyId: this.held.keyId, by: 'owner' }],
        findings: [],
      };
    if ('unanswered' in answer) return NOTHING;
    const refused: LoggedEvent = {
      ...this.happening(stage),
      kind: 'key-refused',
      keyId: this.held.keyId,
      by: 'owner',
      code: answer.refused,
    };
    const findings = ownerLockedOut(this.user.userName, this.held.keyId, this.user.mayStopWhileUsed || this.cutOff);
    this.switchAt = stage.now();
    return { events: [refused], findings };
  }

  /** Reads the secret with the old key, or is handed the new one by somebody who may read it. Comes back when AWS does not answer. */
  async switch(stage: Environment): Promise<OwnerAct> {
    this.switchAt = undefined;
    const former = this.held;
    const read = former && (await stage.readCurrent(this.user.accountId, former, this.user.secretName));
    if (read !== undefined && 'unanswered' in read) {
      this.switchAt = new Date(stage.now().getTime() + HOUR_MS);
      return NOTHING;
    }
    const own = read !== undefined && 'keyId' in read ? read : undefined;
    const taken = own ?? storedKey(stage, this.user);
    if (taken === undefined || taken.keyId === former?.keyId) return NOTHING;
    this.held = taken;
    this.cutOff = false;
    const means: SwitchMeans = own === undefined ? 'handed over' : 'old key';
    const switched = { ...this.happening(stage), kind: 'owner-switched', keyId: taken.keyId, means } as const;
    return { events: [former === undefined ? switched : { ...switched, formerKeyId: former.keyId }], findings: [] };
  }

  private happening(stage: Environment) {
    return { at: stage.now().toISOString(), accountId: this.user.accountId, userName: this.user.userName };
  }
}

const HOUR_MS = 3_600_000;
const NOTHING: OwnerAct = { events: [], findings: [] };

/** What a reader or a break-glass role would see in AWSCURRENT. */
function storedKey(stage: Environment, user: OwnedUser): KeyPair | undefined {
  const state = stage.stateOf(user.accountId, user.userName).users[0];
  const current = state?.versions?.find((version) => version.labels.includes('AWSCURRENT'));
  if (current?.keyId === undefined || current.secret === undefined) return undefined;
  return { keyId: current.keyId, secret: current.secret };
}
