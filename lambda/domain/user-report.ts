/** What is told of one user: every key, its age and use, what comes next and when. */
import { endingOf, retirementsOf } from './ledger';
import type { AccessKey } from './ports';
import type { KeyReport, UserReport } from './report';
import { activeUntil, inactiveUntil } from './retirement';
import { rotationDueBy } from './tend-rotation';
import type { UserPass } from './user-pass';
import { isExempt, standsStill } from './standstill';

const DAY_MS = 24 * 3_600_000;

export function reportOf(pass: UserPass): UserReport {
  const retiring = new Set(retirementsOf(pass.secret).map(({ keyId }) => keyId));
  const keys = pass.existing.map((key): KeyReport => {
    const lastUse = pass.lastUses.get(key.id);
    const role = key.id === pass.currentKeyId ? 'current' : key.id === pass.pendingKeyId ? 'pending' : retiring.has(key.id) ? 'retiring' : 'unmanaged';
    return {
      keyId: key.id,
      role,
      status: key.status,
      createdAt: key.createdAt.toISOString(),
      ageDays: Math.floor((pass.now.getTime() - key.createdAt.getTime()) / DAY_MS),
      ...(lastUse?.used && { lastUsedAt: lastUse.at.toISOString(), lastUsedBy: lastUse.service }),
      ...nextStep(pass, key, role),
    };
  });
  return { userName: pass.user.name, secretName: pass.user.secretName, keys, ...(isExempt(pass) && { exempt: pass.user.exempt }), conditions: [...pass.conditions.keys()], ...(pass.secret.nextRotationAt && { nextRotationAt: pass.secret.nextRotationAt.toISOString() }) };
}

function nextStep(pass: UserPass, key: AccessKey, role: KeyReport['role']): Pick<KeyReport, 'nextStep' | 'nextStepAt'> {
  const { secret, user } = pass;
  const ending = endingOf(secret);
  if (role === 'current' && ending?.keyId === key.id) return ending.state === 'inactive' ? at('delete', inactiveUntil(ending.since, user)) : at('deactivate', ending.since);
  if (role === 'current') return standsStill(pass) ? {} : at('rotate', rotationDueBy(key, user));
  const retirement = role === 'retiring' ? retirementsOf(secret).find(({ keyId }) => keyId === key.id) : undefined;
  if (!retirement) return {};
  return retirement.state === 'inactive' ? at('delete', inactiveUntil(retirement.since, user)) : at('deactivate', activeUntil(retirement, user));
}

const at = (step: NonNullable<KeyReport['nextStep']>, when: Date): Pick<KeyReport, 'nextStep' | 'nextStepAt'> => ({ nextStep: step, nextStepAt: when.toISOString() });
