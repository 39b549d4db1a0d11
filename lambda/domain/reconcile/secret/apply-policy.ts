/** Puts the secret's policy as the roster asks for it, as far as its principals exist. */
import { RotationError } from '../../errors';
import { digest } from '../../digest';
import { isFormers, PREFIX, TAGS, userNameTag } from '../../ledger/tags';
import { byHand, noticeBase } from '../../notices/compose';
import type { Secret, SecretLifecycle, User } from '../../ports';
import { requireOwnVersions } from '../../secrets/foreign-versions';
import { appliedGeneration } from '../../roster/subject';
import {
  formerFingerprint,
  policyFingerprint,
  readersOf,
  releasedPolicy,
  samePolicy,
  secretPolicy,
} from './secret-policy';
import type { Due } from '../due';
import type { UserState } from '../user-state';

/**
 * Puts the policy that the roster asks for, without readers that do not exist. One that somebody changed or removed
 * since we put ours is reported, whatever tags are missing. A reader that was deleted is not let in again by its name,
 * until the roster has been without it.
 * @returns when to look again: right away for readers that were refused for the first time, as they may be new in IAM
 */
export async function applyPolicy(state: UserState, found: User): Promise<Due> {
  const { secrets, secret, slice, user, settings, conditions } = state;
  const actual = await secrets.policy(secret.arn);
  if (!secret.tags[TAGS.userId] && readersOf(actual).deleted.includes(found.arn)) throw ownerReplaced(user.name);
  const build = (readers: readonly string[]): string => secretPolicy(slice, readers, settings.partition);
  const deleted = await rememberDeleted(state, readersOf(actual).deleted);
  const wanted = [...(user.ownerReads ? [found.arn] : []), ...user.readers.filter((arn) => !deleted.includes(arn))];
  if (wanted.some((arn) => !readersOf(actual).existing.includes(arn))) await requireOwn(state);
  const writer = policyWriter(secrets, secret, actual);
  const isChanged = !samePolicy(actual, build(wanted)) && isChangedByHand(state, actual);
  if (isChanged) await noteChange(state, actual);
  const refused = await putReaders(writer, [...new Set(wanted)], build);
  if (isChanged || secret.tags[CHANGED] !== undefined) await reportChange(state);
  if (deleted.length > 0) conditions.set('READER_DELETED', deletedReaders(deleted));
  const missing = refused.filter((arn) => digestsIn(secret, TAGS.readersMissing).includes(digestOf(arn)));
  if (missing.length > 0) conditions.set('READER_MISSING', missingReaders(missing));
  await writeTags(state, found, writer, refused);
  return refused.length > missing.length ? 'next-run' : 'on-change';
}

const CHANGED = `${PREFIX}policy-changed`;

/** Written before the roster's policy is put back, for then nothing else shows it. */
async function noteChange({ secrets, secret, now }: UserState, actual: string | undefined): Promise<void> {
  if (secret.tags[CHANGED] !== undefined) return;
  await secrets.tag(secret.arn, { [CHANGED]: `${now.toISOString()} ${actual ? 'changed' : 'removed'}` });
}

/** Once the roster's policy is back. What cannot be sent stays owed. */
async function reportChange(state: UserState): Promise<void> {
  const { secrets, secret, notices, unsent } = state;
  const noted = (await secrets.describe(secret.arn))?.tags[CHANGED];
  if (noted === undefined) return;
  const [at = '', how = ''] = noted.split(' ');
  const reason = `the secret's resource policy was ${how} manually`;
  const next = "the roster's policy was restored; add readers to the roster instead";
  try {
    await notices.send({
      ...byHand(state, 'POLICY_CHANGED', at, reason, next),
      ...noticeBase(state, state.now, new Date(at)),
      id: digest(secret.arn, 'POLICY_CHANGED', at),
    });
  } catch (error) {
    unsent.push(error);
    return;
  }
  await secrets.untag(secret.arn, [CHANGED]);
}

/** Before somebody is let in. The state was read from AWSCURRENT and AWSPENDING, but not from what is said to be a former user's. */
const requireOwn = ({ secrets, secret, user, settings, existing }: UserState): Promise<void> =>
  requireOwnVersions(
    { secrets, secret, userName: user.name, accountId: settings.accountId, keyIds: existing.map(({ id }) => id) },
    ['AWSPENDING', ...(isFormers(secret) ? [] : ['AWSCURRENT'])],
  );

/** Where the ledger does not say whose secret it is, its policy does. */
const ownerReplaced = (userName: string): RotationError =>
  new RotationError(
    'USER_REPLACED',
    `the IAM user ${userName} was deleted and created again`,
    'nothing is changed; remove the user from the roster, or delete the secret so that the new user is adopted',
  );

const listed = (arns: readonly string[]): string => arns.join(' and ');

const missingReaders = (arns: readonly string[]) => ({
  reason: `Secrets Manager refuses a policy that names ${listed(arns)}: it does not exist, or not under this path`,
  nextStep: 'create it or remove it from the roster; the policy is retried every hour',
});

const deletedReaders = (arns: readonly string[]) => ({
  reason: `${listed(arns)} was deleted after it had been granted access; a new principal of the same name has no access`,
  nextStep:
    'remove it from the roster; to grant access to the new principal of that name, add it again in a later change',
});

/** Written before the policy is put, because the policy is all that shows it. @returns readers of the roster that are kept out */
async function rememberDeleted({ secrets, secret, user }: UserState, found: readonly string[]): Promise<string[]> {
  const known = digestsIn(secret, TAGS.readersDeleted);
  const deleted = user.readers.filter((arn) => found.includes(arn) || known.includes(digestOf(arn)));
  await writeDigests(secrets, secret, TAGS.readersDeleted, deleted);
  return deleted;
}

/** Without a tag, a policy must have been put once rotation had our function: it is attached later. */
function isChangedByHand({ secret, settings }: UserState, actual: string | undefined): boolean {
  if (secret.tags[TAGS.adopted]) return false;
  const ours = secret.tags[TAGS.policy]?.split(' ');
  if (!ours) return secret.rotationFunctionArn === settings.rotateFunctionArn;
  return !ours.includes(policyFingerprint(actual)) && !(actual && ours.includes(formerFingerprint(actual)));
}

interface PolicyWriter {
  readonly stored: () => string | undefined;
  /** What the ledger says of the policy now. */
  readonly noted: () => string | undefined;
  /**
   * Writes the ledger first, so that what is found after an interruption is known as ours. What is stored is put again
   * unless it was accepted for certain.
   * @returns whether it is accepted
   */
  readonly put: (policy: string) => Promise<boolean>;
}

function policyWriter(secrets: SecretLifecycle, { arn, tags }: Secret, actual: string | undefined): PolicyWriter {
  let stored = actual;
  let noted = tags[TAGS.policy];
  let accepted = noted === policyFingerprint(actual) ? actual : undefined;
  return {
    stored: () => stored,
    noted: () => noted,
    async put(policy) {
      if (samePolicy(stored, policy) && samePolicy(accepted, policy)) return true;
      noted = `${policyFingerprint(stored)} ${policyFingerprint(policy)}`;
      await secrets.tag(arn, { [TAGS.policy]: noted });
      const taken = await secrets.putPolicy(arn, policy);
      if (taken) accepted = policy;
      stored = taken ? policy : await secrets.policy(arn);
      return taken;
    },
  };
}

/**
 * A refusal does not say which principal does not exist, so they are added one at a time to those that are stored. It
 * may leave the refused policy stored: what counts is what is read afterwards.
 * @returns the readers that are refused
 * @throws RotationError POLICY_REFUSED when even the policy without them is
 */
async function putReaders(
  writer: PolicyWriter,
  wanted: readonly string[],
  build: (readers: readonly string[]) => string,
): Promise<string[]> {
  const before = readersOf(writer.stored()).existing;
  if (await writer.put(build(wanted))) return [];
  const after = readersOf(writer.stored()).existing;
  let kept = wanted.filter((arn) => before.includes(arn) && after.includes(arn));
  if (kept.length === wanted.length || !(await writer.put(build(kept)))) kept = [];
  const refused: string[] = [];
  for (const reader of wanted.filter((arn) => !kept.includes(arn))) {
    const next = wanted.filter((arn) => arn === reader || kept.includes(arn));
    if (next.length < wanted.length && (await writer.put(build(next)))) kept = next;
    else refused.push(reader);
  }
  if (!(await writer.put(build(kept)))) throw policyRefused();
  return refused;
}

const policyRefused = (): RotationError =>
  new RotationError(
    'POLICY_REFUSED',
    "Secrets Manager refuses the secret's policy although it accepted every principal in it before",
    'the policy is retried at the next run; see CloudTrail for the refused request',
  );

async function writeTags(
  { secrets, secret, slice, settings, now }: UserState,
  found: User,
  writer: PolicyWriter,
  refused: readonly string[],
): Promise<void> {
  const policy = policyFingerprint(writer.stored());
  const tags = {
    ...(writer.noted() !== policy && { [TAGS.policy]: policy }),
    ...(appliedGeneration(secret, now) < slice.generation && { [TAGS.generation]: String(slice.generation) }),
    ...(!secret.tags[TAGS.userId] && { [TAGS.userId]: found.id }),
    ...(secret.tags[TAGS.userName] !== userNameTag(found.name)[TAGS.userName] && userNameTag(found.name)),
  };
  if (Object.keys(tags).length > 0) await secrets.tag(secret.arn, tags);
  if (secret.tags[TAGS.moved] && secret.tags[TAGS.notified]) await secrets.untag(secret.arn, [TAGS.moved]);
  const isAdopted = secret.tags[TAGS.adopted] && secret.rotationFunctionArn === settings.rotateFunctionArn;
  if (isAdopted) await secrets.untag(secret.arn, [TAGS.adopted]);
  if (secret.tags[TAGS.released]) await secrets.untag(secret.arn, [TAGS.released]);
  await writeDigests(secrets, secret, TAGS.readersMissing, refused);
}

/** Short enough for 28 ARNs in one tag. */
const digestOf = (arn: string): string => digest(arn).slice(0, 8);

const digestsIn = ({ tags }: Secret, key: string): string[] => tags[key]?.split(' ') ?? [];

async function writeDigests(
  secrets: SecretLifecycle,
  secret: Secret,
  key: string,
  arns: readonly string[],
): Promise<void> {
  const value = arns.map(digestOf).sort().join(' ');
  if (value === (secret.tags[key] ?? '')) return;
  if (value === '') await secrets.untag(secret.arn, [key]);
  else await secrets.tag(secret.arn, { [key]: value });
}

/** A released user's tags are people's to remove. Readers stay, but for those that no longer exist. */
export async function releasePolicy(secrets: SecretLifecycle, secret: Secret): Promise<void> {
  const actual = await secrets.policy(secret.arn);
  const build = actual === undefined ? undefined : releasedPolicy(actual);
  if (!build) return;
  const writer = policyWriter(secrets, secret, actual);
  await putReaders(writer, readersOf(actual).existing, build);
  await secrets.tag(secret.arn, { [TAGS.policy]: policyFingerprint(writer.stored()) });
}
