import type { UserPass } from './user-state';
import { compromisedKeys, LIST_LAG_MS, compromisedTagKey } from '../ledger/tags';
import { describeLastUse, lastFour } from '../keys/describe';
import { tellCompromised } from '../operate/deactivate-compromised';
import { withLease } from '../ledger/lease';
import { noticeBase } from '../notices/compose';
import { eventId } from '../digest';

/**
 * A compromised key that works again, by whatever hand, or still, because the emergency was cut off, is deactivated
 * again even if it is the current one: declared for good, it could read its successor. One that IAM no longer has is
 * forgotten, once IAM's list cannot lag any more.
 */
export async function keepDeactivated(pass: UserPass): Promise<void> {
  const { secrets, secret, existing, now } = pass;
  for (const { keyId, at } of compromisedKeys(secret)) {
    const key = existing.find(({ id }) => id === keyId);
    const fresh = now.getTime() - at.getTime() <= LIST_LAG_MS;
    if (key?.status === 'Active') await deactivateAgain(pass, keyId, fresh);
    if (!key && !fresh) await secrets.untag(secret.arn, [compromisedTagKey(keyId)]);
  }
}

/** Minutes after the emergency IAM's list may not show yet that the key is deactivated: that is no second alarm. */
async function deactivateAgain(pass: UserPass, keyId: string, fresh: boolean): Promise<void> {
  const use = describeLastUse(pass.lastUses.get(keyId)!);
  try {
    await (fresh ? tellCompromised(pass, keyId, use) : tellActive(pass, keyId, use));
  } finally {
    await withLease(pass, () => pass.iam.deactivate(keyId));
  }
}

async function tellActive(pass: UserPass, keyId: string, use: string): Promise<void> {
  const { secret, user, notices, now, currentKeyId: current } = pass;
  await notices.send({
    ...noticeBase(pass, now),
    id: eventId(secret.arn, keyId, 'compromised', now.toISOString()),
    type: 'key-compromised',
    audience: ['owner', 'admin'],
    ...(current && current !== keyId && { currentKeyId: current }),
    previousKey: { kind: 'inactive', keyId },
    code: 'COMPROMISED_KEY_ACTIVE',
    reason: `the key …${lastFour(keyId)} of ${user.name}, declared compromised, was Active; it was ${use}`,
    nextStep: 'it is deactivated again; find out in CloudTrail who activated it, and what it did',
  });
}
