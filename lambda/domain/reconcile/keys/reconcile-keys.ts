/** Keys of a user that no longer are, or never were, in AWSCURRENT: retirement, orphans, keys that people made. */
import { deactivateAndDelete, knownAs } from '../../keys/protected-keys';
import { isQuiet, quietAt } from '../../keys/quiet';
import { judgeKey, mayBeLast, retirementsWait, storedKeyWorks } from '../../keys/last-key';
import { alertsOf, lossOf, TAGS } from '../../ledger/tags';
import { intentsOf, intentTagKey } from '../../ledger/intents';
import { judgeableAt, judgeUnknownKeys, spentIntents } from '../../keys/orphaned-keys';
import { retirementsOf, retirementTag, retirementTagKey, type Retirement } from '../../ledger/retirements';
import { versionWith } from '../../ledger/versions';
import type { AccessKey } from '../../ports';
import { retireKey } from './retire-key';
import { beginAgain, beginRetirement } from '../../keys/retirement-schedule';
import { waitsForDate } from '../announce-first-rotation';
import { isSuspended } from '../../roster/suspension';
import { deletedNotice } from '../../notices/compose';
import { soonest, type Due } from '../due';
import { lostCurrentKey, withFreshState, type UserState } from '../user-state';

/** Conditions under which an owner may have gone back to a previous key. */
const STORED_KEY_FAILED = ['CURRENT_KEY_INACTIVE', 'CURRENT_KEY_MISSING'] as const;

/**
 * Orphans, retirement and unmanaged keys; keys that AWSCURRENT or AWSPENDING names are left alone. While the stored key
 * does not work nothing but an orphan is touched, and the owner, who may have gone back to a previous key, has all the
 * time again once it does.
 */
export async function reconcileKeys(state: UserState): Promise<Due> {
  const { existing, currentKeyId, secret } = state;
  const judged = judgeUnknown(state);
  const orphansDue = await reconcileOrphans(state, judged);
  if (retirementsWait(state)) {
    const lagging = !lostCurrentKey(state) && !existing.some(({ id }) => id === currentKeyId);
    return lagging ? 'next-run' : orphansDue;
  }
  const due = [orphansDue];
  if (lossOf(secret)) due.push(await retireLost(state));
  for (const retirement of retirementsOf(secret)) due.push(await reconcileRetirement(state, retirement));
  due.push(await reconcileUnmanagedKeys(state, judged.unmanaged));
  await forgetSpentIntents(state);
  return soonest(due);
}

async function reconcileRetirement(state: UserState, retirement: Retirement): Promise<Due> {
  const { existing, currentKeyId, pendingKeyId, secret, secrets } = state;
  const { keyId } = retirement;
  const forget = (): Promise<void> => secrets.untag(secret.arn, [retirementTagKey(keyId)]);
  if (keyId === currentKeyId && pendingKeyId === undefined) await forget();
  if (keyId === currentKeyId || keyId === pendingKeyId) return 'on-change';
  if (isLeft(state, retirement)) {
    await forget();
    return 'on-change';
  }
  const key = existing.find(({ id }) => id === keyId);
  if (key?.status === 'Active' && mayBeLast(state, key.id)) return 'on-change';
  if (mayHaveGoneBack(state, retirement)) {
    await startAgain(state, retirement);
    return 'next-run';
  }
  return retireKey(state, retirement, key, state.lastUses.get(keyId));
}

/** The stored key works again after a time in which its owner may have used the previous one instead. */
const mayHaveGoneBack = (state: UserState, retirement: Retirement): boolean =>
  retirement.state === 'active' &&
  storedKeyWorks(state) &&
  STORED_KEY_FAILED.some((code) => alertsOf(state.secret).has(code));

async function forgetSpentIntents({ secrets, secret, existing, settings, now }: UserState): Promise<void> {
  const current = versionWith(secret, 'AWSCURRENT');
  const unfinished = current === secret.tags[TAGS.notified] ? undefined : current;
  const spent = spentIntents(intentsOf(secret), existing, unfinished, settings.rotateTimeoutMs, now);
  if (spent.length > 0) await secrets.untag(secret.arn, spent.map(intentTagKey));
}

async function reconcileOrphans(
  state: UserState,
  { orphans, undecided }: ReturnType<typeof judgeUnknown>,
): Promise<Due> {
  for (const { id } of orphans) await withFreshState(state, (fresh) => removeOrphan(fresh, id));
  return undecided.length > 0 ? judgeableAt(intentsOf(state.secret), state.settings.rotateTimeoutMs) : 'on-change';
}

/**
 * Keys that a secret held which is gone. They are ours, whatever the roster says of unmanaged ones, and the Active ones
 * stay until the new secret holds a key that works: then they retire like the previous key of that one.
 */
async function retireLost(state: UserState): Promise<Due> {
  const { secrets, secret, user, existing, currentKeyId, pendingKeyId, now } = state;
  const settled = storedKeyWorks(state);
  const known = new Set([currentKeyId, pendingKeyId, ...retirementsOf(secret).map(({ keyId }) => keyId)]);
  const left = existing.filter(
    ({ id, status }) => lossOf(secret)?.keyIds.includes(id) && !known.has(id) && (settled || status !== 'Active'),
  );
  const replacedBy = versionWith(secret, 'AWSCURRENT') ?? '-';
  for (const { id, status } of left)
    await secrets.tag(secret.arn, retirementTag(beginRetirement(id, user, now, replacedBy, status === 'Active')));
  if (settled) await secrets.untag(secret.arn, [TAGS.lost]);
  return left.length > 0 ? 'next-run' : 'on-change';
}

/** Only what the ledger still says: an emergency may have ended it meanwhile. What its owner was promised before holds on. */
async function startAgain(state: UserState, { keyId }: Retirement): Promise<void> {
  await withFreshState(state, async ({ secrets, secret, user, now }) => {
    const promised = retirementsOf(secret).find((retirement) => retirement.keyId === keyId);
    if (!promised) return;
    await secrets.tag(secret.arn, retirementTag(beginAgain(promised, user, now)));
  });
}

/** A key that a person made and that the roster no longer wants to retire. */
const isLeft = ({ user }: UserState, { replacedBy, state }: Retirement): boolean =>
  user.unmanagedKeys === 'hold' && replacedBy === '-' && state === 'active';

/** One of ours that was used was stored once, and its version lost its label: somebody may have it. */
export function judgeUnknown({
  existing,
  lastUses,
  currentKeyId,
  pendingKeyId,
  secret,
  settings,
  now,
}: UserState): ReturnType<typeof judgeUnknownKeys> {
  const known = new Set(
    [
      currentKeyId,
      pendingKeyId,
      ...retirementsOf(secret).map(({ keyId }) => keyId),
      ...(lossOf(secret)?.keyIds ?? []),
    ].filter((id) => id !== undefined),
  );
  const judged = judgeUnknownKeys(existing, known, intentsOf(secret), settings.rotateTimeoutMs, now);
  const unused = judged.orphans.filter(({ id }) => lastUses.get(id)?.used === false);
  return {
    ...judged,
    orphans: unused,
    unmanaged: [...judged.unmanaged, ...judged.orphans.filter((key) => !unused.includes(key))],
  };
}

/** Judged again: the key of an older version was stored once, and retires instead. */
async function removeOrphan(fresh: UserState, keyId: string): Promise<void> {
  const { secrets, secret, iam, log, user } = fresh;
  const orphan = judgeUnknown(fresh).orphans.find(({ id }) => id === keyId);
  if (!orphan) return;
  const known = await knownAs(secrets, secret, keyId, user);
  if (known === 'former' && user.unmanagedKeys !== 'hold') await retire(fresh, orphan);
  if (known) return;
  await iam.delete(keyId);
  log.info('deleted a key that an interrupted rotation had created but never stored', { secret: secret.name });
}

/**
 * Keys in no version. They start to retire once the secret holds a key, or when their user retires; before the first
 * rotation only where two of them stand in its way, and then the quietest one.
 */
async function reconcileUnmanagedKeys(state: UserState, unmanaged: readonly AccessKey[]): Promise<Due> {
  const { user, currentKeyId, now, lastUses } = state;
  if (unmanaged.length === 0) return 'on-change';
  if (user.unmanagedKeys === 'hold') return retireFormer(state, unmanaged);
  const mayAll = currentKeyId !== undefined || user.state === 'retired';
  if (!mayAll && (unmanaged.length < 2 || isSuspended(state) || waitsForDate(state))) return 'on-change';
  const candidates = mayAll ? unmanaged : quietest(state, unmanaged);
  const ready =
    user.unmanagedKeys === 'delete'
      ? candidates.filter((key) => isQuiet(key, lastUses.get(key.id)!, user.quietForHours, now))
      : candidates;
  for (const { id } of ready) await withFreshState(state, (fresh) => endUnmanaged(fresh, id));
  if (candidates.length > 0 && user.unmanagedKeys === 'retire') return 'next-run';
  return soonest(
    unmanaged.map((key) => quietAt(key, lastUses.get(key.id)!, user.quietForHours)).filter((at) => at > now),
  );
}

/** Keys that people made are held; what a former secret of the user holds is none of those. */
async function retireFormer(state: UserState, unmanaged: readonly AccessKey[]): Promise<Due> {
  if (!state.user.formerSecretNames || !storedKeyWorks(state)) return 'on-change';
  for (const { id } of unmanaged) await withFreshState(state, (fresh) => endUnmanaged(fresh, id));
  return 'on-change';
}

/** Judged again: what an older version names is a key that was in use once, and retires also where such keys are deleted. */
async function endUnmanaged(fresh: UserState, keyId: string): Promise<void> {
  const { user, secrets, secret, iam, lastUses, notices, now } = fresh;
  const key = judgeUnknown(fresh).unmanaged.find(({ id }) => id === keyId);
  if (!key) return;
  const known = await knownAs(secrets, secret, keyId, user);
  if (known === 'protected' || known === 'retiring') return;
  if (known === 'former')
    return retire(fresh, key, user.unmanagedKeys === 'hold' ? versionWith(secret, 'AWSCURRENT') : '-');
  if (user.unmanagedKeys === 'hold') return;
  if (user.unmanagedKeys === 'retire') return retire(fresh, key);
  if (!isQuiet(key, lastUses.get(keyId)!, user.quietForHours, now)) return;
  if ((await judgeKey(fresh, keyId)).verdict !== 'free') return;
  await deactivateAndDelete(iam, key);
  await notices.record(
    deletedNotice(
      fresh,
      keyId,
      'no version of the secret contains it, and the roster requires such keys to be deleted',
      now,
    ),
  );
}

async function retire(
  { user, secrets, secret, now }: UserState,
  { id, status }: AccessKey,
  replacedBy = '-',
): Promise<void> {
  await secrets.tag(secret.arn, retirementTag(beginRetirement(id, user, now, replacedBy, status === 'Active')));
}

function quietest({ user, now, lastUses }: UserState, keys: readonly AccessKey[]): AccessKey[] {
  const quiet = keys.filter((key) => isQuiet(key, lastUses.get(key.id)!, user.quietForHours, now));
  const byUse = quiet.sort(
    (a, b) =>
      Number(a.status === 'Active') - Number(b.status === 'Active') ||
      quietAt(a, lastUses.get(a.id)!, 0).getTime() - quietAt(b, lastUses.get(b.id)!, 0).getTime(),
  );
  return byUse.slice(0, 1);
}
