/** What is reported of one user: every key, its age and use, what comes next and when. */
import { offboardingOf, retirementsOf } from '../ledger/retirements';
import { lossOf, movedBackAt } from '../ledger/tags';
import type { AccessKey, KeyAdministration, LastUse } from '../ports';
import type { KeyReport, UserReport } from '../../contract/report';
import { activeUntil, inactiveUntil } from '../keys/retirement-schedule';
import { rotationDueBy } from '../roster/rotation-schedule';
import type { ConditionCode } from '../../contract/codes';
import type { SliceUser } from '../../contract/slice';
import type { UserState } from './user-state';
import { isExempt, isSuspended } from '../roster/suspension';
import { DAY_MS } from '../time';

/** @param conditions codes of the conditions that stand */
export function reportOf(state: UserState, conditions: readonly ConditionCode[]): UserReport {
  const { user, secret, existing, lastUses, now } = state;
  return {
    userName: user.name,
    secretName: user.secretName,
    keys: existing.map((key) => {
      const role = roleOf(state, key);
      return { ...keyReport(key, lastUses.get(key.id), role, now), ...nextStep(state, key, role) };
    }),
    ...(isExempt(state) && { exempt: user.exempt }),
    conditions,
    ...(secret.nextRotationAt && { nextRotationAt: secret.nextRotationAt.toISOString() }),
  };
}

function roleOf({ currentKeyId, pendingKeyId, secret }: UserState, { id }: AccessKey): KeyReport['role'] {
  if (id === currentKeyId) return 'current';
  if (id === pendingKeyId) return 'pending';
  const isRetiring = retirementsOf(secret).some(({ keyId }) => keyId === id) || lossOf(secret)?.keyIds.includes(id);
  return isRetiring ? 'retiring' : 'unmanaged';
}

/** A retired user without a secret: nothing sees to its keys any more, so that a person must. */
export async function reportOfRetired(iam: KeyAdministration, user: SliceUser, now: Date): Promise<UserReport> {
  const keys: KeyReport[] = [];
  for (const key of await iam.list()) keys.push(keyReport(key, await iam.lastUse(key.id), 'unmanaged', now));
  return {
    userName: user.name,
    secretName: user.secretName,
    keys,
    conditions: keys.length > 0 ? ['KEYS_LEFT'] : [],
  };
}

function keyReport(key: AccessKey, lastUse: LastUse | undefined, role: KeyReport['role'], now: Date): KeyReport {
  return {
    keyId: key.id,
    role,
    status: key.status,
    createdAt: key.createdAt.toISOString(),
    ageDays: Math.floor((now.getTime() - key.createdAt.getTime()) / DAY_MS),
    ...(lastUse?.used && { lastUsedAt: lastUse.at.toISOString(), lastUsedBy: lastUse.service }),
  };
}

function nextStep(
  state: UserState,
  key: AccessKey,
  role: KeyReport['role'],
): Pick<KeyReport, 'nextStep' | 'nextStepAt'> {
  const { secret, user } = state;
  const offboarding = offboardingOf(secret);
  if (role === 'current' && offboarding?.keyId === key.id)
    return offboarding.state === 'inactive'
      ? at('delete', inactiveUntil(offboarding, user))
      : at('deactivate', activeUntil(offboarding, user));
  if (role === 'current')
    return isSuspended(state) ? {} : at('rotate', rotationDueBy(key, user, movedBackAt(secret, state.now)));
  const retirement = role === 'retiring' ? retirementsOf(secret).find(({ keyId }) => keyId === key.id) : undefined;
  if (!retirement) return {};
  return retirement.state === 'inactive'
    ? at('delete', inactiveUntil(retirement, user))
    : at('deactivate', activeUntil(retirement, user));
}

const at = (step: NonNullable<KeyReport['nextStep']>, when: Date): Pick<KeyReport, 'nextStep' | 'nextStepAt'> => ({
  nextStep: step,
  nextStepAt: when.toISOString(),
});
