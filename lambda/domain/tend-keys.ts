/** Keys of a user that no longer are, or never were, in AWSCURRENT: retirement, orphans, keys that people made. */
import { deactivateAndDelete, isQuiet, quietAt, unlessProtected } from './keys';
import { withLease } from './lease';
import { intentsOf, intentTagKey, judgeableAt, judgeUnknownKeys, retirementsOf, retirementTag, retirementTagKey, spentIntents, TAGS, versionWith, type Retirement } from './ledger';
import type { AccessKey } from './ports';
import { retireKey } from './retire-keys';
import { beginRetirement } from './retirement';
import { standsStill } from './standstill';
import { deletedNotice } from './success';
import { lostCurrentKey, type UserPass } from './user-pass';

/**
 * Retirement, orphans and unmanaged keys; keys that AWSCURRENT or AWSPENDING names are left alone. While the current
 * key is missing and two others exist nothing is touched: one of them may be what its user works with.
 */
export async function tendKeys(pass: UserPass): Promise<(Date | undefined)[]> {
  const { existing, currentKeyId, pendingKeyId, secret, settings, now, secrets } = pass;
  if (lostCurrentKey(pass) && existing.length > 1) return [];
  const inUse = new Set([currentKeyId, pendingKeyId]);
  const retirements = retirementsOf(secret);
  const due: (Date | undefined)[] = [];
  for (const retirement of retirements) {
    if (retirement.keyId === currentKeyId && pendingKeyId === undefined) await secrets.untag(secret.arn, [retirementTagKey(retirement.keyId)]);
    if (inUse.has(retirement.keyId)) continue;
    if (isLeft(pass, retirement)) {
      await secrets.untag(secret.arn, [retirementTagKey(retirement.keyId)]);
      continue;
    }
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

/** A key that a person made and that the roster no longer wants to retire. */
const isLeft = ({ user }: UserPass, { replacedBy, state }: Retirement): boolean => user.unmanagedKeys === 'hold' && replacedBy === '-' && state === 'active';

async function removeOrphan(pass: UserPass, orphan: AccessKey): Promise<void> {
  if (pass.lastUses.get(orphan.id)?.used !== false) return;
  await withLease(pass, () => unlessProtected(pass.secrets, pass.secret, orphan.id, () => pass.iam.delete(orphan.id)));
  pass.log.info('deleted a key that an interrupted rotation had created and never stored', { secret: pass.secret.name });
}

/**
 * Keys in no version. They start to retire once the secret holds a key, or when their user retires; before the first
 * rotation only where two of them stand in its way, and then the quietest one.
 */
async function tendUnmanaged(pass: UserPass, unmanaged: readonly AccessKey[]): Promise<(Date | undefined)[]> {
  const { user, currentKeyId, secrets, secret, now } = pass;
  if (unmanaged.length === 0 || user.unmanagedKeys === 'hold') return [];
  const ends = user.state === 'retired';
  if (!currentKeyId && !ends && (unmanaged.length < 2 || standsStill(pass))) return [];
  const candidates = currentKeyId || ends ? unmanaged : quietest(pass, unmanaged);
  for (const key of candidates) {
    if (user.unmanagedKeys === 'delete') {
      if (isQuiet(key, pass.lastUses.get(key.id)!, user.quietForHours, now)) await deleteUnmanaged(pass, key);
      continue;
    }
    await secrets.tag(secret.arn, retirementTag(beginRetirement(key.id, user, now, '-', key.status === 'Active')));
  }
  if (candidates.length > 0 && user.unmanagedKeys === 'retire') return [now];
  return unmanaged.map((key) => quietAt(key, pass.lastUses.get(key.id)!, user.quietForHours)).filter((at) => at > now);
}

async function deleteUnmanaged(pass: UserPass, key: AccessKey): Promise<void> {
  const { secrets, secret, notices, iam, now } = pass;
  await withLease(pass, () =>
    unlessProtected(secrets, secret, key.id, async () => {
      await notices.record(deletedNotice(pass, key.id, 'no version of the secret names it, and the roster has such keys deleted', now));
      await deactivateAndDelete(iam, key);
    }),
  );
}

function quietest({ user, now, lastUses }: UserPass, keys: readonly AccessKey[]): AccessKey[] {
  const quiet = keys.filter((key) => isQuiet(key, lastUses.get(key.id)!, user.quietForHours, now));
  const byUse = quiet.sort((a, b) => Number(a.status === 'Active') - Number(b.status === 'Active') || quietAt(a, lastUses.get(a.id)!, 0).getTime() - quietAt(b, lastUses.get(b.id)!, 0).getTime());
  return byUse.slice(0, 1);
}
