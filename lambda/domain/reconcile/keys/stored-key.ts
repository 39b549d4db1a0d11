/** What admins and owner hear while the key that the secret holds does not work: what still works, and what cures it. */
import type { Condition } from '../conditions';
import { judgeUnknown } from './reconcile-keys';
import { inWords } from '../../time';
import { isQuiet, quietAt } from '../../keys/quiet';
import { lastFour } from '../../keys/describe';
import { storedKeyWorks } from '../../keys/last-key';
import { isCompromised, lossOf } from '../../ledger/tags';
import { retirementsOf } from '../../ledger/retirements';
import { versionWith } from '../../ledger/versions';
import type { AccessKey } from '../../ports';
import { frozenUntil, isSuspended } from '../../roster/suspension';
import { lostCurrentKey, type UserState } from '../user-state';

/** Lasts until the secret names a key that works, whatever else is going on. @param pending token of the outstanding rotation */
export function reportStoredKey(state: UserState, pending: string | undefined): void {
  const { conditions, currentKeyId, existing, secret } = state;
  if (storedKeyWorks(state)) return;
  if (currentKeyId === undefined) {
    if (lossOf(secret)) conditions.set('SECRET_LOST', lost(state, pending));
    return;
  }
  const key = existing.find(({ id }) => id === currentKeyId);
  if (key && isCompromised(secret, currentKeyId)) conditions.set('CURRENT_KEY_COMPROMISED', compromised(currentKeyId));
  else if (key) conditions.set('CURRENT_KEY_INACTIVE', inactive(state, key, pending));
  else if (lostCurrentKey(state)) conditions.set('CURRENT_KEY_MISSING', missing(state, currentKeyId, pending));
}

const compromised = (keyId: string): Condition => ({
  reason: `the key …${lastFour(keyId)} that AWSCURRENT names was declared compromised and has no replacement yet`,
  nextStep:
    'a rotation is started as soon as the user has a free slot for a new key; do not reactivate the compromised key',
});

function inactive(state: UserState, { id }: AccessKey, pending: string | undefined): Condition {
  const { user } = state;
  return {
    reason: `the key …${lastFour(id)} of ${user.name}, which AWSCURRENT names, is Inactive; ${whatWorks(state)}`,
    nextStep: `activate it again with the command below; until it works, no key of ${user.name} is deactivated or deleted${ifItMustNot(state, pending)}`,
    command: `aws iam update-access-key --user-name ${user.name} --access-key-id ${id} --status Active`,
    notice: toOwner(state, 'CURRENT_KEY_INACTIVE'),
  };
}

/** Another way for whoever deactivated it on purpose. */
function ifItMustNot(state: UserState, pending: string | undefined): string {
  if (isSuspended(state) || pending) return '';
  if (canRollBack(state))
    return `; if it must stay deactivated, go back to the previous key: ${commanded(state, 'rollback')}`;
  return state.existing.length < 2
    ? `; if it must stay deactivated, request a new key: ${commanded(state, 'rotate')}`
    : '';
}

function missing(state: UserState, currentKeyId: string, pending: string | undefined): Condition {
  const reason = `the key …${lastFour(currentKeyId)} of ${state.user.name}, which AWSCURRENT names, does not exist in IAM; ${whatWorks(state)}`;
  const canGoBack = canRollBack(state) && !isSuspended(state) && state.existing.length > 1;
  if (!pending && canGoBack)
    return {
      reason,
      nextStep: `nothing is deactivated or deleted until the secret holds a key that works; go back to the previous key with the command below`,
      command: commanded(state, 'rollback'),
      notice: toOwner(state, 'CURRENT_KEY_MISSING'),
    };
  return { reason, ...whileNoneIsStored(state, pending, 'CURRENT_KEY_MISSING') };
}

const lost = (state: UserState, pending: string | undefined): Condition => ({
  reason: `the secret of ${state.user.name} was ${state.user.formerSecretNames ? 'moved, or deleted without recovery,' : 'deleted without recovery,'} and a secret without a key was created to replace it; ${whatWorks(state)}`,
  ...whileNoneIsStored(state, pending, 'SECRET_LOST'),
});

type Cure = Omit<Condition, 'reason'>;

/** With room for a key, the next rotation is the cure; without, a person says which of two keys nobody needs. */
function whileNoneIsStored(state: UserState, pending: string | undefined, code: OwnersCode): Cure {
  const { user } = state;
  if (usable(state).length < 2)
    return {
      nextStep: howItComes(state, pending),
      ...(!pending && isHeldUp(state) && { notice: toOwner(state, code) }),
    };
  const unneeded = leastNeeded(state);
  const which = unneeded
    ? `the key …${lastFour(unneeded.id)} has gone unused for longest: make sure that nobody needs it, and delete it with the command below`
    : `both keys are in use: find out which of them can be replaced, and delete that one with \`aws iam delete-access-key --user-name ${user.name} --access-key-id\` and its id`;
  return {
    nextStep: `nothing is deactivated or deleted until the secret holds a key that works; ${which}; a rotation is then started within the hour`,
    ...(unneeded && { command: `aws iam delete-access-key --user-name ${user.name} --access-key-id ${unneeded.id}` }),
    notice: toOwner(state, code),
  };
}

function howItComes(state: UserState, pending: string | undefined): string {
  if (pending) return 'a rotation is under way';
  if (isSuspended(state)) return 'nothing is started for a user who is exempt or is being released: change the roster';
  if (frozenUntil(state))
    return `a rotation is started after the freeze; if that is too late: ${commanded(state, 'rotate')}`;
  return 'a rotation is started';
}

const isHeldUp = (state: UserState): boolean => isSuspended(state) || frozenUntil(state) !== undefined;

/** The one to go: Inactive, or quiet, and unused for longer than the other. */
function leastNeeded(state: UserState): AccessKey | undefined {
  const { lastUses, user, now } = state;
  const quiet = usable(state).filter(
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

function whatWorks(state: UserState): string {
  const working = others(state).map((key) => `…${lastFour(key.id)} (${use(state, key)})`);
  if (working.length === 0) return `no other key of ${state.user.name} works`;
  return working.length === 1 ? `the key ${working[0]} still works` : `the keys ${working.join(' and ')} still work`;
}

function use({ lastUses }: UserState, { id }: AccessKey): string {
  const lastUse = lastUses.get(id);
  return lastUse?.used ? `last used ${inWords(lastUse.at)} by ${lastUse.service}` : 'never used';
}

/** Keys that somebody may have: none that was made and never stored, nor one that a rotation under way has just made. */
function usable(state: UserState): AccessKey[] {
  const { orphans, undecided } = judgeUnknown(state);
  return state.existing.filter((key) => key.id !== state.pendingKeyId && ![...orphans, ...undecided].includes(key));
}

const others = (state: UserState): readonly AccessKey[] =>
  usable(state).filter(({ id, status }) => id !== state.currentKeyId && status === 'Active');

type OwnersCode = 'CURRENT_KEY_INACTIVE' | 'CURRENT_KEY_MISSING' | 'SECRET_LOST';

/** The owner hears too: it may be its key that stopped, and it knows what is in use. */
function toOwner(state: UserState, code: OwnersCode): Condition['notice'] {
  return {
    type: 'stored-key-unusable',
    audience: ['owner', 'admin'],
    code,
    ...(state.currentKeyId && { currentKeyId: state.currentKeyId }),
    workingKeyIds: others(state).map(({ id }) => id),
  };
}
