/** What is told of one user: every key, its age and use, what comes next and when. */
import { offboardingOf, retirementsOf } from '../ledger/retirements';
import { lossOf } from '../ledger/tags';
import type { AccessKey, KeyAdministration, LastUse } from '../ports';
import type { KeyReport, UserReport } from '../../contract/report';
import { activeUntil, inactiveUntil } from '../keys/retirement-schedule';
import { rotationDueBy } from '../roster/rotation-schedule';
import type { SliceUser } from '../../contract/slice';
import type { UserState } from './user-state';
import { isExempt, isSuspended } from '../roster/suspension';

const DAY_MS = 24 * 3_600_000;

export function reportOf(state: UserState): UserReport {
  const retiring = new Set([
    ...retirementsOf(state.secret).map(({ keyId }) => keyId),
    ...(lossOf(state.secret)?.keyIds ?? []),
  ]);
  const keys = state.existing.map((key): KeyReport => {
    const role =
      key.id === state.currentKeyId
        ? 'current'
        : key.id === state.pendingKeyId
          ? 'pending'
          : retiring.has(key.id)
            ? 'retiring'
            : 'unmanaged';
    return { ...keyReport(key, state.lastUses.get(key.id), role, state.now), ...nextStep(state, key, role) };
  });
  return {
    userName: state.user.name,
    secretName: state.user.secretName,
    keys,
    ...(isExempt(state) && { exempt: state.user.exempt }),
    conditions: [...state.conditions.keys()],
    ...(state.secret.nextRotationAt && { nextRotationAt: state.secret.nextRotationAt.toISOString() }),
  };
}

/** A retired user without a secret: nothing sees to its keys any more, so that a person must. */
export async function reportOfRetired(iam: KeyAdministration, user: SliceUser, now: Date): Promise<UserReport> {
  const keys: KeyReport[] = [];
  for (const key of await iam.list()) keys.push(keyReport(key, await iam.lastUse(key.id), 'unmanaged', now));
  return {
    userName: user.name,
    secretName: user.secretName,
    keys,
    conditions: [keys.length > 0 ? 'KEYS_LEFT' : []].flat(),
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
  if (role === 'current') return isSuspended(state) ? {} : at('rotate', rotationDueBy(key, user));
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
