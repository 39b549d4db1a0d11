/** Commands of the security account's operator. */
import { RotationError } from './errors';
import { calendarDate, identifySubject } from './guard';
import type { Clock, Log, Roster, SecretLifecycle } from './ports';
import { scheduleOf } from './reconcile-user';

export interface OperateCommand {
  readonly command: 'rotate';
  /** Name of the user's secret. */
  readonly secretName: string;
}

export interface OperateAnswer {
  readonly ok: true;
  readonly message: string;
}

export interface OperatePorts {
  readonly secrets: SecretLifecycle;
  readonly roster: Roster;
  readonly clock: Clock;
  readonly log: Log;
}

/** @throws RotationError EVENT_INVALID, having done nothing */
export function parseCommand(event: unknown): OperateCommand {
  const { command, secretName } = (typeof event === 'object' && event !== null ? event : {}) as Record<string, unknown>;
  if (command !== 'rotate') throw new RotationError('EVENT_INVALID', 'the event names no command; the only one is rotate');
  if (typeof secretName !== 'string' || !/^[\w/+=.@-]{1,512}$/.test(secretName)) throw new RotationError('EVENT_INVALID', 'the event names no secret');
  return { command, secretName };
}

/**
 * Starts a rotation now; one that is outstanding is attempted again.
 * @throws RotationError when the secret is none of the roster's, or its user is not rotated
 */
export async function operate(ports: OperatePorts, accountId: string, event: unknown): Promise<OperateAnswer> {
  const { secretName } = parseCommand(event);
  const { secret, slice, user } = await identifySubject(ports.secrets, ports.roster, accountId, secretName);
  const exempt = user.exempt && calendarDate(ports.clock.now()) <= user.exempt.until;
  if (exempt || user.state === 'retired' || slice.state === 'leaving') throw new RotationError('USER_NOT_ROTATED', `${user.name} is exempt, retired or being released`);
  await ports.secrets.rotate(secret.arn, scheduleOf(user), true);
  ports.log.info('rotation started by the operator', { secret: secret.name });
  return { ok: true, message: `the rotation of ${user.name} in ${accountId} has started` };
}
