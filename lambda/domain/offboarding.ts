/**
 * The end of a user who retires: its current key deactivated once quiet, deleted after a rest, then the secret, which
 * can be restored for a month. Each state is written before its act, so that a run which was cut off is continued and
 * a user who comes back gets exactly what was taken.
 */
import { isQuiet, lastFour, quietAt } from './keys';
import { withLease } from './lease';
import { endingOf, endingTag, TAGS, type Ending } from './ledger';
import type { NoticeEvent } from './notice';
import type { AccessKey } from './ports';
import { activeUntil, inactiveUntil } from './retirement';
import { parseSecretValue } from './secret-value';
import { noticeBase } from './success';
import { byHand } from './tend-secret';
import { eventId } from './event-id';
import { outstanding, type UserPass } from './user-pass';

/**
 * One step towards the end.
 * @returns when to look again
 */
export async function offboard(pass: UserPass): Promise<Date | undefined> {
  const { secret, existing, currentKeyId, now } = pass;
  if (secret.deletedAt || outstanding(secret)) return undefined;
  const ending = endingOf(secret);
  const key = existing.find(({ id }) => id === currentKeyId);
  if (!key) return end(pass, ending);
  if (ending?.keyId !== key.id) return begin(pass, key, 'waiting');
  if (ending.state === 'waiting' || ending.state === 'deactivating') return key.status === 'Active' ? deactivate(pass, key, ending) : rest(pass, key, ending);
  if (key.status === 'Active') return begin(pass, key, 'waiting');
  const until = inactiveUntil(ending.since, pass.user);
  if (now < until) return until;
  const quiet = quietAt(key, pass.lastUses.get(key.id)!, pass.user.quietForHours);
  return now < quiet ? hold(pass, key, quiet) : remove(pass, key, ending);
}

/** The user is back: what was taken from it is given back, and nothing else. */
export async function comeBack(pass: UserPass): Promise<void> {
  const { secret, existing, iam, notices } = pass;
  const ending = endingOf(secret);
  if (!ending) return;
  const key = existing.find(({ id }) => id === ending.keyId);
  if (key && key.status !== 'Active' && ending.state !== 'waiting') await iam.activate(key.id);
  await notices.send(byHand(pass, 'USER_RESTORED', ending.since.toISOString(), key ? `${pass.user.name} is back in the roster: its key …${lastFour(ending.keyId)} works again` : `${pass.user.name} is back in the roster, and its former key was deleted before`, key ? 'rotation goes on' : 'its next rotation is a first one'));
  await pass.secrets.untag(secret.arn, [TAGS.ending]);
}

async function begin(pass: UserPass, key: AccessKey, state: Ending['state']): Promise<Date> {
  await pass.secrets.tag(pass.secret.arn, endingTag({ state, since: pass.now, keyId: key.id }));
  if (state === 'waiting') await pass.notices.send(byHand(pass, 'USER_RETIRES', pass.now.toISOString(), `${pass.user.name} retires: its key …${lastFour(key.id)} is deactivated once it is quiet`, 'put the user back as active before its key is deleted, and everything is restored'));
  return pass.now;
}

async function deactivate(pass: UserPass, key: AccessKey, ending: Ending): Promise<Date | undefined> {
  const { user, now, secrets, secret, iam } = pass;
  const quiet = quietAt(key, pass.lastUses.get(key.id)!, user.quietForHours);
  const kept = activeUntil({ ...ending, state: 'active', warnings: 0, replacedBy: '-' }, user);
  const whatever = user.whenStillUsed === 'deactivate' && now >= kept;
  if (now < kept && !whatever) return kept;
  if (now < quiet && !whatever) return hold(pass, key, quiet);
  await withLease(pass, async () => {
    if (!(await isStillCurrent(pass, key))) return;
    await secrets.tag(secret.arn, endingTag({ ...ending, state: 'deactivating' }));
    await iam.deactivate(key.id);
  });
  return rest(pass, key, ending);
}

async function rest(pass: UserPass, key: AccessKey, ending: Ending): Promise<Date> {
  await pass.notices.send(endingNotice(pass, key, 'previous-key-deactivated', ending.since.toISOString()));
  await pass.secrets.tag(pass.secret.arn, endingTag({ ...ending, state: 'inactive', since: pass.now }));
  return inactiveUntil(pass.now, pass.user);
}

async function remove(pass: UserPass, key: AccessKey, ending: Ending): Promise<undefined> {
  const { secrets, secret, iam, notices } = pass;
  await withLease(pass, async () => {
    if (!(await isStillCurrent(pass, key)) || !isQuiet(key, await iam.lastUse(key.id), pass.user.quietForHours, pass.now)) return;
    await secrets.tag(secret.arn, endingTag({ ...ending, state: 'deleting' }));
    await notices.record({ ...endingNotice(pass, key, 'previous-key-deleted', ending.since.toISOString()), audience: [] });
    await iam.delete(key.id);
  });
  return end(pass, { ...ending, state: 'deleting' });
}

/** Nothing is left of the user's keys of ours: the secret goes too. A key that people deleted ends the same way. */
async function end(pass: UserPass, ending: Ending | undefined): Promise<undefined> {
  const { secrets, secret, notices } = pass;
  if (!ending) await secrets.tag(secret.arn, endingTag({ state: 'deleting', since: pass.now, keyId: pass.currentKeyId ?? '-' }));
  await notices.send(byHand(pass, 'USER_RETIRED', (ending?.since ?? pass.now).toISOString(), `${pass.user.name} has retired: its key is gone and its secret is deleted`, 'the secret can be restored for 30 days; the key cannot'));
  await secrets.delete(secret.arn);
}

function hold({ conditions, user }: UserPass, key: AccessKey, until: Date): Date {
  conditions.set('KEY_STILL_USED', { reason: `the key …${lastFour(key.id)} of ${user.name}, who retires, is still being used`, nextStep: `it is kept until it has not been used for ${user.quietForHours} hours` });
  return until;
}

/** Re-read right before the act: somebody may have put another key there. */
async function isStillCurrent({ secrets, secret }: UserPass, key: AccessKey): Promise<boolean> {
  const text = await secrets.value(secret.arn, 'AWSCURRENT');
  return text !== undefined && parseSecretValue(text).key?.id === key.id;
}

function endingNotice(pass: UserPass, key: AccessKey, type: NoticeEvent['type'], occasion: string): NoticeEvent {
  const lastUse = pass.lastUses.get(key.id);
  return {
    ...noticeBase(pass, pass.now),
    id: eventId(pass.secret.arn, key.id, type, 'ending', occasion),
    type,
    audience: ['owner', 'admin'],
    previousKeyId: key.id,
    previousKeyDeletedAfter: inactiveUntil(pass.now, pass.user).toISOString(),
    ...(lastUse?.used && { previousKeyLastUsed: { at: lastUse.at.toISOString(), service: lastUse.service, region: lastUse.region } }),
  };
}
