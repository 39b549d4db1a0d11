/** Mails that do not arrive: by SES's reports through the deployed topics, keys and queues to what reconcile can read. */
import { loadRoster } from '../../../lib/roster/load';
import type { Roster } from '../../../lib/roster/roster';
import { rehearse } from '../../../lib/simulator/rehearsal/rehearsal';
import type { MailFeedback } from '../../../lambda/contract/mail-feedback';
import { ROSTERS } from '../../fixtures/rosters';

const START = new Date('2027-01-04T00:00:00Z');
const one = loadRoster(ROSTERS.oneAccount, { at: START }).roster!;
/** SES's mailbox simulator bounces whatever stands behind the plus sign. */
const bouncing: Roster = {
  ...one,
  accounts: one.accounts.map((account) => ({
    ...account,
    users: account.users.map((user) => ({ ...user, email: `bounce+${user.name}@simulator.amazonses.com` })),
  })),
};

test('mails that bounce are remembered in the org bucket, each by its event', async () => {
  const { organization, report } = await rehearse({ roster: bouncing, days: 2, start: START, seed: 1 });
  const bucket = `access-keys-${bouncing.accounts[0]!.id}-${bouncing.region}`;
  const keys = organization.s3.keys(bucket).filter((key) => key.startsWith('deliveries/feedback/'));
  const feedback = keys.map((key) => JSON.parse(organization.s3.text(bucket, key)!) as MailFeedback);
  expect(organization.ses.mails.length).toBeGreaterThan(0);
  const toOwners = organization.ses.mails.filter(({ to }) => to.every((address) => address.startsWith('bounce+')));
  const unreachable = organization.ses.mails.filter(({ subject }) => subject.includes('OWNER_UNREACHABLE'));
  expect(feedback).toHaveLength(toOwners.length);
  expect(unreachable).toHaveLength(toOwners.length);
  for (const found of feedback) {
    expect(found).toMatchObject({
      kind: 'bounced',
      audience: 'owner',
      addresses: [expect.stringMatching(/^bounce\+/)],
    });
  }
  expect(report.summary.violations).toEqual([]);
});
