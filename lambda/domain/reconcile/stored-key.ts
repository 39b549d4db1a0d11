/** What admins and owner hear while the key that the secret holds does not work: what still works, and what cures it. */
import type { Condition } from './conditions';
import { judgeUnknown } from './reconcile-keys';
import { inWords } from '../time';
import { isQuiet, quietAt } from '../keys/quiet';
import { lastFour } from '../keys/describe';
import { storedKeyWorks } from '../keys/last-key';
import { isCompromised, lossOf } from '../ledger/tags';
import { retirementsOf } from '../ledger/retirements';
import { versionWith } from '../ledger/versions';
import type { AccessKey } from '../ports';
import { frozenUntil, isSuspended } from '../roster/suspension';
import { lostCurrentKey, type UserState } from './user-state';

/** Lasts until the secret names a key that works, whatever else is going on. @param pending token of the outstanding rotation */
export function reportStoredKey(pass: UserState, pending: string | undefined): void {
  const { conditions, currentKeyId, existing, secret } = pass;
  if (storedKeyWorks(pass)) return;
  if (currentKeyId === undefined) {
    if (lossOf(secret)) conditions.set('SECRET_LOST', lost(pass, pending));
    return;
  }
  const key = existing.find(({ id }) => id === currentKeyId);
  if (key && isCompromised(secret, currentKeyId))
    conditions.set('CURRENT_KEY_COMPROMISED', {
      reason: `the key …${lastFour(currentKeyId)} that AWSCURRENT names was declared compromised, and has no successor yet`,
      nextStep:
        'a rotation is started as soon as there is room for a new key; the compromised one must not be reactivated',
    });
  else if (key) conditions.set('CURRENT_KEY_INACTIVE', inactive(pass, key, pending));
  else if (lostCurrentKey(pass)) conditions.set('CURRENT_KEY_MISSING', missing(pass, currentKeyId, pending));
}

function inactive(pass: UserState, { id }: AccessKey, pending: string | undefined): Condition {
  const { user } = pass;
  return {
    reason: `the key …${lastFour(id)} of ${user.name}, which AWSCURRENT names, was deactivated by somebody outside this product; ${whatWorks(pass)}`,
    nextStep: `activate it again with the command below; until it works, no key of ${user.name} is deactivated or deleted${ifItMustNot(pass, pending)}`,
    command: `aws iam update-access-key --user-name ${user.name} --access-key-id ${id} --status Active`,
    notice: toOwner(pass, 'CURRENT_KEY_INACTIVE'),
  };
}

/** Another way for whoever deactivated it on purpose. */
function ifItMustNot(pass: UserState, pending: string | undefined): string {
  if (isSuspended(pass) || pending) return '';
  if (canRollBack(pass))
    return `; if it must stay deactivated, go back to the previous key: ${commanded(pass, 'rollback')}`;
  return pass.existing.length < 2
    ? `; if it must stay deactivated, have a new key made: ${commanded(pass, 'rotate')}`
    : '';
}

function missing(pass: UserState, currentKeyId: string, pending: string | undefined): Condition {
  const reason = `the key …${lastFour(currentKeyId)} of ${pass.user.name}, which AWSCURRENT names, was deleted by somebody outside this product; ${whatWorks(pass)}`;
  const canGoBack = canRollBack(pass) && !isSuspended(pass) && pass.existing.length > 1;
  if (!pending && canGoBack)
    return {
      reason,
      nextStep: `nothing is deactivated or deleted until the secret holds a key that works; go back to the previous key with the command below`,
      command: commanded(pass, 'rollback'),
      notice: toOwner(pass, 'CURRENT_KEY_MISSING'),
    };
  return { reason, ...whileNoneIsStored(pass, pending, 'CURRENT_KEY_MISSING') };
}

const lost = (pass: UserState, pending: string | undefined): Condition => ({
  reason: `the secret of ${pass.user.name} was deleted without recovery, and one without a key was made in its place; ${whatWorks(pass)}`,
  ...whileNoneIsStored(pass, pending, 'SECRET_LOST'),
});

type Cure = Omit<Condition, 'reason'>;

/** With room for a key, the next rotation is the cure; without, a person says which of two keys nobody needs. */
function whileNoneIsStored(pass: UserState, pending: string | undefined, code: OwnersCode): Cure {
  const { user } = pass;
  if (usable(pass).length < 2)
    return { nextStep: howItComes(pass, pending), ...(!pending && isHeldUp(pass) && { notice: toOwner(pass, code) }) };
  const unneeded = leastNeeded(pass);
  const which = unneeded
    ? `the key …${lastFour(unneeded.id)} was not used for the longest time: make sure that nobody needs it, and delete it with the command below`
    : `both keys are in use: find out which of them can be replaced, and delete that one with \`aws iam delete-access-key --user-name ${user.name} --access-key-id\` and its id`;
  return {
    nextStep: `nothing is deactivated or deleted until the secret holds a key that works; ${which}; a rotation is then started within the hour`,
    ...(unneeded && { command: `aws iam delete-access-key --user-name ${user.name} --access-key-id ${unneeded.id}` }),
    notice: toOwner(pass, code),
  };
}

function howItComes(pass: UserState, pending: string | undefined): string {
  if (pending) return 'a rotation is under way';
  if (isSuspended(pass)) return 'nothing is started for a user who is exempt or is being released: change the roster';
  if (frozenUntil(pass))
    return `a rotation is started after the freeze; if that is too late: ${commanded(pass, 'rotate')}`;
  return 'a rotation is started';
}

const isHeldUp = (pass: UserState): boolean => isSuspended(pass) || frozenUntil(pass) !== undefined;

/** The one to go: Inactive, or quiet, and unused for longer than the other. */
function leastNeeded(pass: UserState): AccessKey | undefined {
  const { lastUses, user, now } = pass;
  const quiet = usable(pass).filter(
    (key) => key.status !== 'Active' || isQuiet(key, lastUses.get(key.id)!, user.quietForHours, now),
  );
  return quiet.sort(
    (a, b) =>
      Number(a.status === 'Active') - Number(b.status === 'Active') ||
      quietAt(a, lastUses.get(a.id)!, 0).getTime() - quietAt(b, lastUses.get(b.id)!, 0).getTime(),
  )[0];
}

/** A previous version is kept whose key exists. */
function canRollBack({ secret, existing }: UserState): boolean {
  const [current, kept] = [versionWith(secret, 'AWSCURRENT'), versionWith(secret, 'KEY_RETIRING')];
  const previous = retirementsOf(secret).find(({ replacedBy }) => replacedBy === current);
  return (
    kept !== undefined &&
    kept !== current &&
    existing.some(({ id }) => id === previous?.keyId && !isCompromised(secret, id))
  );
}

const commanded = ({ user, slice }: UserState, command: 'rotate' | 'rollback'): string =>
  `node bin/access-keys.js ${command} --account ${slice.accountId} --user ${user.name}`;

function whatWorks(pass: UserState): string {
  const working = others(pass).map((key) => `…${lastFour(key.id)} (${use(pass, key)})`);
  if (working.length === 0) return `no other key of ${pass.user.name} works`;
  return working.length === 1 ? `the key ${working[0]} still works` : `the keys ${working.join(' and ')} still work`;
}

function use({ lastUses }: UserState, { id }: AccessKey): string {
  const lastUse = lastUses.get(id);
  return lastUse?.used ? `last used ${inWords(lastUse.at)} by ${lastUse.service}` : 'never used';
}

/** Keys that somebody may have: none that was made and never stored, nor one that a rotation under way has just made. */
function usable(pass: UserState): AccessKey[] {
  const { orphans, undecided } = judgeUnknown(pass);
  return pass.existing.filter((key) => key.id !== pass.pendingKeyId && ![...orphans, ...undecided].includes(key));
}

const others = (pass: UserState): readonly AccessKey[] =>
  usable(pass).filter(({ id, status }) => id !== pass.currentKeyId && status === 'Active');

type OwnersCode = 'CURRENT_KEY_INACTIVE' | 'CURRENT_KEY_MISSING' | 'SECRET_LOST';

/** The owner hears too: it may be its key that stopped, and it knows what is in use. */
function toOwner(pass: UserState, code: OwnersCode): Condition['notice'] {
  return {
    type: 'stored-key-unusable',
    audience: ['owner', 'admin'],
    code,
    ...(pass.currentKeyId && { currentKeyId: pass.currentKeyId }),
    workingKeyIds: others(pass).map(({ id }) => id),
  };
}
