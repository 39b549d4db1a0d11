/** One user's pass of reconcile: compare what the roster wants with what is, do what is due. */
import { codeOf, reasonOf, RotationError } from './errors';
import { tellConditions, type Conditions } from './conditions';
import { calendarDate } from './guard';
import { deactivateAndDelete, isQuiet, lastFour, quietAt, unlessProtected } from './keys';
import { failureOf, intentsOf, intentTagKey, judgeableAt, judgeUnknownKeys, retirementsOf, retirementTag, retirementTagKey, spentIntents, TAGS, versionWith } from './ledger';
import type { AccessKey, Clock, KeyAdministration, KeyAdministrations, LastUse, Log, Notices, Roster, Secret, SecretLifecycle, User } from './ports';
import type { KeyReport, UserReport } from './report';
import { retireKey } from './retire-keys';
import { activeUntil, awaitsUse, inactiveUntil } from './retirement';
import { secretPolicy } from './secret-policy';
import { parseSecretValue, printSecretValue } from './secret-value';
import type { RosterSlice, SliceUser } from './slice';
import { closeRotation, rotatedNotice } from './success';

export interface ReconcilePorts {
  readonly secrets: SecretLifecycle;
  readonly keys: KeyAdministrations;
  readonly roster: Roster;
  readonly notices: Notices;
  readonly clock: Clock;
  readonly log: Log;
}

export interface ReconcileSettings {
  readonly accountId: string;
  readonly region: string;
  readonly partition: string;
  /** How long an invocation of the rotate function can live. */
  readonly rotateTimeoutMs: number;
  readonly codeVersion: string;
}

/** What one run may still do, shared by its users. */
export interface RunBudget {
  firstRotationsLeft: number;
}

/** One user's pass, with what was read at its beginning. */
export interface UserPass extends ReconcilePorts {
  readonly settings: ReconcileSettings;
  readonly slice: RosterSlice;
  readonly user: SliceUser;
  readonly secret: Secret;
  readonly iam: KeyAdministration;
  readonly existing: readonly AccessKey[];
  readonly lastUses: ReadonlyMap<string, LastUse>;
  readonly currentKeyId: string | undefined;
  readonly pendingKeyId: string | undefined;
  readonly now: Date;
  readonly conditions: Conditions;
}

export interface UserOutcome {
  readonly report: UserReport;
  /** Instants at which something becomes due. */
  readonly due: readonly Date[];
  /** A use of a retiring key would make something due at once. */
  readonly awaitsUse: boolean;
}

/** How long a failed or stuck rotation is left to Secrets Manager before it is started again. */
const RESTART_AFTER_MS = 3_600_000;

/**
 * Brings one user's secret, schedule and keys to what the roster says. Does one thing after another and may be cut off
 * anywhere: the next run starts from what is.
 * @throws what an AWS call threw; nothing is half done that a later run does not complete
 */
export async function reconcileUser(ports: ReconcilePorts, settings: ReconcileSettings, slice: RosterSlice, user: SliceUser, budget: RunBudget): Promise<UserOutcome> {
  const iam = ports.keys.of(user.name, `reconcile-${settings.accountId}`);
  const found = await iam.user();
  const secret = (await ports.secrets.describe(user.secretName)) ?? (found && (await createSecret(ports, settings, slice, user, found)));
  if (!secret) throw new RotationError('USER_MISSING', `there is no IAM user ${user.name} in account ${settings.accountId}`, 'create the user or take it out of the roster');
  const conditions: Conditions = new Map();
  const pass = await read({ ...ports, settings, slice, user, secret, iam, conditions, now: ports.clock.now() }, found);
  const due: (Date | undefined)[] = [];
  if (found && isSame(secret, found)) {
    await applyPolicy(pass, found);
    await finishRotation(pass);
    due.push(...(await tendKeys(pass)));
    due.push(await tendRotation(pass, budget));
  } else {
    conditions.set(found ? 'USER_REPLACED' : 'USER_MISSING', {
      reason: found ? `the IAM user ${user.name} was deleted and created again` : `the IAM user ${user.name} no longer exists`,
      nextStep: 'nothing is changed; take the user out of the roster or delete the secret, so that the new user is adopted',
    });
  }
  due.push(await tellConditions(ports, pass, conditions, pass.now));
  return { report: reportOf(pass), due: due.filter((at): at is Date => at !== undefined), awaitsUse: retirementsOf(secret).some((retirement) => awaitsUse(retirement, user, pass.now)) };
}

async function createSecret(ports: ReconcilePorts, settings: ReconcileSettings, slice: RosterSlice, user: SliceUser, found: User): Promise<Secret | undefined> {
  const value = printSecretValue({ userName: found.name, accountId: settings.accountId });
  await ports.secrets.create(user.secretName, value, { [TAGS.userId]: found.id, [TAGS.generation]: String(slice.generation) });
  return ports.secrets.describe(user.secretName);
}

const isSame = (secret: Secret, found: User): boolean => (secret.tags[TAGS.userId] ?? found.id) === found.id;

async function read(base: Omit<UserPass, 'existing' | 'lastUses' | 'currentKeyId' | 'pendingKeyId'>, found: User | undefined): Promise<UserPass> {
  const { secrets, secret, iam } = base;
  const existing = found ? await iam.list() : [];
  const lastUses = new Map<string, LastUse>();
  for (const key of existing) lastUses.set(key.id, await iam.lastUse(key.id));
  const keyOf = (text: string | undefined): string | undefined => (text === undefined ? undefined : parseSecretValue(text).key?.id);
  const currentKeyId = keyOf(await secrets.value(secret.arn, 'AWSCURRENT'));
  const pendingKeyId = versionWith(secret, 'AWSPENDING') === undefined ? undefined : keyOf(await secrets.value(secret.arn, 'AWSPENDING'));
  return { ...base, existing, lastUses, currentKeyId, pendingKeyId };
}

async function applyPolicy({ secrets, secret, slice, user, settings }: UserPass, found: User): Promise<void> {
  const wanted = secretPolicy(slice, user, found.arn, settings.partition);
  const actual = await secrets.policy(secret.arn);
  if (actual === undefined || canonical(actual) !== canonical(wanted)) await secrets.putPolicy(secret.arn, wanted);
  const applied = Number(secret.tags[TAGS.generation] ?? 0);
  if (applied < slice.generation) await secrets.tag(secret.arn, { [TAGS.generation]: String(slice.generation), ...(secret.tags[TAGS.userId] ? {} : { [TAGS.userId]: found.id }) });
}

const canonical = (json: string): string => JSON.stringify(JSON.parse(json));

/** A version that our rotation promoted and whose owner was not told: completes what finishSecret left. */
async function finishRotation({ secrets, notices, secret, slice, user, currentKeyId, now }: UserPass): Promise<void> {
  const versionId = versionWith(secret, 'AWSCURRENT');
  if (!versionId || !currentKeyId) return;
  const ours = intentsOf(secret).some(({ token }) => token === versionId);
  const told = secret.tags[TAGS.notified] === versionId;
  if ((told || !ours) && !secret.versions[versionId]?.includes('AWSPENDING')) return;
  const notice = rotatedNotice({ subject: { secret, slice, user }, versionId, currentKeyId, now });
  await closeRotation(secrets, notices, secret, versionId, notice);
}

/** Retirement, orphans and unmanaged keys; keys that AWSCURRENT or AWSPENDING names are left alone. */
async function tendKeys(pass: UserPass): Promise<(Date | undefined)[]> {
  const { existing, currentKeyId, pendingKeyId, secret, settings, now, secrets } = pass;
  const inUse = new Set([currentKeyId, pendingKeyId]);
  const retirements = retirementsOf(secret);
  const due: (Date | undefined)[] = [];
  for (const retirement of retirements) {
    if (retirement.keyId === currentKeyId && pendingKeyId === undefined) await secrets.untag(secret.arn, [retirementTagKey(retirement.keyId)]);
    if (inUse.has(retirement.keyId)) continue;
    const key = existing.find(({ id }) => id === retirement.keyId);
    due.push((await retireKey(pass, retirement, key, pass.lastUses.get(retirement.keyId))) ?? now);
  }
  const known = new Set([...retirements.map(({ keyId }) => keyId), ...[...inUse].filter((id) => id !== undefined)]);
  const intents = intentsOf(secret);
  const judged = judgeUnknownKeys(existing, known, intents, settings.rotateTimeoutMs, now);
  for (const orphan of judged.orphans) await removeOrphan(pass, orphan);
  if (judged.undecided.length > 0) due.push(judgeableAt(intents, settings.rotateTimeoutMs));
  due.push(...(await tendUnmanaged(pass, judged.unmanaged)));
  const untold = versionWith(secret, 'AWSCURRENT');
  const spent = spentIntents(intents, existing, untold === secret.tags[TAGS.notified] ? undefined : untold, settings.rotateTimeoutMs, now);
  if (spent.length > 0) await secrets.untag(secret.arn, spent.map(intentTagKey));
  return due;
}

async function removeOrphan(pass: UserPass, orphan: AccessKey): Promise<void> {
  if (pass.lastUses.get(orphan.id)?.used !== false) return;
  await unlessProtected(pass.secrets, pass.secret, orphan.id, () => pass.iam.delete(orphan.id));
  pass.log.info('deleted a key that an interrupted rotation had created and never stored', { secret: pass.secret.name });
}

/**
 * Keys in no version. They start to retire once the secret holds a key; before the first rotation only where two of
 * them stand in its way, and then the quietest one.
 */
async function tendUnmanaged(pass: UserPass, unmanaged: readonly AccessKey[]): Promise<(Date | undefined)[]> {
  const { user, currentKeyId, pendingKeyId, secrets, secret, now } = pass;
  if (unmanaged.length === 0 || user.unmanagedKeys === 'hold' || pendingKeyId) return [];
  if (!currentKeyId && (unmanaged.length < 2 || standsStill(pass))) return [];
  const candidates = currentKeyId ? unmanaged : quietest(pass, unmanaged);
  for (const key of candidates) {
    if (user.unmanagedKeys === 'delete') {
      if (isQuiet(key, pass.lastUses.get(key.id)!, user.quietForHours, now)) await unlessProtected(secrets, secret, key.id, () => deactivateAndDelete(pass.iam, key));
      continue;
    }
    const state = key.status === 'Active' ? 'active' : 'inactive';
    await secrets.tag(secret.arn, retirementTag({ keyId: key.id, state, since: now, warnings: 0, replacedBy: '-' }));
  }
  if (candidates.length > 0 && user.unmanagedKeys === 'retire') return [now];
  return unmanaged.map((key) => quietAt(key, pass.lastUses.get(key.id)!, user.quietForHours)).filter((at) => at > now);
}

/** Neither rotated nor adopted: exempt, retired or being released. */
const standsStill = (pass: UserPass): boolean => isExempt(pass) || pass.user.state === 'retired' || pass.slice.state === 'leaving';
const isExempt = ({ user: { exempt }, now }: UserPass): boolean => exempt !== undefined && calendarDate(now) <= exempt.until;

function quietest({ user, now, lastUses }: UserPass, keys: readonly AccessKey[]): AccessKey[] {
  const quiet = keys.filter((key) => isQuiet(key, lastUses.get(key.id)!, user.quietForHours, now));
  const byUse = quiet.sort((a, b) => Number(a.status === 'Active') - Number(b.status === 'Active') || quietAt(a, lastUses.get(a.id)!, 0).getTime() - quietAt(b, lastUses.get(b.id)!, 0).getTime());
  return byUse.slice(0, 1);
}

/** Schedule, first rotation, and rotations that are stuck. Never touches the schedule while AWSPENDING is outstanding. */
async function tendRotation(pass: UserPass, budget: RunBudget): Promise<Date | undefined> {
  const { user, secret, secrets, conditions, existing, currentKeyId } = pass;
  if (standsStill(pass)) {
    if (secret.rotationEnabled) await secrets.cancelRotation(secret.arn);
    return isExempt(pass) ? new Date(Date.parse(user.exempt!.until) + 24 * 3_600_000) : undefined;
  }
  const pending = versionWith(secret, 'AWSPENDING');
  if (pending && pending !== versionWith(secret, 'AWSCURRENT')) return restart(pass, pending);
  if (currentKeyId && !existing.some(({ id }) => id === currentKeyId)) {
    conditions.set('CURRENT_KEY_MISSING', { reason: `the key …${lastFour(currentKeyId)} that AWSCURRENT names does not exist`, nextStep: existing.length < 2 ? 'a rotation is started' : 'decide which of the two existing keys may go and delete it' });
  } else if (currentKeyId && existing.some(({ id, status }) => id === currentKeyId && status !== 'Active')) {
    conditions.set('CURRENT_KEY_INACTIVE', { reason: `the key …${lastFour(currentKeyId)} that AWSCURRENT names was deactivated`, nextStep: 'reactivate it, or rotate; nothing is changed' });
  }
  const schedule = scheduleOf(user);
  const missing = currentKeyId === undefined || conditions.has('CURRENT_KEY_MISSING');
  if (missing) return startRotation(pass, schedule, budget);
  if (!secret.rotationEnabled || secret.scheduleExpression !== schedule) await secrets.rotate(secret.arn, schedule, false);
  return undefined;
}

export function scheduleOf({ rotateEveryHours }: SliceUser): string {
  const days = rotateEveryHours / 24;
  const [count, unit] = Number.isInteger(days) ? [days, 'day'] : [rotateEveryHours, 'hour'];
  return `rate(${count} ${unit}${count === 1 ? '' : 's'})`;
}

async function startRotation(pass: UserPass, schedule: string, budget: RunBudget): Promise<Date | undefined> {
  const { slice, secret, secrets, now } = pass;
  const freeze = slice.limits.freeze.find(({ from, to }) => from <= calendarDate(now) && calendarDate(now) <= to);
  if (freeze) return new Date(Date.parse(freeze.to) + 24 * 3_600_000);
  if (!hasRoom(pass)) return waitForRoom(pass);
  if (budget.firstRotationsLeft <= 0) return now;
  budget.firstRotationsLeft -= 1;
  await secrets.rotate(secret.arn, schedule, true);
  return undefined;
}

const hasRoom = ({ existing, user }: UserPass): boolean => existing.length < 2 || user.unmanagedKeys === 'delete';

function waitForRoom(pass: UserPass): undefined {
  const used = pass.existing.map((key) => {
    const lastUse = pass.lastUses.get(key.id);
    return `…${lastFour(key.id)} (${key.status}, ${lastUse?.used ? `last used ${lastUse.at.toISOString()} by ${lastUse.service}` : 'never used'})`;
  });
  pass.conditions.set('ROTATION_WAITS', { reason: `${pass.user.name} has two keys, ${used.join(' and ')}, and a new one needs room`, nextStep: 'one is retired once it is quiet; then the rotation starts by itself' });
}

/** A rotation that has not finished for an hour is attempted again, once there is room for its key. */
async function restart(pass: UserPass, pending: string): Promise<Date | undefined> {
  const { secret, secrets, user, now } = pass;
  const failure = failureOf(secret);
  if (failure?.token !== pending) {
    await secrets.tag(secret.arn, { [TAGS.failed]: [pending, 'ROTATION_UNFINISHED', now.toISOString()].join(' ') });
    return undefined;
  }
  const dueAt = new Date(failure.at.getTime() + RESTART_AFTER_MS);
  if (now < dueAt) return dueAt;
  if (pass.pendingKeyId === undefined && !hasRoom(pass)) return waitForRoom(pass);
  await secrets.tag(secret.arn, { [TAGS.failed]: [pending, failure.code, now.toISOString()].join(' ') });
  try {
    await secrets.rotate(secret.arn, scheduleOf(user), true);
  } catch (error) {
    pass.log.warn('the outstanding rotation could not be started again', { secret: secret.name, code: codeOf(error), reason: reasonOf(error) });
  }
  return undefined;
}

function reportOf(pass: UserPass): UserReport {
  const retirements = new Map(retirementsOf(pass.secret).map((retirement) => [retirement.keyId, retirement]));
  const keys = pass.existing.map((key): KeyReport => {
    const lastUse = pass.lastUses.get(key.id);
    const retirement = retirements.get(key.id);
    const role = key.id === pass.currentKeyId ? 'current' : key.id === pass.pendingKeyId ? 'pending' : retirement ? 'retiring' : 'unmanaged';
    return {
      keyId: key.id,
      role,
      status: key.status,
      createdAt: key.createdAt.toISOString(),
      ...(lastUse?.used && { lastUsedAt: lastUse.at.toISOString(), lastUsedBy: lastUse.service }),
      ...(role === 'retiring' && retirement && nextOf(retirement, pass.user)),
    };
  });
  return { userName: pass.user.name, secretName: pass.user.secretName, keys, conditions: [...pass.conditions.keys()], ...(pass.secret.nextRotationAt && { nextRotationAt: pass.secret.nextRotationAt.toISOString() }) };
}

function nextOf(retirement: ReturnType<typeof retirementsOf>[number], user: SliceUser): Pick<KeyReport, 'nextStep' | 'nextStepAt'> {
  return retirement.state === 'inactive'
    ? { nextStep: 'delete', nextStepAt: inactiveUntil(retirement.since, user).toISOString() }
    : { nextStep: 'deactivate', nextStepAt: activeUntil(retirement, user).toISOString() };
}
