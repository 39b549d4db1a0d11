/** One run of reconcile: the whole account, level-triggered. */
import { RECONCILE_EVERY_MINUTES } from '../../contract/names';
import { REPEAT_MS, resolveUser, reportAccountConditions, reportResolved } from './account-conditions';
import { circuitBudget, isOpen } from './circuit-breaker';
import { codeOf, reasonOf, RotationError } from '../errors';
import { appliedGeneration, outdated, readSlice } from '../roster/subject';
import { TAGS } from '../ledger/tags';
import type { Reports } from '../ports';
import { heldKeys, heldOf } from './held-keys';
import type { Cache, CachedUser } from './cache';
import { isFailing, reconcileUser } from './reconcile-user';
import { isReleased, lastPart, releasable, release } from './release-user';
import type { AccountReport, UnknownUser } from '../../contract/report';
import { isSecretOf, reportRotationFailure, type RotationFailure } from './rotation-failed-event';
import type { RosterSlice, SliceUser } from '../../contract/slice';
import type { ReconcilePorts, ReconcileSettings, RunBudget } from './user-state';

export interface RunPorts extends ReconcilePorts {
  readonly reports: Reports;
}

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

const FULL_PASS_EVERY_MS = 3_600_000;
const CONCURRENT_USERS = 4;
/** Kept free for users that are being looked at, and for the report. */
const RESERVE_MS = 60_000;

/**
 * Runs once: users for whom something is due, and hourly everybody. A missing, unreadable or older slice changes
 * nothing and alerts. One failing user never stops the others; whom the function's time does not reach is due in the next run.
 * @param rotationFailure a rotation event: it is told if the function did not, and its user is looked at at once
 */
export async function reconcile(
  ports: RunPorts,
  settings: ReconcileSettings,
  cache: Cache,
  rotationFailure?: RotationFailure,
): Promise<RunOutcome> {
  const now = ports.clock.now();
  if (rotationFailure) remember(cache, rotationFailure);
  let slice: RosterSlice;
  try {
    slice = await readSlice(ports.roster, settings.accountId);
    if (cache.generation !== undefined && slice.generation < cache.generation)
      throw outdated(slice.generation, cache.generation);
  } catch (error) {
    return refuseRoster(ports, settings, cache, error);
  }
  const untold = await reportRotationFailures(ports, cache, slice);
  const outcome = await pass(ports, settings, cache, slice, now, rotationFailure);
  if (untold) throw untold;
  return outcome;
}

/** Events come again when a run fails; an outage must not pile them up. */
const OCCURRENCES_KEPT = 100;

function remember({ rotationFailures }: Cache, rotationFailure: RotationFailure): void {
  if (
    rotationFailures.some(
      ({ secretId, at, name }) =>
        secretId === rotationFailure.secretId && at === rotationFailure.at && name === rotationFailure.name,
    )
  )
    return;
  rotationFailures.push(rotationFailure);
  if (rotationFailures.length > OCCURRENCES_KEPT) rotationFailures.shift();
}

/** What cannot be told stays for the next run, and stops nothing else. @returns why */
async function reportRotationFailures(
  ports: RunPorts,
  { rotationFailures }: Cache,
  slice: RosterSlice,
): Promise<unknown> {
  let failure: unknown;
  for (const rotationFailure of rotationFailures.splice(0)) {
    try {
      await reportRotationFailure(ports, slice, rotationFailure);
    } catch (error) {
      failure = error;
      rotationFailures.push(rotationFailure);
      ports.log.error('a rotation event could not be told', { code: codeOf(error), reason: reasonOf(error) });
    }
  }
  return failure;
}

async function pass(
  ports: RunPorts,
  settings: ReconcileSettings,
  cache: Cache,
  slice: RosterSlice,
  now: Date,
  rotationFailure: RotationFailure | undefined,
): Promise<RunOutcome> {
  if (rotationFailure && cache.generation === undefined) return glance(ports, settings, cache, slice, rotationFailure);
  if (cache.generation !== slice.generation || isFullPass(cache.fullPassAt, now))
    return fullPass(ports, settings, cache, slice, now);
  const due = slice.users.filter(
    ({ name, secretName }) =>
      (cache.users.get(name)?.dueAt ?? NEVER) <= now ||
      (rotationFailure && isSecretOf(slice.accountId, secretName, rotationFailure.secretId)),
  );
  const inTurn = due.filter(({ name }) => cache.users.get(name)?.waits).slice(0, slice.limits.maxFirstRotationsPerRun);
  const seen = due.filter((user) => !cache.users.get(user.name)?.waits || inTurn.includes(user));
  if (seen.length > 0) await passUsers(ports, settings, cache, slice, seen);
  return outcomeOf(cache);
}

/**
 * Many events at once start many containers, each of which knows nobody yet: it sees to the event's user, starts no
 * rotation, for which it would have to know how many fail, and leaves the account and its report to the schedule.
 */
async function glance(
  ports: RunPorts,
  settings: ReconcileSettings,
  cache: Cache,
  slice: RosterSlice,
  { secretId }: RotationFailure,
): Promise<RunOutcome> {
  const budget: RunBudget = { rotationsLeft: 0, waiting: new Set() };
  await eachOf(
    slice.users.filter(({ secretName }) => isSecretOf(slice.accountId, secretName, secretId)),
    async (user) => {
      const { untold } = await passUser(ports, settings, cache, slice, user, budget);
      if (untold) throw untold;
    },
  );
  return outcomeOf(cache);
}

const NEVER = new Date(8.64e15);

async function fullPass(
  ports: RunPorts,
  settings: ReconcileSettings,
  cache: Cache,
  slice: RosterSlice,
  now: Date,
): Promise<RunOutcome> {
  const untold: unknown[] = [];
  const failed = (name: string, error: unknown): Promise<void> =>
    reportAccountConditions(ports, settings, cache, lastPart(name), error).catch(
      (failure: unknown) => void untold.push(failure),
    );
  const unwanted = await releasable(ports.secrets, slice, failed);
  const newest = Math.max(0, ...unwanted.map(appliedGeneration));
  if (slice.generation < newest) return refuseRoster(ports, settings, cache, outdated(slice.generation, newest));
  const wanted = new Set(slice.users.map(({ name }) => name));
  for (const name of cache.users.keys()) if (!wanted.has(name)) cache.users.delete(name);
  for (const secret of unwanted)
    await release(ports, slice, secret, now).catch((error: unknown) => failed(secret.name, error));
  await passUsers(ports, settings, cache, slice, slice.users);
  if (untold.length > 0) throw untold[0];
  Object.assign(cache, { generation: slice.generation, fullPassAt: inStep(cache.fullPassAt, now) });
  return outcomeOf(cache);
}

/** At its minute of every hour. A lost run puts it off by an hour; other runs see only to what is due. */
function isFullPass(former: Date | undefined, now: Date): boolean {
  if (!former) return true;
  const sinceMs = now.getTime() - former.getTime();
  return sinceMs >= FULL_PASS_EVERY_MS && sinceMs % FULL_PASS_EVERY_MS < RECONCILE_EVERY_MINUTES * 60_000;
}

/** Full passes keep their minute of the hour, however late one comes. */
function inStep(former: Date | undefined, now: Date): Date {
  return former ? new Date(now.getTime() - ((now.getTime() - former.getTime()) % FULL_PASS_EVERY_MS)) : now;
}

/**
 * The roster cannot be trusted: nothing is changed, and the admins are told. Where nothing was ever applied, a slice
 * that is missing is still to come, since functions are deployed before slices: that stands in the log only.
 */
async function refuseRoster(
  ports: RunPorts,
  settings: ReconcileSettings,
  cache: Cache,
  error: unknown,
): Promise<RunOutcome> {
  if (codeOf(error) === 'SLICE_MISSING' && !(await managesAny(ports)))
    ports.log.info('no roster is published for this account yet');
  else await reportAccountConditions(ports, settings, cache, '', error);
  return {
    users: 0,
    unknown: 1,
    awaitsUse: false,
    nextDueAt: new Date(ports.clock.now().getTime() + REPEAT_MS).toISOString(),
  };
}

/** Whether a roster was ever applied here. Where that cannot be known, it was. */
async function managesAny({ secrets }: RunPorts): Promise<boolean> {
  try {
    for (const name of await secrets.list())
      if ((await secrets.describe(name))?.tags[TAGS.generation] !== undefined) return true;
    return false;
  } catch {
    return true;
  }
}

function outcomeOf({ users, fullPassAt }: Cache): RunOutcome {
  const cached = [...users.values()];
  const due = cached.flatMap(({ dueAt }) => dueAt?.getTime() ?? []);
  return {
    users: cached.filter(({ report }) => report).length,
    unknown: cached.filter(({ unknown }) => unknown).length,
    awaitsUse: cached.some((user) => user.awaitsUse),
    ...(due.length > 0 && { nextDueAt: new Date(Math.min(...due)).toISOString() }),
    ...(fullPassAt && { nextFullPassAt: new Date(fullPassAt.getTime() + FULL_PASS_EVERY_MS).toISOString() }),
  };
}

async function passUsers(
  ports: RunPorts,
  settings: ReconcileSettings,
  cache: Cache,
  slice: RosterSlice,
  users: readonly SliceUser[],
): Promise<void> {
  if (cache.users.size === 0) await recallFailures(ports, cache, slice);
  await reportCircuit(ports, settings, cache);
  const budget: RunBudget = {
    rotationsLeft: circuitBudget(failures(cache), slice.limits.maxFirstRotationsPerRun),
    waiting: new Set(),
  };
  await eachOf(users, async (user) => {
    const hasTime = ports.clock.remaining() > RESERVE_MS;
    cache.users.set(
      user.name,
      hasTime ? await passUser(ports, settings, cache, slice, user, budget) : putOff(ports, cache, user),
    );
  });
  await ports.reports.write(await accountReport(ports, settings, cache, slice));
  const untold = users.map(({ name }) => cache.users.get(name)?.untold).find((failure) => failure !== undefined);
  if (untold) throw untold;
}

/** What an earlier run found stands until then. */
function putOff({ clock }: RunPorts, { users }: Cache, { name }: SliceUser): CachedUser {
  const before = users.get(name);
  const unknown = {
    userName: name,
    code: 'USER_NOT_REACHED',
    reason: 'the run had no time left for this user; the next one begins with it',
  };
  return { ...before, ...(!before?.report && !before?.unknown && { unknown }), dueAt: clock.now() };
}

async function passUser(
  ports: RunPorts,
  settings: ReconcileSettings,
  cache: Cache,
  slice: RosterSlice,
  user: SliceUser,
  budget: RunBudget,
): Promise<CachedUser> {
  try {
    const { report, due, awaitsUse, failing, unsent } = await reconcileUser(ports, settings, slice, user, budget, () =>
      heldKeys(ports.reports, cache, user.name),
    );
    const untold = unsent === undefined ? undefined : await reportUnsent(ports, settings, cache, user.name, unsent);
    if (unsent === undefined) await resolveUser(ports, settings, cache, user.name);
    return {
      report,
      held: heldOf(report),
      awaitsUse,
      failing,
      waits: budget.waiting.has(user.name),
      ...(due.length > 0 && { dueAt: new Date(Math.min(...due.map((at) => at.getTime()))) }),
      ...(unsent !== undefined && { untold, dueAt: ports.clock.now() }),
    };
  } catch (error) {
    const unknown = { userName: user.name, code: codeOf(error), reason: reasonOf(error) };
    ports.log.error('user not reconciled', { user: user.name, code: unknown.code, reason: unknown.reason });
    const untold = await reportAccountConditions(
      ports,
      settings,
      cache,
      unknown.code === 'SLICE_OUTDATED' ? '' : user.name,
      error,
    ).catch((failure: unknown) => failure);
    const held = cache.users.get(user.name)?.held;
    return { unknown, ...(held && { held }), dueAt: ports.clock.now(), ...(untold !== undefined && { untold }) };
  }
}

/** A notice that is owed is a condition of its own; @returns why not even that can be sent, which fails the run */
async function reportUnsent(
  ports: RunPorts,
  settings: ReconcileSettings,
  cache: Cache,
  userName: string,
  unsent: unknown,
): Promise<unknown> {
  return reportAccountConditions(ports, settings, cache, userName, unsent).then(
    () => undefined,
    (failure: unknown) => failure,
  );
}

async function accountReport(
  ports: RunPorts,
  { accountId, codeVersion }: ReconcileSettings,
  cache: Cache,
  slice: RosterSlice,
): Promise<AccountReport> {
  const cached = slice.users.map(({ name }) => cache.users.get(name));
  const unknown = await Promise.all(
    cached.flatMap((user) => user?.unknown ?? []).map((user) => withHeldKeys(ports, cache, user)),
  );
  return {
    schemaVersion: 1,
    accountId,
    generation: slice.generation,
    codeVersion,
    at: ports.clock.now().toISOString(),
    users: cached.flatMap((user) => user?.report ?? []).sort((a, b) => (a.userName < b.userName ? -1 : 1)),
    ...(slice.state === 'leaving' && { released: await isReleased(ports.secrets, slice) }),
    unknown,
  };
}

/** What the last report knew of a user that cannot be read, this one still does. */
async function withHeldKeys({ reports, log }: RunPorts, cache: Cache, user: UnknownUser): Promise<UnknownUser> {
  try {
    const held = await heldKeys(reports, cache, user.userName);
    return held.length > 0 ? { ...user, heldKeys: held } : user;
  } catch (error) {
    log.error('the last report cannot be read', { code: codeOf(error), reason: reasonOf(error) });
    return user;
  }
}

/** A cold function knows no failures yet; the ledgers do. What cannot be read is reported when the user is reconciled. */
async function recallFailures({ secrets }: RunPorts, cache: Cache, slice: RosterSlice): Promise<void> {
  await eachOf(slice.users, async ({ name, secretName }) => {
    const secret = await secrets.describe(secretName).catch(() => undefined);
    cache.users.set(name, { failing: secret !== undefined && isFailing(secret) });
  });
}

async function eachOf(users: readonly SliceUser[], see: (user: SliceUser) => Promise<void>): Promise<void> {
  const queue = [...users];
  const work = async (): Promise<void> => {
    for (let user = queue.shift(); user; user = queue.shift()) await see(user);
  };
  await Promise.all(Array.from({ length: CONCURRENT_USERS }, work));
}

const failures = ({ users }: Cache): { readonly failing: number; readonly users: number } => ({
  failing: [...users.values()].filter(({ failing }) => failing).length,
  users: users.size,
});

async function reportCircuit(ports: RunPorts, settings: ReconcileSettings, cache: Cache): Promise<void> {
  const open = isOpen(failures(cache));
  const { failing, users } = failures(cache);
  if (open)
    await reportAccountConditions(
      ports,
      settings,
      cache,
      '',
      new RotationError(
        'CIRCUIT_OPEN',
        `${failing} of ${users} users have a rotation that failed and is outstanding`,
        'no rotation is started but one at a time as a probe, until fewer fail; alerts of the users say why they do',
      ),
    );
  else if (cache.circuitOpen) await reportResolved(ports, settings, '', 'CIRCUIT_OPEN', 'rotations succeed again');
  cache.circuitOpen = open;
}
