/** Rosters of one account and of an organization, on the stacks that would be deployed: nothing is denied, nothing promised is broken. */
import type { NoticeEvent } from '../../../lambda/contract/notice';
import type { CallRecord } from '../../../lib/simulator/local-organization/wire/gateway';
import { rehearse, type Rehearsal } from '../../../lib/simulator/rehearsal/rehearsal';
import { SecretSearch } from '../../../lib/simulator/rehearsal/observation/secret-search';
import { loadRoster } from '../../../lib/roster/load';
import { assembled } from '../../assembled';
import { ROSTERS } from '../../fixtures/rosters';
import { TRIES_ALL } from '../../sample';
import { listenForDenials } from './denials';

const START = new Date('2027-01-04T00:00:00Z');
const DAYS = TRIES_ALL ? { oneAccount: 30, organization: 60 } : { oneAccount: 10, organization: 20 };

const kinds = ({ report }: Rehearsal, kind: string) => report.events.filter((event) => event.kind === kind);

test('one account, two stacks side by side, meets no denied request', async () => {
  const denied = listenForDenials();
  const roster = loadRoster(ROSTERS.oneAccount, { at: START }).roster!;
  const { report } = await rehearse({
    roster,
    assembly: assembled(roster),
    days: DAYS.oneAccount,
    start: START,
    seed: 1,
  });
  expect(denied).toEqual([]);
  expect(report.summary.violations).toEqual([]);
  expect(report.summary.rotations.succeeded).toBeGreaterThan(0);
});

describe('the sample roster', () => {
  let rehearsal: Rehearsal;
  let denied: readonly CallRecord[];

  beforeAll(async () => {
    const roster = loadRoster(ROSTERS.organization, { at: START }).roster!;
    denied = listenForDenials();
    rehearsal = await rehearse({ roster, assembly: assembled(roster), days: DAYS.organization, start: START, seed: 1 });
  });

  it('breaks no promise', () => {
    expect(rehearsal.report.summary.violations).toEqual([]);
    expect(rehearsal.report.summary.rotations.succeeded).toBeGreaterThanOrEqual(DAYS.organization / 6);
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
