/** Every rule of the documented form plays: what goes wrong for everybody is waited out, and is reported as what it is. */
import { FaultPlan, type FaultRule } from '../../../lib/simulator/local-organization/faults';
import { seededRandom } from '../../../lib/simulator/local-organization/random';
import { sample } from '../../sample';
import { play } from './one-account';

const withFault = (rule: FaultRule, days = 4) => play({ days, faults: new FaultPlan([rule], seededRandom('faults')) });

const THIRD_DAY = { from: '2027-01-06', to: '2027-01-07' };
const RULES: readonly FaultRule[] = (
  ['error', 'throttle', 'timeout', 'response-lost', 'killed-before', 'killed-after'] as const
).flatMap((kind) => [
  { kind, ...THIRD_DAY },
  { kind, rate: 0.05, ...THIRD_DAY },
]);
const named = (rule: FaultRule) =>
  [`${rule.kind} of ${rule.rate === undefined ? 'every call' : 'a call in twenty'}`, rule] as const;

test.each(sample(2, RULES.map(named), 'every fault'))(
  '%s for a day, whoever makes it, breaks no promise and refuses nobody',
  async (_, rule) => {
    const { report } = await withFault(rule);
    expect(report.summary.violations).toEqual([]);
    expect(report.events.filter(({ kind }) => kind === 'key-refused')).toEqual([]);
    expect(report.deployments.filter(({ stopped }) => stopped)).toEqual([]);
  },
);

test('a push that cannot publish is reported with the refusal, and the rehearsal goes on', async () => {
  const { report } = await withFault({ kind: 'throttle', service: 's3', to: '2027-01-05' }, 2);
  expect(report.deployments.map(({ stopped }) => stopped)).toEqual([
    { stage: 'publish', reason: expect.stringMatching(/^SlowDown: /) as string },
  ]);
  expect(report.summary.violations).toEqual([]);
});

test('a refusal of what EventBridge and SNS send costs a run, and no rehearsal', async () => {
  const refused = { kind: 'error', errorCode: 'AccessDenied', rate: 0.3 } as const;
  for (const service of ['lambda', 'sqs'] as const) {
    const { report } = await withFault({ ...refused, service }, 2);
    expect(report.summary.violations).toEqual([]);
  }
});
