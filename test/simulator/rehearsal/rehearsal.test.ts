import { writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NoticeEvent } from '../../../lambda/contract/notice';
import { FaultPlan } from '../../../lib/simulator/local-organization/faults';
import { seededRandom } from '../../../lib/simulator/local-organization/random';
import type { CallRecord } from '../../../lib/simulator/local-organization/wire/gateway';
import type { Assembly } from '../../../lib/cloud-assembly/assembly';
import { LocalOrganization } from '../../../lib/simulator/local-organization/organization';
import { rehearse, type Rehearsal, type RehearsalOptions } from '../../../lib/simulator/rehearsal/rehearsal';
import { SecretSearch } from '../../../lib/simulator/rehearsal/secret-search';
import { loadRoster } from '../../../lib/roster/load';
import type { Roster } from '../../../lib/roster/roster';
import { ROSTERS } from '../../fixtures/rosters';

const START = new Date('2027-01-04T00:00:00Z');
const ONE_ACCOUNT = `
version: 1
region: us-east-1
userGuard: { tag: { key: access-key-rotation, value: enabled } }
notifications: { admins: [security@example.com], sender: access-keys@example.com, ownerDomain: example.com }
defaults: { rotateEvery: 6d, keepPreviousFor: 2d, quietFor: 26h, deleteInactiveAfter: 1d }
accounts:
  - id: "333333333333"
    name: only
    users: [ann, bob]
`;

const folder = mkdtempSync(join(tmpdir(), 'rosters-'));
afterAll(() => rmSync(folder, { recursive: true }));

function rosterOf(yaml: string): Roster {
  const path = join(folder, 'roster.yaml');
  writeFileSync(path, yaml);
  return loadRoster(path, { at: START }).roster!;
}

const play = (options: Partial<RehearsalOptions> = {}): Promise<Rehearsal> =>
  rehearse({ roster: rosterOf(ONE_ACCOUNT), days: 15, start: START, seed: 1, ...options });
const kinds = ({ report }: Rehearsal, kind: string) => report.events.filter((event) => event.kind === kind);

/** What is denied from the deployment on. */
function listenForDenials(): readonly CallRecord[] {
  const denied: CallRecord[] = [];
  const listen = jest.spyOn(LocalOrganization.prototype, 'deploy').mockImplementation(function (
    this: LocalOrganization,
    assembly: Assembly,
  ) {
    listen.mockRestore();
    this.onCall((record) => /AccessDenied|AuthorizationError/.test(record.outcome) && denied.push(record));
    this.deploy(assembly);
  });
  return denied;
}

test('one account, two stacks side by side, meets no denied request in thirty days', async () => {
  const denied = listenForDenials();
  const { report } = await rehearse({
    roster: loadRoster(ROSTERS.oneAccount, { at: START }).roster!,
    days: 30,
    start: START,
    seed: 1,
  });
  expect(denied).toEqual([]);
  expect(report.summary.violations).toEqual([]);
  expect(report.summary.rotations.succeeded).toBeGreaterThan(0);
});

describe('the sample roster for sixty days', () => {
  let rehearsal: Rehearsal;
  let denied: readonly CallRecord[];

  beforeAll(async () => {
    const { roster } = loadRoster(ROSTERS.organization, { at: START });
    denied = listenForDenials();
    rehearsal = await rehearse({ roster: roster!, days: 60, start: START, seed: 1 });
  });

  it('breaks no promise', () => {
    expect(rehearsal.report.summary.violations).toEqual([]);
    expect(rehearsal.report.summary.rotations.succeeded).toBeGreaterThanOrEqual(10);
  });

  it('meets no denied request but those of owners whose roster lets them not read', () => {
    expect(denied.filter(({ origin }) => origin !== undefined)).toEqual([]);
    expect(
      denied.every(
        ({ operation, principal }) => operation === 'GetSecretValue' && principal.userName === 'spark-cluster',
      ),
    ).toBe(true);
  });

  it('mails every success to its owner, once', () => {
    const rotated = kinds(rehearsal, 'notice').filter((event) => event.kind === 'notice' && event.type === 'rotated');
    const mails = kinds(rehearsal, 'mail').filter((event) => event.kind === 'mail' && event.file.includes('-rotated'));
    expect(mails).toHaveLength(rotated.length);
    expect(rotated.length).toBe(rehearsal.report.summary.rotations.succeeded);
  });

  it('mails every notice for admins once, to each admin once', () => {
    const { s3 } = rehearsal.organization;
    const bucket = 'access-keys-222222222222-us-east-1';
    const events = s3
      .keys(bucket)
      .filter((key) => key.startsWith('events/'))
      .map((key) => JSON.parse(s3.text(bucket, key)!) as NoticeEvent);
    const alerts = kinds(rehearsal, 'mail').flatMap((event) =>
      event.kind === 'mail' && event.audience === 'admin' ? [event] : [],
    );
    const told = new Set(
      kinds(rehearsal, 'notice').flatMap((event) => (event.kind === 'notice' ? [event.eventId] : [])),
    );
    expect(alerts).toHaveLength(events.filter(({ audience }) => audience.includes('admin')).length);
    expect(new Set(alerts.map(({ eventId }) => eventId)).size).toBe(alerts.length);
    expect(alerts.filter(({ eventId }) => !told.has(eventId ?? ''))).toEqual([]);
    expect(new Set(alerts.map(({ file }) => file)).size).toBe(alerts.length);
    for (const { file } of alerts)
      expect(rehearsal.mails.find(({ name }) => name === file)?.content).toMatch(
        /^To: security@example\.com, ciso@example\.com$/m,
      );
  });

  it('leaves exempt and retired users without a rotation', () => {
    for (const name of ['legacy-etl', 'intern-2025'])
      expect(rehearsal.report.users.find(({ userName }) => userName === name)?.keys).toEqual({
        created: 0,
        deactivated: 0,
        deleted: 0,
      });
  });

  it('has no secret in its report and mails', () => {
    const search = new SecretSearch();
    for (const { accountId, userName } of rehearsal.report.users)
      for (const key of rehearsal.organization.directory.keysOf(accountId, userName))
        search.add(key.accessKeyId, key.secretAccessKey);
    for (const { value } of rehearsal.organization.secrets.values()) {
      const { access_key_id: id, secret_access_key: secret } = JSON.parse(String(value ?? '{}')) as Record<
        string,
        string | undefined
      >;
      if (id && secret) search.add(id, secret);
    }
    expect(search.find(JSON.stringify(rehearsal.report))).toEqual([]);
    expect(search.find(rehearsal.mails.map(({ content }) => content).join('\n'))).toEqual([]);
  });
});

it('the same seed gives the same bytes, another seed another life', async () => {
  const [first, second, other] = [await play({ days: 8 }), await play({ days: 8 }), await play({ days: 8, seed: 2 })];
  expect(JSON.stringify(second.report)).toBe(JSON.stringify(first.report));
  expect(JSON.stringify(other.report.events)).not.toBe(JSON.stringify(first.report.events));
});

it('skipped runs change nothing', async () => {
  const [skipping, everyRun] = [await play({ seed: 3 }), await play({ seed: 3, everyRun: true })];
  expect(skipping.skippedRuns).toBeGreaterThan(1_000);
  expect(everyRun.skippedRuns).toBe(0);
  expect(JSON.stringify(skipping.report)).toBe(JSON.stringify(everyRun.report));
});

describe('when calls go wrong', () => {
  const withFaults = (rules: ConstructorParameters<typeof FaultPlan>[0]) =>
    play({ faults: new FaultPlan(rules, seededRandom('faults')) });

  it.each([
    ['a lost response of CreateAccessKey', { kind: 'response-lost', operation: 'CreateAccessKey', nth: 1 }],
    ['a function killed after CreateAccessKey', { kind: 'killed-after', operation: 'CreateAccessKey', nth: 1 }],
    [
      'a function killed after AWSCURRENT moved',
      { kind: 'killed-after', operation: 'UpdateSecretVersionStage', functionName: 'access-keys-rotate', nth: 1 },
    ],
    ['a mail that SES refused', { kind: 'error', operation: 'SendEmail', nth: 1 }],
    ['a tenth of all calls throttled', { kind: 'throttle', functionName: 'access-keys-rotate', rate: 0.1 }],
  ] as const)('%s breaks no promise and the rotations finish', async (_, rule) => {
    const rehearsal = await withFaults([rule]);
    expect(rehearsal.report.summary.violations).toEqual([]);
    const rotatedUsers = new Set(
      kinds(rehearsal, 'notice').flatMap((event) =>
        event.kind === 'notice' && event.type === 'rotated' ? [event.userName] : [],
      ),
    );
    expect(rotatedUsers).toEqual(new Set(['ann', 'bob']));
  });

  it('a day without IAM fails rotations loudly and harms nobody', async () => {
    const rehearsal = await withFaults([{ kind: 'error', service: 'iam', from: '2027-01-04', to: '2027-01-05' }]);
    expect(rehearsal.report.summary.violations).toEqual([]);
    expect(rehearsal.report.summary.alerts).toBeGreaterThan(0);
    expect(rehearsal.report.summary.rotations.succeeded).toBeGreaterThan(0);
  });
});
