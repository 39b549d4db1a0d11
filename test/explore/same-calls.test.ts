/** The exploration works on ports; what it explores is what the bundled functions do: the same calls in the same order. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { synthesize } from '../../lib/assembly';
import { assemble } from '../../lib/rehearsal/cast';
import { deploy } from '../../lib/rehearsal/deployment';
import { loadRoster } from '../../lib/roster/load';
import { STATES } from './states';

const START = new Date('2027-01-04T00:00:00Z');
const folder = mkdtempSync(join(tmpdir(), 'same-calls-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Opening a session for one user is the adapter's own business: it assumes the local role and asks for the user's name. */
const SESSION = ['sts:AssumeRole', 'iam:GetUser'];
const own = (calls: readonly string[]): string[] => calls.map((call) => call.split(' ')[0]!).filter((call) => !SESSION.includes(call));

async function bundledRotation(): Promise<string[]> {
  const path = join(folder, 'roster.yaml');
  writeFileSync(path, 'version: 1\nregion: us-east-1\nnotifications: { admins: [a@example.com], sender: k@example.com, ownerDomain: example.com }\naccounts:\n  - { id: "333333333333", name: only, users: [ann] }\n');
  const { roster } = loadRoster(path, { at: START });
  synthesize(roster!, { outdir: join(folder, 'assembly') });
  const { organization } = assemble([roster!], { seed: 1, start: START, scenario: { owners: [{ user: 'ann', keys: [] }] } });
  const calls: string[] = [];
  organization.onCall(({ origin, service, operation }) => void (origin?.includes('/access-keys-rotate#') && calls.push(`${service}:${operation}`)));
  organization.clock.at(START, async () => void (await deploy(organization, roster!, join(folder, 'assembly'))));
  await organization.clock.advanceTo(new Date(START.getTime() + 3_600_000));
  return own(calls);
}

test('a first rotation makes the same calls through the bundled functions and through the ports', async () => {
  const world = await STATES['fresh user']!.make();
  await world.rotate();
  const ports = own(world.calls);
  expect(ports.length).toBeGreaterThan(20);
  const probes = (calls: readonly string[]): string[] => calls.filter((call, index) => call !== 'sts:GetCallerIdentity' || calls[index - 1] !== call);
  expect(probes(await bundledRotation())).toEqual(probes(ports));
});
