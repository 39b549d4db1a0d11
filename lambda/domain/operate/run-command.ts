/** Commands of the security account's operator, carried out in the member account. */
import { nameOf, RotationError } from '../errors';
import { identifySubject, type Subject } from '../roster/subject';
import { deactivateCompromised } from './deactivate-compromised';
import { digest } from '../digest';
import { rollBack } from './roll-back';
import type { NoticeOf } from '../../contract/notice';
import type { Clock, KeyAdministrations, Log, Notices, Roster, SecretLifecycle } from '../ports';
import { endsHere, isSuspended } from '../roster/suspension';
import { noticeBase } from '../notices/compose';
import { scheduleOf } from '../roster/rotation-schedule';
import { outstanding } from '../ledger/versions';

export type OperateCommand = {
  readonly secretName: string;
  /** ARN of who asked, as the caller tells: Lambda does not say. CloudTrail has the proof. */
  readonly requestedBy?: string;
} & (
  | { readonly command: 'rotate'; readonly compromised: boolean; readonly keyId?: string }
  | { readonly command: 'rollback' }
);

export interface OperateAnswer {
  readonly ok: true;
  /** For people: what was done. */
  readonly message: string;
}

export interface OperatePorts {
  readonly secrets: SecretLifecycle;
  readonly keys: KeyAdministrations;
  readonly roster: Roster;
  readonly notices: Notices;
  readonly clock: Clock;
  readonly log: Log;
}

/** @throws RotationError EVENT_INVALID, having done nothing */
function parseCommand(event: unknown): OperateCommand {
  const {
    command,
    secretName,
    compromised = false,
    keyId,
    requestedBy,
  } = (typeof event === 'object' && event !== null ? event : {}) as Record<string, unknown>;
  if (command !== 'rotate' && command !== 'rollback')
    throw new RotationError('EVENT_INVALID', 'the event has no valid command: it must be rotate or rollback');
  if (typeof secretName !== 'string' || !/^[\w/+=.@-]{1,512}$/.test(secretName))
    throw new RotationError('EVENT_INVALID', 'the event has no valid secret name');
  if (typeof compromised !== 'boolean') throw new RotationError('EVENT_INVALID', 'compromised must be true or false');
  if (keyId !== undefined && (typeof keyId !== 'string' || !/^[A-Z0-9]{16,128}$/.test(keyId) || !compromised))
    throw new RotationError('EVENT_INVALID', 'keyId is not a valid access key ID, or compromised is not true');
  if (requestedBy !== undefined && (typeof requestedBy !== 'string' || !/^arn:[\w+=,.@:/-]{1,500}$/.test(requestedBy)))
    throw new RotationError('EVENT_INVALID', 'requestedBy is not a valid ARN');
  const asked = { secretName, ...(requestedBy !== undefined && { requestedBy }) };
  return command === 'rotate'
    ? { ...asked, command, compromised, ...(keyId !== undefined && { keyId }) }
    : { ...asked, command };
}

/**
 * Carries out one command. Repeating it continues what was cut off.
 * @throws RotationError when the secret is none of the roster's, its user rests, or somebody else is at work on it
 */
export async function operate(ports: OperatePorts, accountId: string, event: unknown): Promise<OperateAnswer> {
  const command = parseCommand(event);
  const subject = await identifySubject(ports.secrets, ports.roster, accountId, command.secretName, ports.clock.now());
  const { user } = subject;
  const emergency = command.command === 'rotate' && command.compromised;
  if (!emergency && isSuspended({ ...subject, now: ports.clock.now() }))
    throw new RotationError('USER_NOT_ROTATED', `${user.name} is exempt, retired or being released`);
  await ports.notices.record(commandedNotice(subject, command, ports.clock.now()));
  const iam = ports.keys.of(user.name, `operate-${accountId}`);
  const message =
    command.command === 'rollback'
      ? await rollBack({ ...ports, ...subject, iam })
      : await rotateNow({ ...ports, ...subject, iam }, command);
  ports.log.info('command carried out', { secret: subject.secret.name, command: command.command });
  return { ok: true, message };
}

/** Evidence, written before anything is done; who asked is written as told. */
function commandedNotice(subject: Subject, command: OperateCommand, now: Date): NoticeOf<'attention'> {
  const asked =
    command.command === 'rollback'
      ? { code: 'ROLLBACK_COMMANDED' as const, what: 'a rollback' }
      : {
          code: 'ROTATION_COMMANDED' as const,
          what: `a rotation${command.compromised ? ', because the key is compromised' : ''}`,
        };
  const who =
    command.requestedBy === undefined ? 'an operator' : `an operator who identified as ${command.requestedBy}`;
  return {
    ...noticeBase(subject, now),
    id: digest(subject.secret.arn, 'commanded', now.toISOString()),
    type: 'attention',
    audience: [],
    code: asked.code,
    reason: `${who} asked for ${asked.what}`,
  };
}

/**
 * Starts a rotation, also in a freeze; one that is outstanding is attempted again by Secrets Manager itself. In an
 * emergency an exempt user is rotated too, and the key of one who retires or is released is deactivated.
 */
async function rotateNow(
  operation: OperatePorts & Subject & { readonly iam: ReturnType<KeyAdministrations['of']> },
  { compromised, keyId }: Extract<OperateCommand, { command: 'rotate' }>,
): Promise<string> {
  const { secrets, secret, user, slice } = operation;
  const first = compromised ? await deactivateCompromised(operation, keyId) : '';
  if (compromised && endsHere(operation))
    return `${first}no new key is created, because ${user.name} is being retired or its account is being released`;
  const pending = outstanding((await secrets.describe(secret.arn)) ?? secret);
  try {
    await secrets.rotate(secret.arn, scheduleOf(user), true);
  } catch (error) {
    if (!pending || nameOf(error) !== 'InvalidRequestException') throw error;
  }
  return `${first}${pending ? 'the outstanding rotation' : 'the rotation'} of ${user.name} in ${slice.accountId} ${pending ? 'is retried' : 'has started'}`;
}
