import type { StepEvent } from './step-event';
import type { Subject } from '../roster/subject';
import type { Clock, Identities, KeyAdministration, KeyAdministrations, Log, Notices, Roster, Secrets } from '../ports';

export interface RotationPorts {
  readonly secrets: Secrets;
  readonly keys: KeyAdministrations;
  readonly identities: Identities;
  readonly roster: Roster;
  readonly notices: Notices;
  readonly clock: Clock;
  readonly log: Log;
}

export interface RotationSettings {
  readonly accountId: string;
  readonly region: string;
  /** Names this invocation in the ledger; every invocation has its own. */
  readonly attempt: string;
  /** How long an invocation of the rotate function can live. */
  readonly timeoutMs: number;
}

/** One step of one rotation, past its guards. */
export interface Rotation extends RotationPorts, Subject {
  readonly settings: RotationSettings;
  readonly event: StepEvent;
  readonly iam: KeyAdministration;
}
