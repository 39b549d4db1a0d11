import { FaultPlan } from '../../../lib/simulator/local-organization/faults';
import { seededRandom } from '../../../lib/simulator/local-organization/random';
import { sample } from '../../sample';
import { play } from './one-account';

const FAULTS = [
  ['a lost response of CreateAccessKey', { kind: 'response-lost', operation: 'CreateAccessKey', nth: 1 }],
  ['a function killed after CreateAccessKey', { kind: 'killed-after', operation: 'CreateAccessKey', nth: 1 }],
  [
    'a function killed after AWSCURRENT moved',
    { kind: 'killed-after', operation: 'UpdateSecretVersionStage', functionName: 'access-keys-rotate', nth: 1 },
  ],
  ['a mail that SES refused', { kind: 'error', operation: 'SendEmail', nth: 1 }],
  ['a tenth of all calls throttled', { kind: 'throttle', functionName: 'access-keys-rotate', rate: 0.1 }],
] as const;

const withFaults = (rules: ConstructorParameters<typeof FaultPlan>[0]) =>
  play({ faults: new FaultPlan(rules, seededRandom('faults')) });

test.each(sample(2, FAULTS, 'faults'))('%s breaks no promise and the rotations finish', async (_, rule) => {
  const rehearsal = await withFaults([rule]);
  expect(rehearsal.report.summary.violations).toEqual([]);
  const rotatedUsers = new Set(
    rehearsal.report.events.flatMap((event) =>
      event.kind === 'notice' && event.type === 'rotated' ? [event.userName] : [],
    ),
  );
  expect(rotatedUsers).toEqual(new Set(['ann', 'bob']));
});

test('a day without IAM fails rotations loudly and harms nobody', async () => {
  const rehearsal = await withFaults([{ kind: 'error', service: 'iam', from: '2027-01-04', to: '2027-01-05' }]);
  expect(rehearsal.report.summary.violations).toEqual([]);
  expect(rehearsal.report.summary.alerts).toBeGreaterThan(0);
  expect(rehearsal.report.summary.rotations.succeeded).toBeGreaterThan(0);
});
