/** One run of reconcile: the whole account, level-triggered. */
import { codeOf, reasonOf, RotationError } from './errors';
import { eventId } from './event-id';
import { appliedGeneration, calendarDate, outdated, readSlice } from './guard';
import { TAGS } from './ledger';
import type { Secret } from './ports';
import { reconcileUser, type ReconcilePorts, type ReconcileSettings, type RunBudget } from './reconcile-user';
import type { AccountReport } from './report';
import type { RosterSlice } from './slice';

export interface RunPorts extends ReconcilePorts {
  readonly reports: { write(report: AccountReport): Promise<void> };
}

/** What a warm function remembers between runs. Losing it costs a full pass, never safety. */
export interface Memory {
  generation?: number;
  fullPassAt?: Date;
  nextDueAt?: Date;
  /** Conditions of the account, or of users without a secret, by what was told and when. */
  readonly told: Map<string, Date>;
}

export interface RunOutcome {
  /** When the next run does anything, if nothing changes before; absent when nothing ever becomes due. */
  readonly nextDueAt?: string;
  readonly users: number;
  readonly unknown: number;
}

const FULL_PASS_EVERY_MS = 3_600_000;
const REPEAT_MS = 24 * 3_600_000;
const CONCURRENT_USERS = 4;

/**
 * Runs once. A missing, unreadable or older slice changes nothing and alerts. One failing user never stops the others.
 * @param force a full pass even when nothing is due, as after a rotation event
 */
export async function reconcile(ports: RunPorts, settings: ReconcileSettings, memory: Memory, force: boolean): Promise<RunOutcome> {
  const now = ports.clock.now();
  let slice: RosterSlice;
  try {
    slice = await readSlice(ports.roster, settings.accountId);
    if (memory.generation !== undefined && slice.generation < memory.generation) throw outdated(slice.generation, memory.generation);
  } catch (error) {
    await tellAccount(ports, settings, memory, '', error);
    return { users: 0, unknown: 1, nextDueAt: new Date(now.getTime() + REPEAT_MS).toISOString() };
  }
  if (!force && isIdle(memory, slice, now)) return { users: 0, unknown: 0, nextDueAt: wakesAt(memory).toISOString() };
  return fullPass(ports, settings, memory, slice, now);
}

function isIdle(memory: Memory, slice: RosterSlice, now: Date): boolean {
  const { generation, fullPassAt, nextDueAt } = memory;
  return generation === slice.generation && fullPassAt !== undefined && now.getTime() - fullPassAt.getTime() < FULL_PASS_EVERY_MS && (nextDueAt === undefined || now < nextDueAt);
}

/** What changed in between is seen by the next full pass, if nothing is due before. */
function wakesAt({ fullPassAt, nextDueAt }: Memory): Date {
  const nextPassAt = fullPassAt!.getTime() + FULL_PASS_EVERY_MS;
  return new Date(Math.min(nextPassAt, nextDueAt?.getTime() ?? nextPassAt));
}

async function fullPass(ports: RunPorts, settings: ReconcileSettings, memory: Memory, slice: RosterSlice, now: Date): Promise<RunOutcome> {
  const unwanted = await releasable(ports, slice);
  const newest = Math.max(0, ...unwanted.map(appliedGeneration));
  if (slice.generation < newest) {
    await tellAccount(ports, settings, memory, '', outdated(slice.generation, newest));
    return { users: 0, unknown: 1, nextDueAt: new Date(now.getTime() + REPEAT_MS).toISOString() };
  }
  const budget: RunBudget = { firstRotationsLeft: slice.limits.maxFirstRotationsPerRun };
  const report: AccountReport & { users: AccountReport['users'][number][]; unknown: AccountReport['unknown'][number][] } = { schemaVersion: 1, accountId: settings.accountId, generation: slice.generation, at: now.toISOString(), users: [], unknown: [] };
  const due: Date[] = [];
  const queue = [...slice.users];
  const work = async (): Promise<void> => {
    for (let user = queue.shift(); user; user = queue.shift()) {
      try {
        const outcome = await reconcileUser(ports, settings, slice, user, budget);
        report.users.push(outcome.report);
        due.push(...outcome.due);
      } catch (error) {
        ports.log.error('user not reconciled', { user: user.name, code: codeOf(error), reason: reasonOf(error) });
        report.unknown.push({ userName: user.name, code: codeOf(error), reason: reasonOf(error) });
        await tellAccount(ports, settings, memory, user.name, error);
        due.push(now);
      }
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT_USERS }, work));
  for (const secret of unwanted) await release(ports, settings, slice, secret, now);
  report.users.sort((a, b) => (a.userName < b.userName ? -1 : 1));
  await ports.reports.write(report);
  const nextDueAt = due.length > 0 ? new Date(Math.min(...due.map((at) => at.getTime()))) : undefined;
  Object.assign(memory, { generation: slice.generation, fullPassAt: now, nextDueAt });
  return { users: report.users.length, unknown: report.unknown.length, ...(nextDueAt && { nextDueAt: nextDueAt.toISOString() }) };
}

/** Managed secrets whose user is no longer in the roster. */
async function releasable({ secrets }: RunPorts, slice: RosterSlice): Promise<Secret[]> {
  const wanted = new Set(slice.users.map(({ secretName }) => secretName));
  const found: Secret[] = [];
  for (const name of await secrets.list()) {
    const secret = wanted.has(name) ? undefined : await secrets.describe(name);
    if (secret && !secret.deletedAt && secret.tags[TAGS.generation] !== undefined) found.push(secret);
  }
  return found;
}

/** Rotation ends; the secret and its key stay as they are. */
async function release(ports: RunPorts, settings: ReconcileSettings, slice: RosterSlice, secret: Secret, now: Date): Promise<void> {
  if (secret.tags[TAGS.released]) return;
  if (secret.rotationEnabled) await ports.secrets.cancelRotation(secret.arn);
  await ports.notices.send({
    schemaVersion: 1,
    id: eventId(secret.arn, 'released', String(slice.generation)),
    type: 'attention',
    audience: ['admin'],
    accountId: settings.accountId,
    region: slice.region,
    userName: secret.name.split('/').at(-1) ?? secret.name,
    secretName: secret.name,
    occurredAt: now.toISOString(),
    code: 'USER_RELEASED',
    reason: 'the user is no longer in the roster: its rotation was cancelled',
    nextStep: 'its secret and its key stay; delete them by hand or put the user back as `state: retired`',
  });
  await ports.secrets.tag(secret.arn, { [TAGS.released]: now.toISOString() });
}

/** Conditions that no secret's ledger can remember: told once a day by a warm function. */
async function tellAccount(ports: RunPorts, settings: ReconcileSettings, memory: Memory, userName: string, error: unknown): Promise<void> {
  const now = ports.clock.now();
  const code = codeOf(error);
  const subject = `${userName} ${code}`;
  const last = memory.told.get(subject);
  ports.log.error('reconcile could not do its work', { user: userName, code, reason: reasonOf(error) });
  if (last && now.getTime() - last.getTime() < REPEAT_MS) return;
  await ports.notices.send({
    schemaVersion: 1,
    id: eventId(settings.accountId, userName, code, calendarDate(now)),
    type: 'attention',
    audience: ['admin'],
    accountId: settings.accountId,
    region: settings.region,
    userName,
    secretName: '',
    occurredAt: now.toISOString(),
    code,
    reason: reasonOf(error),
    nextStep: (error instanceof RotationError && error.nextStep) || 'it is attempted again by itself',
  });
  memory.told.set(subject, now);
}
