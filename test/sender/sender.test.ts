/** What is asked of SES about addresses and the domain, of the local organization's SES. */
import { SESClient } from '@aws-sdk/client-ses';
import { textOf } from '../../lib/cli/verify-owners';
import { loadRoster } from '../../lib/roster/load';
import type { Roster } from '../../lib/roster/roster';
import { dkimRecords } from '../../lib/sender/dkim-records';
import { mailAddresses, MOST_ADDRESSES, verifyOwners } from '../../lib/sender/verify-owners';
import { LocalOrganization } from '../../lib/simulator/local-organization/organization';
import { ROSTERS } from '../fixtures/rosters';

const START = new Date('2027-01-04T00:00:00Z');
const ACCOUNT = '333333333333';
const roster = loadRoster(ROSTERS.oneAccount, { at: START }).roster!;
const ADDRESSES = [
  'data@example.com',
  'jeremy.ritchie@example.com',
  'maria.santos@example.com',
  'platform@example.com',
  'security@example.com',
];

function world() {
  const organization = new LocalOrganization({
    start: START,
    seed: 1,
    organizationId: 'o-a1b2c3d4e5',
    region: roster.region,
    accountIds: [ACCOUNT],
  });
  const client = new SESClient(organization.clientConfig(organization.directory.administrator(ACCOUNT)));
  let slept = 0;
  const verify = (ask = true, asked = roster) => verifyOwners(asked, client, { ask, sleep: async () => void slept++ });
  const confirm = (identity: string): void => organization.ses.verify(ACCOUNT, roster.region, identity);
  return { organization, client, verify, confirm, slept: () => slept };
}

test('everybody who receives mail is meant once: owners who share an address, and the admins', () => {
  expect(mailAddresses(roster)).toEqual(ADDRESSES);
});

test('asks once for each address, slowly, and shows who has confirmed', async () => {
  const { verify, confirm, slept } = world();
  expect((await verify()).map(({ status }) => status)).toEqual(ADDRESSES.map(() => 'asked'));
  expect(slept()).toBeGreaterThanOrEqual(ADDRESSES.length);
  confirm('maria.santos@example.com');
  const found = await verify();
  expect(found.map(({ status }) => status)).toEqual(['pending', 'pending', 'confirmed', 'pending', 'pending']);
  expect(textOf(found)).toMatch(/maria\.santos@example\.com +confirmed\n[^]*1 of 5 addresses are confirmed\n$/);
});

test('only looks when it is told to, and takes a verified domain for its addresses', async () => {
  const { verify, confirm } = world();
  expect((await verify(false)).map(({ status }) => status)).toEqual(ADDRESSES.map(() => 'not-asked'));
  expect((await verify(false)).map(({ status }) => status)).toEqual(ADDRESSES.map(() => 'not-asked'));
  confirm('example.com');
  expect((await verify()).map(({ status }) => status)).toEqual(ADDRESSES.map(() => 'confirmed'));
});

test('a roster with more addresses than a sandbox is for is refused before SES is asked', async () => {
  const admins = Array.from({ length: MOST_ADDRESSES + 1 }, (_, index) => `a${index}@example.com`);
  await expect(world().verify(true, { ...roster, notifications: { ...roster.notifications, admins } })).rejects.toThrow(
    'ask AWS for production access',
  );
});

describe("the records of the sender's domain", () => {
  const ofDomain: Roster = { ...roster, notifications: { ...roster.notifications, senderIdentity: 'domain' } };

  test('are nobody else’s business', async () => {
    expect(await dkimRecords(roster, world().client)).toEqual([]);
  });

  test('are told once the identity is there, and no longer once it is verified', async () => {
    const { organization, client, confirm } = world();
    expect(await dkimRecords(ofDomain, client)).toEqual([expect.stringContaining('has no DKIM records yet')]);
    organization.ses.create(ACCOUNT, roster.region, 'example.com');
    const lines = await dkimRecords(ofDomain, client);
    expect(lines).toHaveLength(4);
    expect(lines[1]).toMatch(/^(\w+)\._domainkey\.example\.com CNAME \1\.dkim\.amazonses\.com$/);
    expect((await dkimRecords({ ...ofDomain, region: 'af-south-1' }, client))[1]).toContain(
      'see the outputs of AccessKeysNotification',
    );
    confirm('example.com');
    expect(await dkimRecords(ofDomain, client)).toEqual([]);
  });
});
