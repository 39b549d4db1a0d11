/**
 * The end of a user who retires: its current key deactivated once quiet, deleted after a rest, then the secret, which
 * can be restored for a month. Each state is written before its act, so that a run which was cut off is continued and
 * a user who comes back gets exactly what was taken.
 */
import { RECOVERY_DAYS } from '../../contract/names';
import { isQuiet, quietAt } from '../keys/quiet';
import { lastFour } from '../keys/describe';
import { offboardingOf, offboardingTag, type UserOffboarding } from '../ledger/retirements';
import { isCompromised, TAGS } from '../ledger/tags';
import type { InactiveKey, NoticeOf } from '../../contract/notice';
import { askOwner } from './ask-owner';
import { codeOf, reasonOf } from '../errors';
import type { AccessKey } from '../ports';
import { reportFailedRetirement } from './keys/retire-key';
import { activeUntil, inactiveUntil } from '../keys/retirement-schedule';
import { byHand, deletedNotice, keyUse, noticeBase, retiringKey } from '../notices/compose';
import { digest } from '../digest';
import { hoursToMs } from '../time';
import { outstanding } from '../ledger/versions';
import type { Condition } from './conditions';
import type { Due } from './due';
import { readAgain, withFreshState, type UserState } from './user-state';

/**
 * One step towards the end.
 * @returns when to look again
 */
export async function offboard(state: UserState): Promise<Due> {
  const { secret, existing, currentKeyId } = state;
  if (outstanding(secret)) return 'on-change';
  const key = existing.find(({ id }) => id === currentKeyId);
  if (!key) return waitForOthers(state);
  const offboarding = offboardingOf(secret);
  if (offboarding?.keyId !== key.id) return begin(state, key);
  if (offboarding.owing) await settle(state, key, offboarding);
  if (offboarding.state === 'waiting' || offboarding.state === 'deactivating')
    return key.status === 'Active' ? deactivate(state, key, offboarding) : rest(state, key, offboarding);
  return key.status === 'Active' ? begin(state, key) : removeInTime(state, key, offboarding);
}

async function removeInTime(state: UserState, key: AccessKey, offboarding: UserOffboarding): Promise<Due> {
  const { user, now, lastUses } = state;
  const until = inactiveUntil(offboarding, user);
  if (now < until) return until;
  const quiet = quietAt(key, lastUses.get(key.id)!, user.quietForHours);
  return now < quiet ? hold(state, key, quiet) : remove(state, key, offboarding);
}

/**
 * The user is back: what was taken from it is given back, and nothing else.
 * @returns what is so afterwards
 */
export async function comeBack(state: UserState): Promise<UserState> {
  if (!offboardingOf(state.secret)) return state;
  await withFreshState(state, giveBack);
  return readAgain(state);
}

/** Right before the act the key may be declared compromised, for a secret of one version has no lease: that is looked for afterwards. */
async function giveBack(state: UserState): Promise<void> {
  const { secrets, secret, existing, iam, notices, user } = state;
  const offboarding = offboardingOf(secret);
  if (!offboarding) return;
  const key = existing.find(({ id }) => id === offboarding.keyId);
  const given =
    key !== undefined &&
    key.status !== 'Active' &&
    offboarding.state !== 'waiting' &&
    !offboarding.found &&
    !isCompromised(secret, key.id);
  if (given) await iam.activate(key.id);
  const compromised = isCompromised((await secrets.describe(secret.arn)) ?? secret, offboarding.keyId);
  if (compromised) await iam.deactivate(offboarding.keyId);
  const [what, next] = afterwards(offboarding.keyId, key, !compromised && (given || key?.status === 'Active'));
  await notices.send(
    byHand(state, 'USER_RESTORED', offboarding.since.toISOString(), `${user.name} is back in the roster${what}`, next),
  );
  await secrets.untag(secret.arn, [TAGS.offboarding]);
}

function afterwards(keyId: string, key: AccessKey | undefined, works: boolean): [what: string, next: string] {
  if (!key) return [', and its former key was deleted before', 'its next rotation is a first one'];
  if (works) return [`: its key …${lastFour(keyId)} works`, 'rotation continues'];
  return [
    `, and its key …${lastFour(keyId)} stays deactivated because it was inactive before`,
    'reactivate it if it may be used, or rotate',
  ];
}

async function begin(state: UserState, key: AccessKey): Promise<Due> {
  const waiting: UserOffboarding = { state: 'waiting', since: state.now, keyId: key.id, owing: state.now };
  await state.secrets.tag(state.secret.arn, offboardingTag(waiting));
  await settle(state, key, waiting);
  return 'next-run';
}

/** Of a key of which the admins could not be notified the time moves, once. */
async function deactivate(state: UserState, key: AccessKey, offboarding: UserOffboarding): Promise<Due> {
  const { user, now } = state;
  const quiet = quietAt(key, state.lastUses.get(key.id)!, user.quietForHours);
  const kept = activeUntil(offboarding, user).getTime();
  const due = new Date(offboarding.owing ? kept + hoursToMs(user.keepPreviousForHours) : kept);
  if (now < due) return due;
  if (now < quiet && user.whenStillUsed === 'hold') return hold(state, key, quiet);
  const deactivating: UserOffboarding = { ...offboarding, state: 'deactivating' };
  const done = await attempt(state, key, offboarding, async (fresh, left) => {
    if (left.status !== 'Active' || (user.whenStillUsed === 'hold' && !isQuietNow(fresh, left))) return false;
    const { secrets, secret, iam } = fresh;
    await secrets.tag(secret.arn, offboardingTag(deactivating));
    await iam.deactivate(key.id);
    return true;
  });
  return done ? rest(state, key, deactivating) : 'next-run';
}

/** A key that we did not deactivate was so before, or somebody else did it. */
async function rest(state: UserState, key: AccessKey, offboarding: UserOffboarding): Promise<Due> {
  const ours = offboarding.state === 'deactivating';
  const until = inactiveUntil({ since: state.now }, state.user);
  const inactive: UserOffboarding = {
    ...offboarding,
    state: 'inactive',
    since: state.now,
    found: !ours,
    ...(ours && { until, owing: state.now }),
  };
  await state.secrets.tag(state.secret.arn, offboardingTag(inactive));
  await settle(state, key, inactive);
  return until;
}

/** Sends what the ledger owes. What cannot be sent stays owed, and stops nothing. */
async function settle(state: UserState, key: AccessKey, offboarding: UserOffboarding): Promise<void> {
  const { owing, ...settled } = offboarding;
  if (!owing || offboarding.state === 'deleting') return;
  try {
    if (offboarding.state === 'inactive') await state.notices.send(deactivatedNotice(state, key, offboarding, owing));
    else await state.notices.send(retiresNotice(state, key, owing));
  } catch (error) {
    state.unsent.push(error);
    return;
  }
  await state.secrets.tag(state.secret.arn, offboardingTag(settled));
}

function deactivatedNotice(
  state: UserState,
  key: AccessKey,
  offboarding: UserOffboarding,
  at: Date,
): NoticeOf<'previous-key-deactivated'> {
  const type = 'previous-key-deactivated';
  return {
    ...noticeBase(state, state.now, at),
    id: digest(state.secret.arn, key.id, type, 'ending', at.toISOString()),
    type,
    audience: ['owner', 'admin'],
    previousKey: offboardedKey(state, { ...key, status: 'Inactive' }, offboarding) as InactiveKey,
    ...keyUse(state.lastUses.get(key.id)),
  };
}

function retiresNotice(state: UserState, key: AccessKey, at: Date): NoticeOf<'attention'> {
  return {
    ...byHand(
      state,
      'USER_RETIRES',
      '',
      `${state.user.name} is being retired: its key …${lastFour(key.id)} is deactivated once it is quiet`,
      'put the user back as active before its key is deleted, and it continues to work',
    ),
    ...noticeBase(state, state.now, at),
    id: digest(state.secret.arn, 'USER_RETIRES', at.toISOString()),
  };
}

const offboardedKey = ({ user }: UserState, { id, status }: AccessKey, { state, since, until }: UserOffboarding) =>
  retiringKey(
    {
      keyId: id,
      since,
      ...(until && { until }),
      state: state === 'inactive' || state === 'deleting' ? 'inactive' : 'active',
    },
    user,
    status === 'Active',
  );

async function remove(state: UserState, key: AccessKey, offboarding: UserOffboarding): Promise<Due> {
  await attempt(state, key, offboarding, async (fresh, left) => {
    const { secrets, secret, iam, notices, user, now } = fresh;
    if (left.status !== 'Inactive' || !isQuietNow(fresh, left)) return false;
    await secrets.tag(secret.arn, offboardingTag({ ...offboarding, state: 'deleting' }));
    await iam.delete(key.id);
    await notices.record(deletedNotice(fresh, key.id, `${user.name} retires`, now));
    return true;
  });
  return 'next-run';
}

/**
 * Acts under the lease; owner and admin hear of a failure.
 * @returns whether it acted: it may have failed, somebody else be at work, or what was read before have changed
 */
async function attempt(
  state: UserState,
  key: AccessKey,
  offboarding: UserOffboarding,
  act: (fresh: UserState, left: AccessKey) => Promise<boolean>,
): Promise<boolean> {
  try {
    const done = await withFreshState(state, async (fresh) => {
      const left = fresh.existing.find(({ id }) => id === key.id);
      return left !== undefined && isStillOffboarding(fresh, offboarding) && act(fresh, left);
    });
    return done ?? false;
  } catch (error) {
    const kind = key.status === 'Active' ? 'deactivate' : 'delete';
    reportFailedRetirement(state, offboardedKey(state, key, offboarding), state.lastUses.get(key.id), kind, error);
    return false;
  }
}

/** A key that is not in AWSCURRENT retires by itself, or is held: with the secret would go the ledger that sees to it. */
function waitForOthers({ existing, user, conditions }: UserState): Due {
  if (existing.length === 0) return 'on-change';
  const left = existing.map(({ id }) => `…${lastFour(id)}`).join(' and ');
  conditions.set('RETIREMENT_WAITS', {
    reason: `${user.name} retires and still has the key ${left}`,
    nextStep:
      user.unmanagedKeys === 'hold'
        ? 'a key that a rotation replaced is deleted once it is no longer used; any other key is kept, as the roster says, until someone deletes it; the secret is deleted last'
        : 'it is deleted once it is no longer used, and the secret after it',
  });
  return 'on-change';
}

/** Neither a key is left nor a rotation that may still make one. @param known whether IAM still knows this user, who has neither if it does not */
export const isOffboarded = ({ user, secret, existing }: UserState, known: boolean): boolean =>
  user.state === 'retired' && (!known || (existing.length === 0 && !outstanding(secret)));

/**
 * The last act of all, for nothing can be written on a deleted secret: so the admins read of it, as an intention, before it
 * is done. Keys that people deleted end the same way.
 * @returns whether the secret is deleted now; where that was refused, a condition says so
 */
export async function finishOffboarding(state: UserState): Promise<boolean> {
  const { secrets, secret, now, currentKeyId, conditions, log } = state;
  const before = offboardingOf(secret);
  const offboarding: UserOffboarding = before ?? { state: 'deleting', since: now, keyId: currentKeyId ?? '-' };
  if (!before) await secrets.tag(secret.arn, offboardingTag(offboarding));
  if (!offboarding.announced && !(await announceDeletion(state, offboarding))) return false;
  try {
    await secrets.delete(secret.arn);
    return true;
  } catch (error) {
    log.error('a secret could not be deleted', { secret: secret.name, code: codeOf(error), reason: reasonOf(error) });
    conditions.set('SECRET_NOT_DELETED', notDeleted(state, error));
    return false;
  }
}

const notDeleted = ({ user, secret, slice }: UserState, error: unknown): Condition => ({
  reason: `${user.name} has retired and its keys are gone, and its secret ${secret.name} could not be deleted: ${reasonOf(error)}`,
  nextStep: 'it is retried at every run; if this cannot wait, someone with permission can do it with the command below',
  command: `aws secretsmanager delete-secret --region ${slice.region} --secret-id ${secret.name} --recovery-window-in-days ${RECOVERY_DAYS}`,
});

/** @returns whether it was sent; the secret waits for that, for it is the ledger that knows */
async function announceDeletion(state: UserState, offboarding: UserOffboarding): Promise<boolean> {
  const { notices, secrets, secret, user, unsent } = state;
  try {
    await notices.send({
      ...byHand(
        state,
        'USER_RETIRED',
        '',
        `${user.name} has retired: its keys are gone, and its secret is about to be deleted`,
        'a deleted secret is kept for 30 days: put the user back as active to restore it; the keys cannot be restored',
      ),
      ...noticeBase(state, state.now, offboarding.since),
      id: digest(secret.arn, 'USER_RETIRED', offboarding.since.toISOString()),
    });
  } catch (error) {
    unsent.push(error);
    return false;
  }
  await secrets.tag(secret.arn, offboardingTag({ ...offboarding, announced: true }));
  return true;
}

function hold(state: UserState, key: AccessKey, until: Date): Due {
  const { conditions, user } = state;
  conditions.set('KEY_STILL_USED', {
    reason: `the key …${lastFour(key.id)} of ${user.name}, who is being retired, is still used`,
    nextStep: `it is kept until it has not been used for ${user.quietForHours} hours`,
    ...(key.status === 'Active' && { notice: askOwner(state, 'KEY_STILL_USED', [key]) }),
  });
  return until;
}

/** Somebody may have put another key into AWSCURRENT, or begun a rotation. */
function isStillOffboarding({ secret, currentKeyId }: UserState, { keyId }: UserOffboarding): boolean {
  return currentKeyId === keyId && offboardingOf(secret)?.keyId === keyId && outstanding(secret) === undefined;
}

const isQuietNow = ({ lastUses, user, now }: UserState, key: AccessKey): boolean =>
  isQuiet(key, lastUses.get(key.id)!, user.quietForHours, now);
