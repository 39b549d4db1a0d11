import fc from 'fast-check';
import type { Retirement } from '../../lambda/domain/ledger';
import type { AccessKey, LastUse } from '../../lambda/domain/ports';
import { nextRetirementStep } from '../../lambda/domain/retirement';
import { ANN } from '../domain/world';

const HOUR_MS = 3_600_000;
/** Any instant, the ends of leap days and of daylight saving in any zone among them: all of it is counted in UTC. */
const instant = fc.oneof(fc.date({ min: new Date('2024-01-01'), max: new Date('2032-12-31'), noInvalidDate: true }), fc.constantFrom('2028-02-28T23:59:59Z', '2028-02-29T12:00:00Z', '2027-03-28T01:00:00Z', '2027-10-31T01:00:00Z', '2027-12-31T23:59:59Z').map((text) => new Date(text)));
const hours = fc.integer({ min: 0, max: 60 * 24 });
const user = fc.record({ keepPreviousForHours: hours, quietForHours: hours, deleteInactiveAfterHours: hours, whenStillUsed: fc.constantFrom('hold' as const, 'deactivate' as const) }).map((settings) => ({ ...ANN, ...settings }));
const offset = fc.integer({ min: -100 * 24 * 3_600, max: 100 * 24 * 3_600 }).map((seconds) => seconds * 1_000);

test('no key is deactivated or deleted earlier than was promised, at any clock', () => {
  fc.assert(
    fc.property(instant, offset, offset, user, fc.constantFrom<Retirement['state']>('active', 'deactivating', 'inactive'), fc.constantFrom<AccessKey['status']>('Active', 'Inactive'), fc.nat({ max: 4 }), fc.boolean(), (since, toNow, toUse, settings, state, status, warnings, used) => {
      const now = new Date(since.getTime() + toNow);
      const createdAt = new Date(since.getTime() - 90 * 24 * HOUR_MS);
      const lastUse: LastUse = used ? { used: true, at: new Date(since.getTime() + toUse), service: 's3', region: 'us-east-1' } : { used: false };
      const key: AccessKey = { id: 'AKIAIOSFODNN7EXAMPLE', status, createdAt };
      const step = nextRetirementStep({ keyId: key.id, state, since, warnings, replacedBy: 'v' }, key, lastUse, settings, now);
      const quiet = now.getTime() - (lastUse.used ? lastUse.at : createdAt).getTime() >= settings.quietForHours * HOUR_MS;
      if (step.kind === 'deactivate') {
        expect(now.getTime() - since.getTime()).toBeGreaterThanOrEqual(settings.keepPreviousForHours * HOUR_MS);
        expect(quiet || settings.whenStillUsed === 'deactivate').toBe(true);
      }
      if (step.kind === 'delete') {
        expect([state, status, quiet]).toEqual(['inactive', 'Inactive', true]);
        expect(now.getTime() - since.getTime()).toBeGreaterThanOrEqual(settings.deleteInactiveAfterHours * HOUR_MS);
      }
      if (step.kind === 'wait' || step.kind === 'hold') expect(step.until.getTime()).toBeGreaterThan(now.getTime());
    }),
    { numRuns: 3_000 },
  );
});
