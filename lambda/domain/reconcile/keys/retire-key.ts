/** Carries out what retirement.ts decided: the ledger first, then the act, then who has to know. */
import { askOwner } from '../ask-owner';
import { codeOf, reasonOf } from '../../errors';
import { digest } from '../../digest';
import { hoursToMs, inWords } from '../../time';
import { lastFour } from '../../keys/describe';
import { judgeKey } from '../../keys/last-key';
import { retirementsOf, retirementTag, retirementTagKey, type Retirement } from '../../ledger/retirements';
import { versionWith } from '../../ledger/versions';
import type { InactiveKey, NoticeOf, WorkingKey } from '../../../contract/notice';
import type { SliceUser } from '../../../contract/slice';
import type { AccessKey, LastUse } from '../../ports';
import type { Condition } from '../conditions';
import type { Due } from '../due';
import { announcedEnd, deadlineStands, reportUnnotified } from '../owner-notified';
import { withFreshState, type UserState } from '../user-state';
import {
  activeUntil,
  beginRetirement,
  holdEnd,
  inactiveUntil,
  nextRetirementStep,
  type RetirementStep,
} from '../../keys/retirement-schedule';
import { parseSecretValue } from '../../secret-value';
import { deletedNotice, keyUse, noticeBase, retiringKey } from '../../notices/compose';
import { warningId } from '../../notices/event-ids';

/**
 * One step of one key's retirement.
 * @returns when to look again: in the next run when something was written
 */
export async function retireKey(
  state: UserState,
  retirement: Retirement,
  key: AccessKey | undefined,
  lastUse: LastUse | undefined,
): Promise<Due> {
  if (retirement.owing) await settle(state, retirement, lastUse);
  if (retirement.moved === 'unnotified' && retirement.state === 'active') reportUnnotified(state, retirement);
  const step = nextRetirementStep(retirement, key, lastUse, state.user, state.now);
  if (step.kind === 'hold') state.conditions.set('KEY_STILL_USED', stillUsed(state, retirement, lastUse, key));
  if (step.kind === 'hold' || step.kind === 'wait') return step.until;
  await carryOutStep(state, { retirement, key, lastUse, step });
  return 'next-run';
}

interface DueStep {
  readonly retirement: Retirement;
  readonly key: AccessKey | undefined;
  readonly lastUse: LastUse | undefined;
  readonly step: Exclude<RetirementStep, { kind: 'hold' | 'wait' }>;
}

async function carryOutStep(state: UserState, { retirement, key, lastUse, step }: DueStep): Promise<void> {
  switch (step.kind) {
    case 'warn':
      if (await deadlineStands(state, retirement, key!, 'warn'))
        await warn(state, { ...retirement, warnings: step.warnings }, lastUse);
      break;
    case 'confirm-inactive':
      await confirmInactive(state, retirement, lastUse, step.ours);
      break;
    case 'start-again':
      await startAgain(state, retirement);
      break;
    case 'forget':
      await state.notices.record(deletedRecord(state, retirement, lastUse));
      await forget(state, retirement);
      break;
    case 'announce-end':
      await announceEnd(state, retirement, lastUse, step.heldUntil);
      break;
    default:
      await end(state, retirement, key!, lastUse, step.kind);
  }
}

async function end(
  state: UserState,
  retirement: Retirement,
  key: AccessKey,
  lastUse: LastUse | undefined,
  kind: 'deactivate' | 'delete' | 'end-hold',
): Promise<void> {
  if (kind === 'end-hold') return endHold(state, retirement, lastUse);
  if (kind === 'deactivate' && !(await deadlineStands(state, retirement, key, kind))) return;
  await attempt(state, retirement, lastUse, kind);
}

const stillUsed = (
  state: UserState,
  retirement: Retirement,
  lastUse: LastUse | undefined,
  key: AccessKey | undefined,
): Condition => ({
  reason: `the ${retirement.state === 'inactive' ? 'deactivated' : 'previous'} key …${lastFour(retirement.keyId)} of ${state.user.name} is still being used${by(lastUse)}`,
  nextStep: `it is kept until it has not been used for ${state.user.quietForHours} hours${atMost(state.user, retirement)}`,
  ...(key?.status === 'Active' && { notice: askOwner(state, 'KEY_STILL_USED', [key]) }),
});

const atMost = (user: SliceUser, { heldUntil, state, ...rest }: Retirement): string =>
  heldUntil && state === 'active' && user.holdAtMostHours !== undefined
    ? `, at most until ${inWords(holdEnd({ ...rest, heldUntil }, user))}`
    : '';

async function startAgain({ secrets, secret, user, now }: UserState, retirement: Retirement): Promise<void> {
  await secrets.tag(secret.arn, retirementTag(beginRetirement(retirement.keyId, user, now, retirement.replacedBy)));
}

const by = (lastUse: LastUse | undefined): string =>
  lastUse?.used ? ` by ${lastUse.service} in ${lastUse.region}, last on ${inWords(lastUse.at)}` : '';

/** What is owed is in the ledger before it is sent: cut off, the next run sends the same. */
async function warn(state: UserState, retirement: Retirement, lastUse: LastUse | undefined): Promise<void> {
  const due: Retirement = {
    ...retirement,
    until: activeUntil(retirement, state.user),
    owing: state.now,
    warnedAt: state.now,
  };
  await state.secrets.tag(state.secret.arn, retirementTag(due));
  return settle(state, due, lastUse);
}

/** The owner is sent the date on which a key that is held ends, used or not: it counts from that mail. */
async function announceEnd(
  state: UserState,
  retirement: Retirement,
  lastUse: LastUse | undefined,
  heldUntil: Date,
): Promise<void> {
  const due: Retirement = { ...retirement, warnings: LAST_WARNING, owing: state.now, warnedAt: state.now, heldUntil };
  await state.secrets.tag(state.secret.arn, retirementTag(due));
  return settle(state, due, lastUse);
}

/** More than a key ever gets. */
const LAST_WARNING = 9;

/** The date has come that was announced; where the mail came late, or never, it is another one. */
async function endHold(state: UserState, retirement: Retirement, lastUse: LastUse | undefined): Promise<void> {
  const end = await announcedEnd(state, retirement);
  if (end === 'unknown') return;
  if (end !== 'not announced') {
    if (end <= state.now) return attempt(state, retirement, lastUse, 'deactivate');
    return state.secrets.tag(state.secret.arn, retirementTag({ ...retirement, heldUntil: end }));
  }
  if (retirement.moved === 'unnotified') return attempt(state, retirement, lastUse, 'deactivate');
  const again = new Date(state.now.getTime() + hoursToMs(state.user.holdAtMostHours ?? 0));
  await announceEnd(state, { ...retirement, moved: 'unnotified' }, lastUse, again);
}

/** Sends what the ledger owes the owner. What cannot be sent stays owed, and keeps no key alive. */
async function settle(state: UserState, retirement: Retirement, lastUse: LastUse | undefined): Promise<void> {
  const { owing, ...settled } = retirement;
  if (!owing) return;
  try {
    await state.notices.send(
      retirement.state === 'inactive'
        ? deactivatedNotice(state, retirement, lastUse, owing)
        : warningNotice(state, retirement, lastUse, owing),
    );
  } catch (error) {
    state.unsent.push(error);
    return;
  }
  await state.secrets.tag(state.secret.arn, retirementTag(settled));
}

/** A failure leaves the key for the next run, and the user's other keys to this one. */
async function attempt(
  state: UserState,
  retirement: Retirement,
  lastUse: LastUse | undefined,
  kind: 'deactivate' | 'delete',
): Promise<void> {
  try {
    await withFreshState(state, (fresh) => carryOut(fresh, retirement.keyId, kind));
  } catch (error) {
    const key = state.existing.find(({ id }) => id === retirement.keyId);
    reportFailedRetirement(state, retiringKey(retirement, state.user, key?.status === 'Active'), lastUse, kind, error);
  }
}

/** Owner and admin hear of it once a day while it lasts: what still works, and what a person can do about it. */
export function reportFailedRetirement(
  { log, secret, user, conditions, currentKeyId }: UserState,
  previousKey: WorkingKey | InactiveKey,
  lastUse: LastUse | undefined,
  kind: 'deactivate' | 'delete',
  error: unknown,
): void {
  const { keyId } = previousKey;
  const [act, command] = {
    deactivate: ['deactivated', 'update-access-key --status Inactive'],
    delete: ['deleted', 'delete-access-key'],
  }[kind];
  log.error('a key could not be retired', { secret: secret.name, code: codeOf(error), reason: reasonOf(error) });
  conditions.set('RETIREMENT_FAILED', {
    reason: `the key …${lastFour(keyId)} of ${user.name} could not be ${act} and ${previousKey.kind === 'works' ? 'still works' : 'still exists, inactive'}: ${reasonOf(error)}`,
    nextStep:
      'it is retried at every run; if this cannot wait, someone with permission can do it with the command below',
    command: `aws iam ${command} --user-name ${user.name} --access-key-id ${keyId}`,
    notice: {
      type: 'retirement-failed',
      audience: ['owner', 'admin'],
      code: codeOf(error),
      previousKey,
      ...(currentKeyId && { currentKeyId }),
      ...keyUse(lastUse),
    },
  });
}

/** Decided again: the key may have come back, been used or gone since the run read it, and then the next run decides. */
async function carryOut(fresh: UserState, keyId: string, kind: 'deactivate' | 'delete'): Promise<void> {
  const retirement = retirementsOf(fresh.secret).find((other) => other.keyId === keyId);
  const [key, lastUse] = [fresh.existing.find(({ id }) => id === keyId), fresh.lastUses.get(keyId)];
  if (!retirement) return;
  const step = nextRetirementStep(retirement, key, lastUse, fresh.user, fresh.now);
  if ((step.kind === 'end-hold' ? 'deactivate' : step.kind) !== kind) return;
  await (kind === 'deactivate' ? deactivate(fresh, retirement, lastUse) : remove(fresh, retirement, lastUse));
}

async function deactivate(state: UserState, retirement: Retirement, lastUse: LastUse | undefined): Promise<void> {
  const { secrets, secret, iam } = state;
  const { verdict } = await judgeKey(state, retirement.keyId);
  if (verdict === 'last') return;
  if (verdict === 'protected') return forget(state, retirement);
  await secrets.tag(secret.arn, retirementTag({ ...retirement, state: 'deactivating' }));
  await iam.deactivate(retirement.keyId);
  await confirmInactive(state, retirement, lastUse, true);
}

async function confirmInactive(
  state: UserState,
  retirement: Retirement,
  lastUse: LastUse | undefined,
  ours: boolean,
): Promise<void> {
  const inactive: Retirement = {
    ...retirement,
    state: 'inactive',
    since: state.now,
    until: inactiveUntil({ since: state.now }, state.user),
    owing: state.now,
    ...(!ours && { byOthers: true }),
  };
  await state.secrets.tag(state.secret.arn, retirementTag(inactive));
  return settle(state, inactive, lastUse);
}

async function remove(state: UserState, retirement: Retirement, lastUse: LastUse | undefined): Promise<void> {
  const { verdict, key } = await judgeKey(state, retirement.keyId);
  if (verdict === 'protected') return forget(state, retirement);
  if (key?.status === 'Active') return;
  await state.iam.delete(retirement.keyId);
  await state.notices.record(deletedRecord(state, retirement, lastUse));
  await forget(state, retirement);
}

/** The key is gone, or back in AWSCURRENT: nothing is left to retire. The label stays where it is another key's. */
async function forget({ secrets, secret }: UserState, retirement: Retirement): Promise<void> {
  const holder = versionWith(secret, 'KEY_RETIRING');
  const text = holder && (await secrets.value(secret.arn, 'KEY_RETIRING'));
  if (text && parseSecretValue(text).key?.id === retirement.keyId)
    await secrets.moveStage(secret.arn, 'KEY_RETIRING', { from: holder });
  await secrets.untag(secret.arn, [retirementTagKey(retirement.keyId)]);
}

function retiring(
  { currentKeyId }: UserState,
  lastUse: LastUse | undefined,
): Pick<NoticeOf<'previous-key-in-use'>, 'currentKeyId' | 'previousKeyLastUsed'> {
  return { ...(currentKeyId && { currentKeyId }), ...keyUse(lastUse) };
}

function warningNotice(
  state: UserState,
  retirement: Retirement,
  lastUse: LastUse | undefined,
  occasion: Date,
): NoticeOf<'previous-key-in-use'> {
  const type = 'previous-key-in-use';
  const previousKey = retiringKey(retirement, state.user, true) as WorkingKey;
  return {
    ...noticeBase(state, state.now, occasion),
    ...retiring(state, lastUse),
    id: warningId(state.secret, retirement.keyId, occasion),
    type,
    audience: ['owner'],
    previousKey,
  };
}

function deactivatedNotice(
  state: UserState,
  retirement: Retirement,
  lastUse: LastUse | undefined,
  occasion: Date,
): NoticeOf<'previous-key-deactivated'> {
  const type = 'previous-key-deactivated';
  const previousKey = retiringKey(retirement, state.user, false) as InactiveKey;
  return {
    ...noticeBase(state, state.now, occasion),
    ...retiring(state, lastUse),
    id: digest(state.secret.arn, retirement.keyId, type, occasion.toISOString()),
    type,
    ...(retirement.byOthers
      ? { audience: ['owner', 'admin'], code: 'PREVIOUS_KEY_DEACTIVATED' }
      : { audience: ['owner'] }),
    previousKey,
  };
}

/** Evidence, which nobody needs a message for. */
function deletedRecord(
  state: UserState,
  { keyId }: Retirement,
  lastUse: LastUse | undefined,
): NoticeOf<'previous-key-deleted'> {
  return {
    ...deletedNotice(state, keyId, 'its time was over', state.now),
    ...(state.currentKeyId && { currentKeyId: state.currentKeyId }),
    ...keyUse(lastUse),
  };
}
