/** One invocation of the rotate function: guard, step, and who is told when it fails. */
import { createSecret } from './create-secret';
import { codeOf, reasonOf, RotationError } from '../errors';
import { digest } from '../digest';
import { finishSecret } from './finish-secret';
import { calendarDate } from '../time';
import { guardRotation } from './guard';
import { identifySubject, type Subject } from '../roster/subject';
import { parseStepEvent, type Step, type StepEvent } from './step-event';
import { failureReportTag, isReportDue, isWait } from '../ledger/failure-reports';
import { failureOf, failureTag, TAGS } from '../ledger/tags';
import { stepsOf, stepTag } from '../ledger/steps';
import type { NoticeEvent, NoticeOf } from '../../contract/notice';
import type { Secret } from '../ports';
import type { Rotation, RotationPorts, RotationSettings } from './context';
import { noticeBase } from '../notices/compose';
import { setSecret } from './set-secret';
import { testSecret } from './test-secret';

const STEP_FUNCTIONS: Record<Step, (rotation: Rotation) => Promise<void>> = {
  createSecret,
  setSecret,
  testSecret,
  finishSecret,
};

/**
 * Handles one event of Secrets Manager. Every step may be called again, also for a rotation that is finished.
 * @throws the failure, after telling of it: Secrets Manager then counts the rotation as failed and attempts it again
 */
export async function handleStep(ports: RotationPorts, settings: RotationSettings, rawEvent: unknown): Promise<void> {
  const event = parseStepEvent(rawEvent);
  const subject = await admit(ports, settings, event);
  if (isFinished(subject, event)) return;
  const iam = ports.keys.of(subject.user.name, `rotate-${event.token}`);
  const rotation: Rotation = { ...ports, ...subject, settings, event, iam };
  ports.log.info('step started', { step: event.step, secret: subject.secret.name });
  try {
    if (event.step === 'finishSecret') await keepStep(rotation);
    await STEP_FUNCTIONS[event.step](rotation);
    if (event.step !== 'finishSecret') await keepStep(rotation);
  } catch (error) {
    await reportFailure(rotation, error).catch((cause: unknown) =>
      ports.log.error('the failure could not be reported', { code: codeOf(cause) }),
    );
    throw error;
  }
  ports.log.info('step finished', { step: event.step, secret: subject.secret.name });
}

/**
 * Evidence for the notice `rotated`, which the last step sends: that one is written down before it does its work. Missing
 * evidence stops no rotation.
 */
async function keepStep({ secrets, secret, event, settings, clock, log }: Rotation): Promise<void> {
  const done = { step: event.step, at: clock.now().toISOString(), requestId: settings.attempt };
  try {
    const tag = stepTag((await secrets.describe(secret.arn)) ?? secret, event.token, done);
    if (tag) await secrets.tag(secret.arn, tag);
  } catch (cause) {
    log.warn('a step could not be written into the ledger', { step: event.step, code: codeOf(cause) });
  }
}

/** A replayed or foreign token concerns nobody. */
const NOBODYS = new Set<string>([
  'EVENT_INVALID',
  'SECRET_UNKNOWN',
  'SECRET_ROTATION_DISABLED',
  'TOKEN_UNKNOWN',
  'TOKEN_NOT_PENDING',
]);

async function admit(ports: RotationPorts, settings: RotationSettings, event: StepEvent): Promise<Subject> {
  try {
    const subject = await identifySubject(
      ports.secrets,
      ports.roster,
      settings.accountId,
      event.secretId,
      ports.clock.now(),
    );
    guardRotation(subject, event.token, calendarDate(ports.clock.now()));
    return subject;
  } catch (error) {
    ports.log.error('step refused', { step: event.step, code: codeOf(error), reason: reasonOf(error) });
    if (!NOBODYS.has(codeOf(error)))
      await reportRefusal(ports, settings, event, error).catch((cause: unknown) =>
        ports.log.error('the refusal could not be reported', { code: codeOf(cause) }),
      );
    throw error;
  }
}

/** Of a secret of ours the ledger knows what was reported; any other is left as it is. */
async function reportRefusal(
  ports: RotationPorts,
  settings: RotationSettings,
  event: StepEvent,
  error: unknown,
): Promise<void> {
  const notice = refusalNotice(settings, event, error, ports.clock.now());
  const secret = await ports.secrets.describe(event.secretId);
  if (secret?.tags[TAGS.generation] === undefined) return ports.notices.send(notice);
  await recordAndReport(ports, secret, event.token, error, () => ({ ...notice, secretName: secret.name }));
}

function refusalNotice(
  { accountId, region }: RotationSettings,
  event: StepEvent,
  error: unknown,
  now: Date,
): NoticeOf<'attention'> {
  const code = codeOf(error);
  return {
    schemaVersion: 2,
    day: calendarDate(now),
    id: digest(event.secretId, code, calendarDate(now)),
    type: 'attention',
    audience: ['admin'],
    accountId,
    region,
    userName: '',
    secretName:
      event.secretId
        .split(':')
        .slice(6)
        .join(':')
        .replace(/-\w{6}$/, '') || event.secretId,
    occurredAt: now.toISOString(),
    code,
    reason: reasonOf(error),
    nextStep: (error instanceof RotationError && error.nextStep) || 'the rotation was refused and nothing was changed',
  };
}

/** AWS attempts the whole rotation again after a failure: on a promoted version only finishSecret has anything to do. */
function isFinished({ secret }: Subject, { step, token }: StepEvent): boolean {
  return step !== 'finishSecret' && (secret.versions[token]?.includes('AWSCURRENT') ?? false);
}

/**
 * The key unchanged: the admins are notified. The new key live: the admins are notified that something after it failed, and
 * the owner of the new key by the resumed rotation.
 */
async function reportFailure(rotation: Rotation, error: unknown): Promise<void> {
  const { secrets, log, event } = rotation;
  log.error('step failed', { step: event.step, code: codeOf(error), reason: reasonOf(error) });
  const secret = await secrets.describe(rotation.secret.arn);
  if (!secret) return;
  const live = secret.versions[event.token]?.includes('AWSCURRENT') ?? false;
  await recordAndReport(rotation, secret, event.token, error, (since) => failureNotice(rotation, error, live, since));
}

/** The record comes first: what cannot be sent now is reported later, by reconcile. */
async function recordAndReport(
  { secrets, notices, clock }: RotationPorts,
  secret: Secret,
  token: string,
  error: unknown,
  notice: (since: Date) => NoticeEvent,
): Promise<void> {
  const at = clock.now();
  const before = failureOf(secret);
  const goesOn = before?.token === token && (!isWait(before.code) || isWait(codeOf(error)));
  const failure = { token, code: codeOf(error), at, since: goesOn ? before.since : at };
  const kind = secret.versions[token]?.includes('AWSCURRENT') ? 'partial' : 'failed';
  await secrets.tag(secret.arn, failureTag(failure));
  if (!isReportDue(secret, failure, kind)) return;
  await notices.send(notice(failure.since));
  await secrets.tag(secret.arn, failureReportTag({ at, token, kind }));
}

function failureNotice(
  rotation: Rotation,
  error: unknown,
  live: boolean,
  since: Date,
): NoticeOf<'rotation-failed' | 'rotation-partial'> {
  const { secret, event, clock } = rotation;
  const type = live ? 'rotation-partial' : 'rotation-failed';
  const nextStep = error instanceof RotationError ? error.nextStep : undefined;
  const failure = {
    ...noticeBase(rotation, clock.now(), since),
    id: digest(secret.arn, event.token, type, codeOf(error)),
    audience: ['admin'] as const,
    versionId: event.token,
    code: codeOf(error),
    reason: error instanceof RotationError ? error.message : `in the step ${event.step}, ${reasonOf(error)}`,
    nextStep:
      nextStep ??
      (live
        ? 'the new key is live; the remaining work is completed automatically'
        : 'the rotation is retried; the current key is unchanged'),
  };
  return live
    ? { ...failure, type: 'rotation-partial', previousKey: { kind: 'uncertain' }, steps: stepsOf(secret, event.token) }
    : { ...failure, type: 'rotation-failed' };
}
