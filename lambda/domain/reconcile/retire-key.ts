/** Carries out what retirement.ts decided: the ledger first, then the act, then who has to know. */
import { codeOf, reasonOf } from '../errors';
import { eventId } from '../digest';
import { inWords } from '../time';
import { lastFour } from '../keys/describe';
import { judgeKey } from '../keys/last-key';
import { retirementsOf, retirementTag, retirementTagKey, type Retirement } from '../ledger/retirements';
import { versionWith } from '../ledger/versions';
import type { NoticeEvent } from '../../contract/notice';
import type { AccessKey, LastUse } from '../ports';
import { withFreshPass, type UserPass } from './user-state';
import { activeUntil, beginRetirement, inactiveUntil, nextRetirementStep } from '../keys/retirement-schedule';
import { parseSecretValue } from '../secret-value';
import { noticeBase } from '../notices/compose';

/**
 * One step of one key's retirement.
 * @returns when to look again; undefined when the next run will, because something was written
 */
export async function retireKey(
  pass: UserPass,
  retirement: Retirement,
  key: AccessKey | undefined,
  lastUse: LastUse | undefined,
): Promise<Date | undefined> {
  const step = nextRetirementStep(retirement, key, lastUse, pass.user, pass.now);
  switch (step.kind) {
    case 'wait':
      return step.until;
    case 'hold':
      pass.conditions.set('KEY_STILL_USED', {
        reason: `the ${retirement.state === 'inactive' ? 'deactivated' : 'previous'} key …${lastFour(retirement.keyId)} of ${pass.user.name} is still being used${by(lastUse)}`,
        nextStep: `it is kept until it has not been used for ${pass.user.quietForHours} hours`,
      });
      return step.until;
    case 'warn':
      return warn(pass, { ...retirement, warnings: step.warnings }, lastUse);
    case 'confirm-inactive':
      return confirmInactive(pass, retirement, lastUse, step.ours);
    case 'start-again':
      await pass.secrets.tag(
        pass.secret.arn,
        retirementTag(beginRetirement(retirement.keyId, pass.user, pass.now, retirement.replacedBy)),
      );
      return undefined;
    case 'forget':
      return forget(pass, retirement);
    default:
      return attempt(pass, retirement, lastUse, step.kind);
  }
}

const by = (lastUse: LastUse | undefined): string =>
  lastUse?.used ? ` by ${lastUse.service} in ${lastUse.region}, last on ${inWords(lastUse.at)}` : '';

async function warn(pass: UserPass, retirement: Retirement, lastUse: LastUse | undefined): Promise<undefined> {
  await pass.notices.send(
    retirementNotice(
      pass,
      retirement,
      lastUse,
      'previous-key-in-use',
      `${retirement.since.toISOString()} ${retirement.warnings}`,
    ),
  );
  await pass.secrets.tag(pass.secret.arn, retirementTag({ ...retirement, until: activeUntil(retirement, pass.user) }));
}

/** A failure leaves the key for the next run, and the user's other keys to this one. */
async function attempt(
  pass: UserPass,
  retirement: Retirement,
  lastUse: LastUse | undefined,
  kind: 'deactivate' | 'delete',
): Promise<undefined> {
  try {
    await withFreshPass(pass, (fresh) => carryOut(fresh, retirement.keyId, kind));
  } catch (error) {
    tellFailedRetirement(pass, retirementNotice(pass, retirement, lastUse, 'retirement-failed', ''), error);
  }
}

/** Owner and admin hear of it once a day while it lasts. */
export function tellFailedRetirement({ log, secret, conditions }: UserPass, failed: NoticeEvent, error: unknown): void {
  const { id: _, ...notice } = failed;
  log.error('a key could not be retired', { secret: secret.name, code: codeOf(error), reason: reasonOf(error) });
  conditions.set('RETIREMENT_FAILED', {
    reason: reasonOf(error),
    nextStep: 'it is attempted again by itself',
    notice: { ...notice, audience: ['owner', 'admin'], code: codeOf(error) },
  });
}

/** Decided again: the key may have come back, been used or gone since the pass read it, and then the next run decides. */
async function carryOut(fresh: UserPass, keyId: string, kind: 'deactivate' | 'delete'): Promise<void> {
  const retirement = retirementsOf(fresh.secret).find((other) => other.keyId === keyId);
  const [key, lastUse] = [fresh.existing.find(({ id }) => id === keyId), fresh.lastUses.get(keyId)];
  if (!retirement || nextRetirementStep(retirement, key, lastUse, fresh.user, fresh.now).kind !== kind) return;
  await (kind === 'deactivate' ? deactivate(fresh, retirement, lastUse) : remove(fresh, retirement, lastUse));
}

async function deactivate(pass: UserPass, retirement: Retirement, lastUse: LastUse | undefined): Promise<void> {
  const { secrets, secret, iam } = pass;
  const { verdict } = await judgeKey(pass, retirement.keyId);
  if (verdict === 'last') return;
  if (verdict === 'protected') return forget(pass, retirement);
  await secrets.tag(secret.arn, retirementTag({ ...retirement, state: 'deactivating' }));
  await iam.deactivate(retirement.keyId);
  await confirmInactive(pass, retirement, lastUse, true);
}

async function confirmInactive(
  pass: UserPass,
  retirement: Retirement,
  lastUse: LastUse | undefined,
  ours: boolean,
): Promise<undefined> {
  const inactive: Retirement = {
    ...retirement,
    state: 'inactive',
    since: pass.now,
    until: inactiveUntil({ since: pass.now }, pass.user),
  };
  if (ours)
    await pass.notices.send(
      retirementNotice(pass, inactive, lastUse, 'previous-key-deactivated', retirement.since.toISOString()),
    );
  await pass.secrets.tag(pass.secret.arn, retirementTag(inactive));
}

async function remove(pass: UserPass, retirement: Retirement, lastUse: LastUse | undefined): Promise<void> {
  const { verdict, key } = await judgeKey(pass, retirement.keyId);
  if (verdict === 'protected') return forget(pass, retirement);
  if (key?.status === 'Active') return;
  await pass.iam.delete(retirement.keyId);
  await pass.notices.record({
    ...retirementNotice(pass, retirement, lastUse, 'previous-key-deleted', retirement.since.toISOString()),
    audience: [],
  });
  await forget(pass, retirement);
}

/** The key is gone, or back in AWSCURRENT: nothing is left to retire. The label stays where it is another key's. */
async function forget({ secrets, secret }: UserPass, retirement: Retirement): Promise<undefined> {
  const holder = versionWith(secret, 'KEY_RETIRING');
  const text = holder && (await secrets.value(secret.arn, 'KEY_RETIRING'));
  if (text && parseSecretValue(text).key?.id === retirement.keyId)
    await secrets.moveStage(secret.arn, 'KEY_RETIRING', { from: holder });
  await secrets.untag(secret.arn, [retirementTagKey(retirement.keyId)]);
}

function retirementNotice(
  pass: UserPass,
  retirement: Retirement,
  lastUse: LastUse | undefined,
  type: NoticeEvent['type'],
  occasion: string,
): NoticeEvent {
  const { user, now, secret } = pass;
  return {
    ...noticeBase(pass, now),
    id: eventId(secret.arn, retirement.keyId, type, occasion),
    type,
    audience: ['owner'],
    previousKeyId: retirement.keyId,
    whenStillUsed: user.whenStillUsed,
    ...(pass.currentKeyId && { currentKeyId: pass.currentKeyId }),
    ...(retirement.state === 'inactive'
      ? { previousKeyDeletedAfter: inactiveUntil(retirement, user).toISOString() }
      : { previousKeyActiveUntil: activeUntil(retirement, user).toISOString() }),
    ...(lastUse?.used && {
      previousKeyLastUsed: { at: lastUse.at.toISOString(), service: lastUse.service, region: lastUse.region },
    }),
  };
}
