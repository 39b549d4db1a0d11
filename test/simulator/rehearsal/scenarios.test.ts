/** Every scenario of the repository ends as it says; and one that does not is told by its sentences. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FaultPlan } from '../../../lib/simulator/local-organization/faults';
import { seededRandom } from '../../../lib/simulator/local-organization/random';
import { judge } from '../../../lib/simulator/rehearsal/expectations';
import { rehearse, type Rehearsal } from '../../../lib/simulator/rehearsal/rehearsal';
import { readScenario, type Scenario } from '../../../lib/simulator/rehearsal/scenario/scenario';
import { loadRoster } from '../../../lib/roster/load';
import { sample } from '../../sample';

const folder = mkdtempSync(join(tmpdir(), 'scenarios-'));
afterAll(() => rmSync(folder, { recursive: true }));

function play(scenario: Scenario): Promise<Rehearsal> {
  const start = new Date(`${scenario.start}T00:00:00Z`);
  const rosterOf = (path: string) => loadRoster(path, { at: start }).roster!;
  return rehearse({
    roster: rosterOf(scenario.roster),
    changes: scenario.changes.map(({ day, roster }) => ({ day, roster: rosterOf(roster) })),
    days: scenario.days,
    start,
    seed: scenario.seed,
    scenario,
    faults: FaultPlan.parse(scenario.faults, seededRandom('faults')),
  });
}

test.each(sample(2, readdirSync('config/scenarios').sort(), 'scenarios'))('%s', async (name) => {
  const scenario = readScenario(name);
  const rehearsal = await play(scenario);
  expect(judge(scenario, rehearsal).filter(({ ok }) => !ok)).toEqual([]);
  expect(rehearsal.report.summary.violations).toEqual([]);
  expect(rehearsal.report.deployments.filter(({ stopped }) => stopped)).toEqual([]);
});

test('what is not seen is told with what was found', async () => {
  const scenario = { ...readScenario('leaver'), days: 3, changes: [] };
  const rehearsal = await play(scenario);
  const expected = [
    { sentence: 'she has two keys', keysAtEnd: { user: 'ann', active: 2, inactive: 0 } },
    { sentence: 'no key is made', event: { kind: 'key-created', count: 0 } },
    { sentence: 'her first key is never stored', event: { kind: 'current-key', user: 'ann', key: 1, count: 0 } },
    { sentence: 'her second is', event: { kind: 'current-key', user: 'ann', key: 2, count: 1 } },
    {
      sentence: 'no mail says where the key is',
      event: { kind: 'mail', user: 'ann', says: 'Secret: /access-key/ann in', count: 0 },
    },
    {
      sentence: 'one says where another is',
      event: { kind: 'mail', user: 'ann', says: 'Secret: /access-key/ben in', count: 1 },
    },
  ];
  const seen = judge({ ...scenario, expect: expected }, rehearsal);
  expect(seen).toEqual([
    { sentence: 'she has two keys', ok: false, found: '1 Active and 0 Inactive' },
    { sentence: 'no key is made', ok: false, found: '2 times, first on 2027-01-04' },
    { sentence: 'her first key is never stored', ok: false, found: '1 times, first on 2027-01-04' },
    { sentence: 'her second is', ok: false, found: '0 times' },
    { sentence: 'no mail says where the key is', ok: false, found: '1 times, first on 2027-01-04' },
    { sentence: 'one says where another is', ok: false, found: '0 times' },
  ]);
});

test('a file that is no scenario is refused, with what is wrong', () => {
  const file = join(folder, 'scenario.yaml');
  writeFileSync(file, 'title: x\nroster: roster.yaml\ndays: many\nexpect: [{ sentence: y }]\n');
  expect(() => readScenario(file)).toThrow(/\/days: must be integer[^]*\/expect\/0/);
  writeFileSync(file, 'title: [');
  expect(() => readScenario(file)).toThrow(`${file} cannot be read: Flow sequence`);
  expect(() => readScenario('no-such-story')).toThrow('there is no scenario no-such-story');
});
