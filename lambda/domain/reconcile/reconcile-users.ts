/** Users of one run, a few at a time: one that fails never stops the others. */
import { reportAccountConditions, resolveUser } from './account/account-conditions';
import { accountReport } from './account/account-report';
import { limitRotations } from './account/circuit-breaker';
import { heldOf } from './account/held-keys';
import { forEachAtMost } from '../concurrency';
import { codeOf, reasonOf } from '../errors';
import type { CachedUser } from './cache';
import { CONCURRENT_USERS, type Run, type RunBudget } from './context';
import { isFailing, reconcileUser } from './reconcile-user';
import type { SliceUser } from '../../contract/slice';

/** Kept free for users that are being looked at, and for the report. */
const RESERVE_MS = 60_000;

/**
 * Reconciles these users and writes the account's report.
 * @throws why a notice could not be sent, after everything else
 */
export async function reconcileUsers(run: Run, users: readonly SliceUser[]): Promise<void> {
  const { cache, clock, reports } = run;
  if (cache.users.size === 0) await recallFailures(run);
  const budget = await limitRotations(run);
  await forEachAtMost(CONCURRENT_USERS, users, async (user) => {
    const hasTime = clock.remaining() > RESERVE_MS;
    cache.users.set(user.name, hasTime ? await reconcileOrReport(run, user, budget) : putOff(run, user));
  });
  await reports.write(await accountReport(run));
  const unreported = users
    .map(({ name }) => cache.users.get(name)?.unreported)
    .find((failure) => failure !== undefined);
  if (unreported) throw unreported;
}

/** What an earlier run found stands until then. */
function putOff({ cache }: Run, { name }: SliceUser): CachedUser {
  const before = cache.users.get(name);
  const unknown = {
    userName: name,
    code: 'USER_NOT_REACHED',
    reason: 'the run had no time left for this user; the next run starts with it',
  };
  return { ...before, ...(!before?.report && !before?.unknown && { unknown }), due: 'next-run' };
}

/** Never throws: what fails is reported of this user. A notice that is owed is a condition of its own. */
export async function reconcileOrReport(run: Run, user: SliceUser, budget: RunBudget): Promise<CachedUser> {
  try {
    const { report, due, awaitsUse, failing, waits, unsent } = await reconcileUser(run, user, budget);
    const found = { report, held: heldOf(report), awaitsUse, failing, waits };
    if (unsent !== undefined)
      return {
        ...found,
        unreported: await failureOf(reportAccountConditions(run, user.name, unsent)),
        due: 'next-run',
      };
    await resolveUser(run, user.name);
    return { ...found, due };
  } catch (error) {
    return reportFailure(run, user, error);
  }
}

async function reportFailure(run: Run, { name }: SliceUser, error: unknown): Promise<CachedUser> {
  const unknown = { userName: name, code: codeOf(error), reason: reasonOf(error) };
  run.log.error('user not reconciled', { user: name, code: unknown.code, reason: unknown.reason });
  const subject = unknown.code === 'SLICE_OUTDATED' ? '' : name;
  const unreported = await failureOf(reportAccountConditions(run, subject, error));
  const held = run.cache.users.get(name)?.held;
  return { unknown, ...(held && { held }), due: 'next-run', ...(unreported !== undefined && { unreported }) };
}

/** Why it failed; undefined when it did not. */
const failureOf = (attempt: Promise<void>): Promise<unknown> =>
  attempt.then(
    () => undefined,
    (failure: unknown) => failure,
  );

/** A cold function knows no failures yet; the ledgers do. What cannot be read is reported when the user is reconciled. */
async function recallFailures({ secrets, cache, slice }: Run): Promise<void> {
  await forEachAtMost(CONCURRENT_USERS, slice.users, async ({ name, secretName }) => {
    const secret = await secrets.describe(secretName).catch(() => undefined);
    cache.users.set(name, { failing: secret !== undefined && isFailing(secret), due: 'on-change' });
  });
}
