import { codeOf, reasonOf } from '../../errors';
import type { Condition } from '../conditions';
import { REPEAT_CONDITION_MS } from '../context';
import type { UserState } from '../user-state';
import {
  compromisedKeys,
  compromisedLabel,
  compromisedTag,
  compromisedTagKey,
  LIST_LAG_MS,
  type Compromised,
} from '../../ledger/tags';
import { describeLastUse, lastFour } from '../../keys/describe';
import { reportCompromised } from '../../operate/deactivate-compromised';
import { withLease } from '../../ledger/lease';
import { versionWith } from '../../ledger/versions';
import { noticeBase } from '../../notices/compose';
import { digest } from '../../digest';

/**
 * A compromised key that works again, by whatever hand, or still, because the emergency was cut off, is deactivated
 * again even if it is the current one: declared for good, it could read its successor. Only then is it reported, from the
 * ledger; where it is refused, a condition says that the key still works. A key that IAM no longer has is forgotten, once
 * IAM's list cannot lag any more.
 * @returns whether one of them could not be deactivated, and works
 */
export async function keepDeactivated(state: UserState): Promise<boolean> {
  const { secret, existing, now } = state;
  let works = false;
  for (const compromised of compromisedKeys(secret)) {
    const { keyId, at, deactivatedAt = at } = compromised;
    const key = existing.find(({ id }) => id === keyId);
    const mayLag = now.getTime() - deactivatedAt.getTime() <= LIST_LAG_MS;
    if (key?.status === 'Active') works = !(await deactivate(state, compromised, mayLag)) || works;
    else if (compromised.owes) await report(state, compromised);
    if (!key && !mayLag && !compromised.owes) await forget(state, keyId);
  }
  return works;
}

async function forget({ secrets, secret }: UserState, keyId: string): Promise<void> {
  await secrets.untag(secret.arn, [compromisedTagKey(keyId)]);
  const label = compromisedLabel(keyId);
  const holder = versionWith(secret, label);
  if (holder) await secrets.moveStage(secret.arn, label, { from: holder });
}

/** @returns whether it was */
async function deactivate(state: UserState, compromised: Compromised, mayLag: boolean): Promise<boolean> {
  const { secret, iam, log } = state;
  try {
    await withLease(state, () => iam.deactivate(compromised.keyId));
  } catch (error) {
    log.error('a compromised key could not be deactivated', { secret: secret.name, code: codeOf(error) });
    state.conditions.set('COMPROMISED_KEY_WORKS', stillWorks(state, compromised, error));
    return false;
  }
  if (!compromised.deactivatedAt || !mayLag) await recordAgain(state, compromised);
  return true;
}

const stillWorks = ({ user }: UserState, { keyId }: Compromised, error: unknown): Condition => ({
  reason: `the key …${lastFour(keyId)} of ${user.name}, which was declared compromised, could not be deactivated and still works: ${reasonOf(error)}`,
  nextStep:
    'it is retried at every run, and no replacement is created until then, because the compromised key could read it; someone with permission can deactivate it with the command below',
  command: `aws iam update-access-key --user-name ${user.name} --access-key-id ${keyId} --status Inactive`,
});

/** Not minutes after it was deactivated, when IAM's list may not show that yet: that is no second alarm. */
async function recordAgain(state: UserState, compromised: Compromised): Promise<void> {
  const { secrets, secret, now } = state;
  const { reportedAt } = compromised;
  const isRepeated = reportedAt && now.getTime() - reportedAt.getTime() < REPEAT_CONDITION_MS;
  const owes = compromised.owes ?? (isRepeated ? undefined : 'again');
  const done: Compromised = {
    ...compromised,
    deactivatedAt: now,
    ...(owes === 'again' && { reportedAt: now }),
    ...(owes && { owes }),
  };
  await secrets.tag(secret.arn, compromisedTag(done));
  await report(state, done);
}

/** What cannot be sent stays owed, and stops nothing. */
async function report(state: UserState, compromised: Compromised): Promise<void> {
  const { secrets, secret, lastUses, unsent } = state;
  const { owes, ...settled } = compromised;
  if (!owes) return;
  const lastUse = lastUses.get(compromised.keyId);
  const use = lastUse ? describeLastUse(lastUse) : 'deleted meanwhile';
  try {
    await (owes === 'declared' ? reportCompromised(state, compromised, use) : reportActive(state, compromised, use));
  } catch (error) {
    unsent.push(error);
    return;
  }
  await secrets.tag(secret.arn, compromisedTag(settled));
}

async function reportActive(state: UserState, { keyId, deactivatedAt }: Compromised, use: string): Promise<void> {
  const { secret, user, notices, now, currentKeyId: current } = state;
  await notices.send({
    ...noticeBase(state, now, deactivatedAt),
    id: digest(secret.arn, keyId, 'compromised', (deactivatedAt ?? now).toISOString()),
    type: 'key-compromised',
    audience: ['owner', 'admin'],
    ...(current && current !== keyId && { currentKeyId: current }),
    previousKey: { kind: 'inactive', keyId },
    code: 'COMPROMISED_KEY_ACTIVE',
    reason: `the key …${lastFour(keyId)} of ${user.name}, declared compromised, had been activated again and was deactivated; it was ${use}`,
    nextStep: 'find out in CloudTrail who activated it and what it was used for',
  });
}
