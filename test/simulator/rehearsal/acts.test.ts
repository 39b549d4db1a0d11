import { actProblems, ACTS, type ScenarioAct } from '../../../lib/simulator/rehearsal/scenario/acts';
import schema from '../../../config/scenario.schema.json';
import { play } from './one-account';

const ACCOUNT = '333333333333';
const ann = { account: ACCOUNT, user: 'ann' } as const;
const acting = (acts: readonly ScenarioAct[], days = 3) =>
  play({ days, scenario: { owners: [{ user: 'ann', keys: [] }], commands: [], acts } });

test('the schema names every act, and no other', () => {
  expect(schema.$defs.act.properties.does.enum).toEqual(Object.keys(ACTS));
});

test('an act that lacks what it needs, or cannot be undone, is a problem', () => {
  const acts: ScenarioAct[] = [
    { day: 1, does: 'renames the user', ...ann },
    { day: 1, does: 'deletes the secret', ...ann, for: '2d' },
  ];
  expect(actProblems(acts)).toEqual([
    '  /acts/0: who "renames the user" needs to',
    '  /acts/1: "deletes the secret" cannot be undone after 2d',
  ]);
});

test('an act is done by whom it names, and refused where AWS refuses it', async () => {
  const tags = { 'access-keys:lease': 'mine' };
  const { report } = await acting([
    { day: 1, does: 'tags the secret', ...ann, tags },
    { day: 1, hour: 13, does: 'makes a key', ...ann, as: 'owner' },
    { day: 1, hour: 14, does: 'publishes a message', account: ACCOUNT, topic: 'access-keys-admin', message: '{}' },
    { day: 2, does: 'makes a key', ...ann },
  ]);
  const deeds = report.events.flatMap((event) => (event.kind === 'fault' ? event.what : []));
  expect(deeds).toEqual([
    'somebody tags the secret, and is refused: AccessDeniedException',
    'somebody makes a key, and is refused: AccessDenied',
    expect.stringMatching(/^somebody publishes a message/) as string,
    'somebody makes a key',
  ]);
  expect(report.events.filter((event) => event.kind === 'key-created' && event.origin === 'person')).toHaveLength(1);
  expect(report.summary.violations).toEqual([]);
});

test('a user who is renamed keeps the key under the new name, until the name is back', async () => {
  const rename: ScenarioAct = { day: 1, does: 'renames the user', ...ann, to: 'anna', for: '1d' };
  const { report } = await acting([rename]);
  expect(report.events.filter(({ kind }) => kind === 'key-deleted' || kind === 'key-refused')).toEqual([]);
  expect(report.summary.violations).toEqual([]);
});
