import { Alarms } from '../../../lib/simulator/local-organization/alarms';
import { VirtualClock } from '../../../lib/simulator/local-organization/clock';
import type { AlarmDefinition } from '../../../lib/simulator/local-organization/deployment/deploy';

const PLACE = { accountId: '333333333333', region: 'us-east-1', name: 'access-keys-reconcile-silent' };
const ACTIONS = { ALARM: ['topic'], OK: [] as string[], INSUFFICIENT_DATA: ['topic'] };

async function world(definition: Partial<AlarmDefinition>) {
  const clock = new VirtualClock(new Date('2027-01-04T00:00:00Z'));
  const mails: string[] = [];
  const publish = async (_: string, { subject }: { readonly subject: string }): Promise<void> =>
    void mails.push(subject);
  const alarms = new Alarms({ clock, publish });
  alarms.put({ ...PLACE, description: 'silent', actions: ACTIONS, ...definition });
  await clock.advanceTo(new Date('2027-01-04T01:00:00Z'));
  return { alarms, mails };
}

test('a new alarm that takes missing data for a breach goes off because it is new', async () => {
  expect((await world({ treatMissingData: 'breaching' })).mails).toEqual(['ALARM: "access-keys-reconcile-silent"']);
});

test('a new alarm with an OK action mails when its first data arrives', async () => {
  const { mails } = await world({ treatMissingData: 'missing', actions: { ...ACTIONS, OK: ['topic'] } });
  expect(mails).toEqual(['OK: "access-keys-reconcile-silent"']);
});

test.each(['missing', 'notBreaching', undefined])(
  'a new alarm with %s and no OK action is silent',
  async (treatMissingData) => {
    expect((await world({ treatMissingData })).mails).toEqual([]);
  },
);

test('data that goes missing later reaches the action of insufficient data', async () => {
  const { alarms, mails } = await world({ treatMissingData: 'missing' });
  await alarms.missData(PLACE);
  expect(mails).toEqual(['INSUFFICIENT_DATA: "access-keys-reconcile-silent"']);
});
