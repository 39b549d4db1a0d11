/** Two versions of the events, and a mailer that is older than the accounts that write them, or newer. */
import type { RosterSlice } from '../../lambda/contract/slice';
import { Cloud, formerPointer, pointer } from './cloud';
import { EVENTS, EVENTS_OF_VERSION_1, notice, slice, user } from './fixture';

const TYPES = Object.keys(EVENTS) as (keyof typeof EVENTS)[];
const ROSTERS: readonly (readonly [string, RosterSlice])[] = [
  ['a usual owner', slice()],
  ['an owner whose old keys go at once', slice(user({ keepPreviousForHours: 0, quietForHours: 0 }))],
  ['a user without an address', slice(user({ email: undefined }))],
];

async function mailed(cloud: Cloud, message: string): Promise<Cloud['sent']> {
  expect(await cloud.run([message])).toEqual([]);
  return cloud.sent;
}

describe.each(ROSTERS)('to %s', (_, roster) => {
  test.each(TYPES)('%s of version 1, at its old place, is the mail of version 2', async (type) => {
    const former = new Cloud().publish(roster).recordFormer(EVENTS_OF_VERSION_1[type]);
    const latter = new Cloud().publish(roster).record(EVENTS[type]);
    expect(await mailed(former, formerPointer())).toEqual(await mailed(latter, pointer()));
    expect(former.sent).toHaveLength(1);
  });
});

test('version 1 did not say whether a key was replaced: where old keys go at once, the mail covers both', async () => {
  const {
    previousKeyId: _id,
    previousKeyActiveUntil: _until,
    ...first
  } = EVENTS_OF_VERSION_1.rotated as Record<string, unknown>;
  const cloud = new Cloud().publish(slice(user({ keepPreviousForHours: 0, quietForHours: 0 }))).recordFormer(first);
  const [mail] = await mailed(cloud, formerPointer());
  expect(mail?.text).toContain('If it replaced an older key, that key was deactivated and deleted immediately.');
});

/** What the mailer did before there was a version 2: the place it took out of a message, and what it refused. */
function formerMailer(cloud: Cloud, body: string): 'dropped' | 'mailed' | 'dead-letter queue' {
  const { event } = JSON.parse((JSON.parse(body) as { Message: string }).Message) as { event?: unknown };
  if (typeof event !== 'string' || !/^events\/\d{12}\/[0-9a-f]{32}\.json$/.test(event)) return 'dropped';
  const object = cloud.objects.get(event);
  if (!object) return 'dead-letter queue';
  return (JSON.parse(object.body) as { schemaVersion: unknown }).schemaVersion === 1 ? 'mailed' : 'dead-letter queue';
}

test('a mailer of before sends what it cannot read to its dead-letter queue; sent back after the update it is mailed once', async () => {
  const cloud = new Cloud().publish().record(notice());
  expect(formerMailer(cloud, pointer())).toBe('dead-letter queue');
  expect(await cloud.run([pointer()])).toEqual([]);
  expect(await cloud.run([pointer()])).toEqual([]);
  expect(cloud.sent).toHaveLength(1);
});

test('a mailer of before mails what accounts of before write', () => {
  const cloud = new Cloud().publish().recordFormer(EVENTS_OF_VERSION_1.rotated);
  expect(formerMailer(cloud, formerPointer())).toBe('mailed');
});
