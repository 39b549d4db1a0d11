/** One run of reconcile: the whole account, level-triggered. */
import { RECONCILE_EVERY_MINUTES } from '../../contract/names';
import { reportAccountConditions, resolveRoster } from './account/account-conditions';
import { lastPart, releasable, release } from './account/release-user';
import { isSecretOf, reportRotationFailure, type RotationFailure } from './account/rotation-failed-event';
import { forEachAtMost } from '../concurrency';
import { codeOf, reasonOf, RotationError } from '../errors';
import { outdated, readSlice } from '../roster/subject';
import { TAGS } from '../ledger/tags';
import { HOUR_MS, MINUTE_MS } from '../time';
import type { Secret } from '../ports';
import type { RosterSlice, SliceUser } from '../../contract/slice';
import type { Cache } from './cache';
import {
  CONCURRENT_USERS,
  REPEAT_CONDITION_MS,
  type ReconcilePorts,
  type ReconcileSettings,
  type Run,
  type RunWithoutRoster,
  type UnwantedSecrets,
} from './context';
import { isDue, soonest } from './due';
import { reconcileOrReport, reconcileUsers } from './reconcile-users';

export interface RunOutcome {
  /** When something becomes due if nothing changes before; absent when nothing ever does. */
  readonly nextDueAt?: string;
  /** When changes that nobody announced are looked for. */
  readonly nextFullPassAt?: string;
  /** Whether the use of some key would be such a change. */
  readonly awaitsUse: boolean;
  readonly users: number;
  readonly unknown: number;
}

const FULL_PASS_EVERY_MS = HOUR_MS;

/**
 * Runs once: users for whom something is due, and hourly everybody. A missing, unreadable or older slice changes
 * nothing and alerts. One failing user never stops the others; whom the function's time does not reach is due in the next run.
 * @param rotationFailure a rotation event: it is reported if the function did not, and its user is looked at at once
 */
export async function reconcile(
  ports: ReconcilePorts,
  settings: ReconcileSettings,
  cache: Cache,
  rotationFailure?: RotationFailure,
): Promise<RunOutcome> {
  const start: RunWithoutRoster = { ...ports, settings, cache, now: ports.clock.now() };
  if (rotationFailure) keep(cache, rotationFailure);
  let run: Run;
  try {
    run = runOf(start, await currentSlice(start));
  } catch (error) {
    return refuseRoster(start, error);
  }
  await resolveRoster(start).catch((error: unknown) =>
    run.log.error('that the roster can be read again could not be reported', { code: codeOf(error) }),
  );
  const unreported = await reportRotationFailures(run);
  const outcome = await lookAtUsers(run, rotationFailure);
  if (unreported) throw unreported;
  return outcome;
}

function runOf(start: RunWithoutRoster, slice: RosterSlice): Run {
  let unwanted: Promise<UnwantedSecrets> | undefined;
  return {
    ...start,
    slice,
    usersById: new Map(),
    unwanted: () => (unwanted ??= releasable(start.secrets, slice)),
  };
}

/** @throws RotationError SLICE_MISSING, SLICE_INVALID, or SLICE_OUTDATED when this function has seen a newer one */
async function currentSlice({ roster, settings, cache }: RunWithoutRoster): Promise<RosterSlice> {
  const slice = await readSlice(roster, settings.accountId);
  if (cache.generation !== undefined && slice.generation < cache.generation)
    throw outdated(slice.generation, cache.generation);
  return slice;
}

/** Events come again when a run fails; an outage must not pile them up. */
const ROTATION_FAILURES_KEPT = 100;

function keep({ rotationFailures }: Cache, rotationFailure: RotationFailure): void {
  const isKept = rotationFailures.some(
    ({ secretId, at, name }) =>
      secretId === rotationFailure.secretId && at === rotationFailure.at && name === rotationFailure.name,
  );
  if (isKept) return;
  rotationFailures.push(rotationFailure);
  if (rotationFailures.length > ROTATION_FAILURES_KEPT) rotationFailures.shift();
}

/** What cannot be reported stays for the next run, and stops nothing else. @returns why */
async function reportRotationFailures(run: Run): Promise<unknown> {
  const { rotationFailures } = run.cache;
  let failure: unknown;
  for (const rotationFailure of rotationFailures.splice(0)) {
    try {
      await reportRotationFailure(run, rotationFailure);
    } catch (error) {
      failure = error;
      rotationFailures.push(rotationFailure);
      run.log.error('a rotation event could not be reported', { code: codeOf(error), reason: reasonOf(error) });
    }
  }
  return failure;
}

async function lookAtUsers(run: Run, rotationFailure: RotationFailure | undefined): Promise<RunOutcome> {
  const { cache, slice } = run;
  if (rotationFailure && cache.generation === undefined) return lookAtOne(run, rotationFailure);
  if (cache.generation !== slice.generation || isFullPass(run)) return fullPass(run);
  const due = dueUsers(run, rotationFailure);
  if (due.length > 0) await reconcileUsers(run, due);
  return outcomeOf(run);
}

/** Of those who wait for a rotation only as many as may have one, in turn. */
function dueUsers({ cache, slice, now }: Run, rotationFailure: RotationFailure | undefined): SliceUser[] {
  const due = slice.users.filter(
    ({ name, secretName }) =>
      isDue(cache.users.get(name)?.due ?? 'on-change', now) ||
      (rotationFailure && isSecretOf(slice.accountId, secretName, rotationFailure.secretId)),
  );
  const waiting = due.filter(({ name }) => cache.users.get(name)?.waits);
  const inTurn = waiting.slice(0, slice.limits.maxFirstRotationsPerRun);
  return due.filter((user) => !waiting.includes(user) || inTurn.includes(user));
}

/**
 * Many events at once start many containers, each of which knows nobody yet: it sees to the event's user, starts no
 * rotation, for which it would have to know how many fail, and leaves the account and its report to the schedule.
 */
async function lookAtOne(run: Run, { secretId }: RotationFailure): Promise<RunOutcome> {
  const { accountId, users } = run.slice;
  const ofEvent = users.filter(({ secretName }) => isSecretOf(accountId, secretName, secretId));
  await forEachAtMost(CONCURRENT_USERS, ofEvent, async (user) => {
    const { unreported } = await reconcileOrReport(run, user, { rotationsLeft: 0 });
    if (unreported) throw unreported;
  });
  return outcomeOf(run);
}

async function fullPass(run: Run): Promise<RunOutcome> {
  const { cache, slice, now } = run;
  const unreported: unknown[] = [];
  const failed = (name: string, error: unknown): Promise<void> =>
    reportAccountConditions(run, lastPart(name), error).catch((failure: unknown) => void unreported.push(failure));
  const unwanted = await run.unwanted();
  for (const [name, error] of unwanted.unread) await failed(name, error);
  forgetOthers(cache, slice);
  const failure = await reconcileUsers(run, slice.users).catch((error: unknown) => ({ error }));
  await releaseAll(run, unwanted.secrets, failed);
  if (failure) throw failure.error;
  if (unreported.length > 0) throw unreported[0];
  Object.assign(cache, { generation: slice.generation, fullPassAt: inStep(cache.fullPassAt, now) });
  return outcomeOf(run);
}

async function releaseAll(
  run: Run,
  unwanted: readonly Secret[],
  failed: (name: string, error: unknown) => Promise<void>,
): Promise<void> {
  for (const secret of unwanted) {
    const newer = Number(secret.tags[TAGS.generation]);
    if (newer > run.slice.generation) await failed(secret.name, notReleased(secret, newer));
    else await release(run, secret).catch((error: unknown) => failed(secret.name, error));
  }
}

/** A secret that the roster does not name says nothing of the roster: whoever may make one can write any generation on it. */
const notReleased = ({ name }: Secret, generation: number): RotationError =>
  new RotationError(
    'LEDGER_INVALID',
    `the secret ${name}, which the roster does not name, says that generation ${generation} of the roster was applied to it, which is newer than the published one`,
    'it is not released, and nothing else waits for that; if the published roster is an old one, publish the current one; otherwise find out in CloudTrail who wrote the tag, and delete the secret or its tags',
  );

function forgetOthers(cache: Cache, slice: RosterSlice): void {
  const wanted = new Set(slice.users.map(({ name }) => name));
  for (const name of cache.users.keys()) if (!wanted.has(name)) cache.users.delete(name);
}

/** At its minute of every hour. A lost run puts it off by an hour; other runs see only to what is due. */
function isFullPass({ cache: { fullPassAt: former }, now }: Run): boolean {
  if (!former) return true;
  const sinceMs = now.getTime() - former.getTime();
  return sinceMs >= FULL_PASS_EVERY_MS && sinceMs % FULL_PASS_EVERY_MS < RECONCILE_EVERY_MINUTES * MINUTE_MS;
}

/** Full passes keep their minute of the hour, however late one comes. */
function inStep(former: Date | undefined, now: Date): Date {
  return former ? new Date(now.getTime() - ((now.getTime() - former.getTime()) % FULL_PASS_EVERY_MS)) : now;
}

/**
 * The roster cannot be trusted: nothing is changed, and the admins are notified. Where nothing was ever applied, a slice
 * that is missing is still to come, since functions are deployed before slices: that stands in the log only.
 */
async function refuseRoster(run: RunWithoutRoster, error: unknown): Promise<RunOutcome> {
  if (codeOf(error) === 'SLICE_MISSING' && !(await managesAny(run)))
    run.log.info('no roster is published for this account yet');
  else await reportAccountConditions(run, '', error);
  return {
    users: 0,
    unknown: 1,
    awaitsUse: false,
    nextDueAt: new Date(run.clock.now().getTime() + REPEAT_CONDITION_MS).toISOString(),
  };
}

/** Whether a roster was ever applied here. Where that cannot be known, it was. */
async function managesAny({ secrets }: RunWithoutRoster): Promise<boolean> {
  try {
    for (const name of await secrets.list())
      if ((await secrets.describe(name))?.tags[TAGS.generation] !== undefined) return true;
    return false;
  } catch {
    return true;
  }
}

function outcomeOf({ cache: { users, fullPassAt }, now }: Run): RunOutcome {
  const cached = [...users.values()];
  const next = soonest(cached.map(({ due }) => due));
  const nextDueAt = next === 'next-run' ? now : next;
  return {
    users: cached.filter(({ report }) => report).length,
    unknown: cached.filter(({ unknown }) => unknown).length,
    awaitsUse: cached.some((user) => user.awaitsUse),
    ...(nextDueAt !== 'on-change' && { nextDueAt: nextDueAt.toISOString() }),
    ...(fullPassAt && { nextFullPassAt: new Date(fullPassAt.getTime() + FULL_PASS_EVERY_MS).toISOString() }),
  };
}
