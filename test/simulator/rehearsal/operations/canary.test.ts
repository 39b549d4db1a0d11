/** What a push does to canary accounts: through the pipeline's own assembly, with IAM enforced. */
import { FaultPlan } from '../../../../lib/simulator/local-organization/faults';
import { seededRandom } from '../../../../lib/simulator/local-organization/random';
import { planOf } from '../../../../lib/plan/plan';
import type { Rehearsal } from '../../../../lib/simulator/rehearsal/rehearsal';
import type { Roster } from '../../../../lib/roster/roster';
import { testsDrawn } from '../../../sample';
import { changed, play, roster, START } from '../every-deployment';

const reviewed = (from: Roster, to: Roster): Roster => ({
  ...to,
  acknowledge: [planOf(from, to, () => true, START).code!],
});
const canary = (change: Partial<Roster['accounts'][number]>): Roster =>
  changed((account) => (account.canary ? { ...account, ...change } : account));
const hasFunctions = ({ organization }: Rehearsal): boolean =>
  organization.directory.roles('333333333333').some(({ name }) => name === 'access-keys-rotate');

const testSome = testsDrawn(1, 3);

testSome('a canary that does not get well stops the fleet, and the reason names the account', async () => {
  const faults = FaultPlan.parse(
    [
      {
        kind: 'error',
        accountId: '333333333333',
        functionName: 'access-keys-reconcile',
        operation: 'GetUser',
        from: '2027-01-06',
      },
    ],
    seededRandom('faults'),
  );
  const to = { ...roster, limits: { ...roster.limits, maxFirstRotationsPerRun: 7 } };
  const rehearsal = await play({ changes: [{ day: 2, roster: to }], days: 4, faults });
  expect(rehearsal.report.deployments[1]).toMatchObject({
    stopped: { stage: 'Canary', reason: expect.stringContaining('333333333333 canary: canary.bird: ') },
  });
  const slice = (accountId: string): string =>
    rehearsal.organization.s3.text('access-keys-222222222222-eu-central-1', `roster/${accountId}.json`)!;
  expect(slice('333333333333')).toContain('"maxFirstRotationsPerRun":7');
  expect(slice('444444444444')).not.toContain('"maxFirstRotationsPerRun":7');
});

testSome('the last canary becomes a member like the others in two pushes', async () => {
  const without = reviewed(roster, canary({ deployment: 'manual' }));
  const member = reviewed(without, canary({ canary: false }));
  const rehearsal = await play({
    changes: [
      { day: 3, roster: without },
      { day: 4, roster: member },
    ],
    days: 6,
  });
  expect(rehearsal.report.deployments.map(({ stopped }) => stopped)).toEqual([undefined, undefined, undefined]);
  expect(rehearsal.report.deployments[2]!.passed).toEqual([
    'Build',
    'UpdatePipeline',
    'Assets',
    'Guard',
    'Central',
    'Fleet',
    'Account-111111111111',
    'Publish',
  ]);
  expect(hasFunctions(rehearsal)).toBe(true);
  const reportedAt = (
    JSON.parse(
      rehearsal.organization.s3.text('access-keys-222222222222-eu-central-1', 'reports/333333333333.json')!,
    ) as { at: string }
  ).at;
  expect(reportedAt > rehearsal.report.deployments[2]!.startedAt).toBe(true);
  expect(rehearsal.report.summary.violations).toEqual([]);
});

testSome('the last canary loses its stack when it leaves the roster', async () => {
  const leaving = reviewed(roster, canary({ state: 'leaving' }));
  const gone = reviewed(leaving, { ...leaving, accounts: leaving.accounts.slice(1) });
  const rehearsal = await play({
    changes: [
      { day: 3, roster: leaving },
      { day: 4, roster: gone },
    ],
    days: 5,
  });
  expect(rehearsal.report.deployments.map(({ stopped }) => stopped)).toEqual([undefined, undefined, undefined]);
  expect(hasFunctions(rehearsal)).toBe(false);
});
