/**
 * Tags of the ledger that do not parse, or that what exists disproves. They are believed nowhere and reported, and they are
 * removed or written anew: no key is deactivated, and none is kept for ever, because of a tag alone.
 */
import { beginAgain } from '../../keys/retirement-schedule';
import { retirementsOf, retirementTag, retirementTagKey } from '../../ledger/retirements';
import { isPossibleGeneration } from '../../roster/subject';
import { familiesOf } from '../../ledger/sound-tags';
import { alertsOf, compromisedLabel, compromisedTag, lossTag, PREFIX, TAGS } from '../../ledger/tags';
import { unreasonable } from '../../ledger/unreasonable';
import { versionWith } from '../../ledger/versions';
import type { AccessKey, User } from '../../ports';
import { wasNamed } from '../owner-notified';
import type { UserState } from '../user-state';
import { DAY_MS } from '../../time';

/**
 * @returns whether something was repaired: then nothing else is done for the user in this run, because what was read of it
 * is incomplete
 */
export async function repairLedger(state: UserState, found: User): Promise<boolean> {
  const { secrets, secret, conditions } = state;
  const { tags, unnamed } = await unreasonableTags(state);
  const malformed = { ...secret.malformedTags, ...tags };
  const others = isAnothersId(state, found) ? [TAGS.userId] : [];
  const wrong = [...familiesOf(malformed), ...others];
  if (wrong.length === 0) {
    keepForADay(state);
    return false;
  }
  conditions.set('LEDGER_INVALID', {
    reason: `tags of the secret ${secret.name} are not valid and were ignored: ${wrong.join(', ')}`,
    nextStep:
      'they were removed or rewritten, and no key was changed because of them; their content is lost, so a retirement may start again; find out in CloudTrail who called TagResource',
  });
  const anew: Record<string, string> = others.length > 0 ? { [TAGS.userId]: found.id } : {};
  for (const key of Object.keys(malformed)) Object.assign(anew, writtenAnew(state, key, malformed, unnamed));
  if (Object.keys(anew).length > 0) await secrets.tag(secret.arn, anew);
  const gone = Object.keys(malformed).filter((key) => !(key in anew));
  if (gone.length > 0) await secrets.untag(secret.arn, gone);
  return true;
}

/** What parses and yet cannot be so. A date that goes beyond what the settings allow is kept where a mail has named it. */
async function unreasonableTags(
  state: UserState,
): Promise<{ readonly tags: Readonly<Record<string, string>>; readonly unnamed: ReadonlySet<string> }> {
  const { secret, user, now, existing } = state;
  const unnamed = new Set<string>();
  const found = unreasonable(secret, user, now, (generation) => isPossibleGeneration(generation, now));
  for (const retirement of retirementsOf(secret)) {
    const tagKey = retirementTagKey(retirement.keyId);
    const exists = existing.some(({ id }) => id === retirement.keyId);
    if (!(tagKey in found.promised) || !exists || (await wasNamed(state, retirement))) continue;
    found.tags[tagKey] = secret.tags[tagKey]!;
    unnamed.add(tagKey);
  }
  return { tags: found.tags, unnamed };
}

/** The stored key is one of the user's: then it is the user for whom the secret was made, whatever the tag says. */
export const isOwnKeyStored = ({ existing, currentKeyId }: UserState): boolean =>
  existing.some(({ id }) => id === currentKeyId);

const isAnothersId = (state: UserState, found: User): boolean => {
  const { [TAGS.userId]: noted = found.id } = state.secret.tags;
  return noted !== found.id && isOwnKeyStored(state);
};

/** Whoever writes such a tag again and again is reported once a day. */
function keepForADay({ secret, conditions, now }: UserState): void {
  const last = alertsOf(secret).get('LEDGER_INVALID');
  if (last && now.getTime() - last.getTime() < DAY_MS)
    conditions.set('LEDGER_INVALID', { reason: 'it was repaired', nextStep: 'nothing', once: true });
}

/** From now on, and not before a date that its owner may have been promised. */
function retiringAgain(
  { secret, user, now }: Pick<UserState, 'secret' | 'user' | 'now'>,
  { id, status }: AccessKey,
  isPromised: boolean,
): Record<string, string> {
  const former = retirementsOf(secret).find(({ keyId }) => keyId === id);
  const kept = { keyId: id, replacedBy: former?.replacedBy ?? '-', ...(isPromised && { until: former?.until }) };
  return retirementTag(beginAgain(kept, user, now, status === 'Active'));
}

/** What may only ever slow an act down is kept, from now on. */
function writtenAnew(
  { secret, existing, user, now }: UserState,
  key: string,
  malformed: Readonly<Record<string, string>>,
  unnamed: ReadonlySet<string>,
): Record<string, string> {
  const [, family, about = ''] = key.split(':');
  const listed = existing.find(({ id }) => id === about);
  if (`${PREFIX}${family}` === TAGS.lost) {
    const keyIds = existing.map(({ id }) => id).filter((id) => malformed[key]?.includes(id));
    return keyIds.length > 0 ? lossTag({ since: now, keyIds }) : {};
  }
  if (!listed) return {};
  if (family === 'retiring') return retiringAgain({ secret, user, now }, listed, !unnamed.has(key));
  if (family === 'compromised' && listed.status !== 'Active' && versionWith(secret, compromisedLabel(about)))
    return compromisedTag({ keyId: about, at: now, deactivatedAt: now });
  return {};
}
