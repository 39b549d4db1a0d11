/** Every way of deployment, and a roster that changes: through the pipeline's own assembly, with IAM enforced. */
import { FaultPlan } from '../../../lib/simulator/local-organization/faults';
import { seededRandom } from '../../../lib/simulator/local-organization/random';
import type { CallRecord } from '../../../lib/simulator/local-organization/wire/gateway';
import { planOf } from '../../../lib/plan/plan';
import { rehearse, type Rehearsal } from '../../../lib/simulator/rehearsal/rehearsal';
import { loadRoster } from '../../../lib/roster/load';
import type { Roster } from '../../../lib/roster/roster';
import { ROSTERS } from '../../fixtures/rosters';

jest.setTimeout(180_000);

const START = new Date('2027-01-04T00:00:00Z');
/** Draws owners of whom none has two keys from before: nobody waits for room. */
const SEED = 1;
const roster = loadRoster(ROSTERS.everyDeployment, { at: START }).roster!;
const created = ({ report }: Rehearsal, userName: string): number =>
  report.users.find((user) => user.userName === userName)?.keys.created ?? 0;
const changed = (change: (account: Roster['accounts'][number]) => Roster['accounts'][number]): Roster => ({
  ...roster,
  accounts: roster.accounts.map(change),
});
const member = (change: Partial<Roster['accounts'][number]>): Roster =>
  changed((account) => (account.id === '444444444444' ? { ...account, ...change } : account));

test('canary, member, hand-deployed and management account all rotate, and nothing is denied', async () => {
  const denied: CallRecord[] = [];
  const onCall = (record: CallRecord): void =>
    void (/AccessDenied|AuthorizationError/.test(record.outcome) && denied.push(record));
  const rehearsal = await rehearse({ roster, days: 12, start: START, seed: SEED, onCall });
  expect(rehearsal.report.deployments).toMatchObject([
    {
      passed: [
        'Build',
        'UpdatePipeline',
        'Assets',
        'Guard',
        'Central',
        'Canary',
        'Fleet',
        'Account-111111111111',
        'Publish',
      ],
    },
  ]);
  expect(rehearsal.report.summary.violations).toEqual([]);
  for (const user of ['canary.bird', 'maria.santos', 'chen.wei', 'billing.export'])
    expect({ user, created: created(rehearsal, user) }).toEqual({ user, created: 1 });
  expect(denied).toEqual([]);
});

test('a mail that has gone goes once, though it cannot be marked as sent five times', async () => {
  const faults = FaultPlan.parse(
    [{ kind: 'error', functionName: 'access-keys-mailer', operation: 'PutObject', nth: 2, times: 5 }],
    seededRandom('faults'),
  );
  const { report } = await rehearse({ roster, days: 1, start: START, seed: SEED, faults });
  expect(report.users.map(({ rotations, notices }) => [rotations.succeeded, notices])).toEqual(
    report.users.map(() => [1, 1]),
  );
});

test('a pushed user arrives through canary, bake and fleet', async () => {
  const to = member({
    users: [
      ...roster.accounts[1]!.users,
      { ...roster.accounts[1]!.users[0]!, name: 'new.colleague', secretName: '/access-key/new.colleague' },
    ],
  });
  const rehearsal = await rehearse({ roster, changes: [{ day: 3, roster: to }], days: 12, start: START, seed: SEED });
  expect(rehearsal.report.deployments.map(({ stopped }) => stopped)).toEqual([undefined, undefined]);
  const first = rehearsal.report.events.find(
    (event) => event.userName === 'new.colleague' && event.kind === 'key-created' && event.origin === 'rotation',
  );
  expect(first!.at > rehearsal.report.deployments[1]!.startedAt).toBe(true);
  expect(rehearsal.report.summary.violations).toEqual([]);
});

test('a dangerous push stops before the pipeline itself and any account is changed, until its code is in the roster', async () => {
  const dangerous = member({
    users: roster.accounts[1]!.users.map((user) => ({ ...user, readers: ['arn:aws:iam::444444444444:role/x'] })),
  });
  const rehearsal = await rehearse({
    roster,
    changes: [{ day: 2, roster: dangerous }],
    days: 4,
    start: START,
    seed: SEED,
  });
  const { stopped, passed } = rehearsal.report.deployments[1]!;
  expect(stopped).toMatchObject({ stage: 'Build', reason: expect.stringContaining('readers-added') });
  expect(passed).toEqual([]);
  const [code] = /ack-[0-9a-f]{32}/.exec(stopped!.reason)!;
  const reviewed = await rehearse({
    roster,
    changes: [{ day: 2, roster: { ...dangerous, acknowledge: [code!] } }],
    days: 4,
    start: START,
    seed: SEED,
  });
  expect(reviewed.report.deployments[1]!.stopped).toBeUndefined();
});

test('a canary that does not get well stops the fleet, and the reason names the account', async () => {
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
  const rehearsal = await rehearse({
    roster,
    changes: [{ day: 2, roster: to }],
    days: 4,
    start: START,
    seed: SEED,
    faults,
  });
  expect(rehearsal.report.deployments[1]).toMatchObject({
    stopped: { stage: 'Canary', reason: expect.stringContaining('333333333333 canary: canary.bird: ') },
  });
  const slice = (accountId: string): string =>
    rehearsal.organization.s3.text('access-keys-222222222222-eu-central-1', `roster/${accountId}.json`)!;
  expect(slice('333333333333')).toContain('"maxFirstRotationsPerRun":7');
  expect(slice('444444444444')).not.toContain('"maxFirstRotationsPerRun":7');
});

describe('the last canary', () => {
  const reviewed = (from: Roster, to: Roster): Roster => ({
    ...to,
    acknowledge: [planOf(from, to, () => true, START).code!],
  });
  const canary = (change: Partial<Roster['accounts'][number]>): Roster =>
    changed((account) => (account.canary ? { ...account, ...change } : account));
  const hasFunctions = ({ organization }: Rehearsal): boolean =>
    organization.directory.roles('333333333333').some(({ name }) => name === 'access-keys-rotate');

  test('becomes a member like the others in two pushes', async () => {
    const without = reviewed(roster, canary({ deployment: 'manual' }));
    const member = reviewed(without, canary({ canary: false }));
    const rehearsal = await rehearse({
      roster,
      changes: [
        { day: 3, roster: without },
        { day: 4, roster: member },
      ],
      days: 6,
      start: START,
      seed: SEED,
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

  test('loses its stack when it leaves the roster', async () => {
    const leaving = reviewed(roster, canary({ state: 'leaving' }));
    const gone = reviewed(leaving, { ...leaving, accounts: leaving.accounts.slice(1) });
    const rehearsal = await rehearse({
      roster,
      changes: [
        { day: 3, roster: leaving },
        { day: 4, roster: gone },
      ],
      days: 5,
      start: START,
      seed: SEED,
    });
    expect(rehearsal.report.deployments.map(({ stopped }) => stopped)).toEqual([undefined, undefined, undefined]);
    expect(hasFunctions(rehearsal)).toBe(false);
  });
});
