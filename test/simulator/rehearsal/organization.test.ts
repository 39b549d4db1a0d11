/** Every way of deployment, and a roster that changes: through the pipeline's own assembly, with IAM enforced. */
import { FaultPlan } from '../../../lib/simulator/local-organization/faults';
import { seededRandom } from '../../../lib/simulator/local-organization/random';
import type { CallRecord } from '../../../lib/simulator/local-organization/wire/gateway';
import type { Rehearsal } from '../../../lib/simulator/rehearsal/rehearsal';
import type { Roster } from '../../../lib/roster/roster';
import { testsDrawn, TRIES_ALL } from '../../sample';
import { changed, play, roster } from './every-deployment';

const DAYS = TRIES_ALL ? 12 : 5;

const created = ({ report }: Rehearsal, userName: string): number =>
  report.users.find((user) => user.userName === userName)?.keys.created ?? 0;
const member = (change: Partial<Roster['accounts'][number]>): Roster =>
  changed((account) => (account.id === '444444444444' ? { ...account, ...change } : account));

const testSome = testsDrawn(2, 4);

testSome('canary, member, hand-deployed and management account all rotate, and nothing is denied', async () => {
  const denied: CallRecord[] = [];
  const onCall = (record: CallRecord): void =>
    void (/AccessDenied|AuthorizationError/.test(record.outcome) && denied.push(record));
  const rehearsal = await play({ days: DAYS, onCall });
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

testSome('a mail that has gone goes once, though it cannot be marked as sent five times', async () => {
  const faults = FaultPlan.parse(
    [{ kind: 'error', functionName: 'access-keys-mailer', operation: 'PutObject', nth: 2, times: 5 }],
    seededRandom('faults'),
  );
  const { report } = await play({ days: 1, faults });
  expect(report.users.map(({ rotations, notices }) => [rotations.succeeded, notices])).toEqual(
    report.users.map(() => [1, 1]),
  );
});

testSome('a pushed user arrives through canary, bake and fleet', async () => {
  const to = member({
    users: [
      ...roster.accounts[1]!.users,
      { ...roster.accounts[1]!.users[0]!, name: 'new.colleague', secretName: '/access-key/new.colleague' },
    ],
  });
  const rehearsal = await play({ changes: [{ day: 3, roster: to }], days: DAYS });
  expect(rehearsal.report.deployments.map(({ stopped }) => stopped)).toEqual([undefined, undefined]);
  const first = rehearsal.report.events.find(
    (event) => event.userName === 'new.colleague' && event.kind === 'key-created' && event.origin === 'rotation',
  );
  expect(first!.at > rehearsal.report.deployments[1]!.startedAt).toBe(true);
  expect(rehearsal.report.summary.violations).toEqual([]);
});

testSome(
  'a dangerous push stops before the pipeline itself and any account is changed, until its code is in the roster',
  async () => {
    const dangerous = member({
      users: roster.accounts[1]!.users.map((user) => ({ ...user, readers: ['arn:aws:iam::444444444444:role/x'] })),
    });
    const rehearsal = await play({ changes: [{ day: 2, roster: dangerous }], days: 4 });
    const { stopped, passed } = rehearsal.report.deployments[1]!;
    expect(stopped).toMatchObject({ stage: 'Build', reason: expect.stringContaining('readers-added') });
    expect(passed).toEqual([]);
    const [code] = /ack-[0-9a-f]{32}/.exec(stopped!.reason)!;
    const reviewed = await play({ changes: [{ day: 2, roster: { ...dangerous, acknowledge: [code!] } }], days: 4 });
    expect(reviewed.report.deployments[1]!.stopped).toBeUndefined();
  },
);
