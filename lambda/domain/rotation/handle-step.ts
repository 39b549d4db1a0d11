/** One invocation of the rotate function: guard, step, and who is told when it fails. */
import { createSecret } from './create-secret';
import { codeOf, reasonOf, RotationError } from '../errors';
import { digest } from '../digest';
import { finishSecret } from './finish-secret';
import { calendarDate } from '../time';
import { guardRotation } from './guard';
import { identifySubject, type Subject } from '../roster/subject';
import { parseStepEvent, type Step, type StepEvent } from './step-event';
import { failureOf, failureTag } from '../ledger/tags';
import { stepsOf, stepTag } from '../ledger/steps';
import type { NoticeOf } from '../../contract/notice';
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
      ports.log.error('the failure could not be told', { code: codeOf(cause) }),
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

/** Guards that speak of the roster concern a person; a replayed or foreign token concerns nobody. */
const REFUSALS_TOLD = new Set<string>([
  'SECRET_NOT_IN_ROSTER',
  'SLICE_MISSING',
  'SLICE_INVALID',
  'SLICE_OUTDATED',
  'USER_NOT_ROTATED',
]);

async function admit(ports: RotationPorts, settings: RotationSettings, event: StepEvent): Promise<Subject> {
  try {
    const subject = await identifySubject(ports.secrets, ports.roster, settings.accountId, event.secretId);
    guardRotation(subject, event.token, calendarDate(ports.clock.now()));
    return subject;
  } catch (error) {
    ports.log.error('step refused', { step: event.step, code: codeOf(error), reason: reasonOf(error) });
    if (REFUSALS_TOLD.has(codeOf(error)))
      await ports.notices.send(refusalNotice(settings, event, error, ports.clock.now()));
    throw error;
  }
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
 * The key unchanged: the admin hears of it. The new key live: the admin hears that something after it failed, and
 * the owner hears of the new key from the resumed rotation. Once for each token and code.
 */
async function reportFailure(rotation: Rotation, error: unknown): Promise<void> {
  const { secrets, notices, log, clock, event } = rotation;
  log.error('step failed', { step: event.step, code: codeOf(error), reason: reasonOf(error) });
  const secret = await secrets.describe(rotation.secret.arn);
  if (!secret) return;
  const live = secret.versions[event.token]?.includes('AWSCURRENT') ?? false;
  const told = failureOf(secret);
  const at = clock.now();
  const since = told?.token === event.token ? told.since : at;
  if (told?.token !== event.token || told.code !== codeOf(error))
    await notices.send(failureNotice(rotation, error, live, since));
  await secrets.tag(secret.arn, failureTag({ token: event.token, code: codeOf(error), at, since }));
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
        ? 'the new key is live; the rest is completed by itself'
        : 'the rotation is attempted again; the current key is unchanged'),
  };
  return live
    ? { ...failure, type: 'rotation-partial', previousKey: { kind: 'uncertain' }, steps: stepsOf(secret, event.token) }
    : { ...failure, type: 'rotation-failed' };
}
