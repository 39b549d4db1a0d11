/** What StackSets do to accounts all over an organization, when code is released and when their target changes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { planOf } from '../../../../lib/plan/plan';
import { loadRoster } from '../../../../lib/roster/load';
import type { Roster, RosterAccount } from '../../../../lib/roster/roster';
import { assemble } from '../../../../lib/simulator/rehearsal/environment/participants';
import { rehearse } from '../../../../lib/simulator/rehearsal/rehearsal';
import { deploy, type DeploymentReport } from '../../../../lib/simulator/rehearsal/operations/run-pipeline';
import { synthesize } from '../../../../lib/stacks/app';
import * as code from '../../../../lib/stacks/member/member-code';
import { ROSTERS } from '../../../fixtures/rosters';

const START = new Date('2027-01-04T00:00:00Z');
const SEED = 8;

const HOUR_MS = 3_600_000;
const every = loadRoster(ROSTERS.everyDeployment, { at: START }).roster!;

let release = 'first';
jest.mock('../../../../lib/stacks/member/member-code', () => {
  const actual = jest.requireActual<typeof code>('../../../../lib/stacks/member/member-code');
  return { ...actual, memberCode: () => released(actual.memberCode()) };
});

/** The same functions with another comment at their end. */
function released({ version, objects }: code.MemberCode): code.MemberCode {
  const changed = Object.entries(objects).map(([name, { key, source }]) => [
    name,
    {
      key: key.replace(/\w{6}(?=\.zip)/, Buffer.from(release).toString('hex').slice(0, 6)),
      source: Buffer.concat([source, Buffer.from(`\n// ${release}\n`)]),
    },
  ]);
  return { version: `${release}-${version}`, objects: Object.fromEntries(changed) as code.MemberCode['objects'] };
}

const folder = mkdtempSync(join(tmpdir(), 'releases-'));
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => void (release = 'first'));

const withTarget = (target: string, change: Partial<Roster> = {}): Roster => ({
  ...every,
  organization: { ...every.organization!, organizationalUnits: [target] },
  ...change,
});

test('two releases of the code pass canary, bake and fleet in an organization with accounts in three units', async () => {
  const [canary, member] = every.accounts as [RosterAccount, RosterAccount];
  const named = (name: string): RosterAccount['users'][number] => ({
    ...member.users[0]!,
    name,
    secretName: `/access-key/${name}`,
  });
  const birds = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((letter) => named(`bird.${letter}`));
  const more = ['666666666666', '777777777777'].map((id): RosterAccount => ({
    ...member,
    id,
    users: [named(`user-of-${id}`)],
  }));
  const roster = withTarget('r-ab12', { accounts: [{ ...canary, users: birds }, member, ...more] });
  const { organization } = assemble([roster], { seed: SEED, start: START });
  const units = new Set(roster.accounts.map(({ id }) => organization.directory.organizationOf(id)?.path));
  expect(units.size).toBe(3);

  const reports: DeploymentReport[] = [];
  for (const [index, name] of ['first', 'second', 'third'].entries()) {
    release = name;
    const assembly = synthesize(roster, { outdir: join(folder, name) });
    organization.clock.at(
      organization.clock.now(),
      async () => void reports.push(await deploy(organization, roster, assembly)),
    );
    await organization.clock.advanceTo(new Date(START.getTime() + (index + 1) * 12 * HOUR_MS));
  }
  expect(reports.map(({ stopped }) => stopped)).toEqual([undefined, undefined, undefined]);
  for (const { id } of roster.accounts) {
    const report = JSON.parse(organization.s3.text('access-keys-222222222222-eu-central-1', `reports/${id}.json`)!) as {
      codeVersion: string;
    };
    expect(report.codeVersion).toMatch(/^third-/);
  }
});

test('another target, changed in a freeze with nothing pending, breaks no promise, and rotations go on after it', async () => {
  const before = withTarget('ou-ab12-11111111');
  const frozen: Roster = {
    ...before,
    limits: { ...before.limits, freeze: [{ from: '2027-01-14', to: '2027-01-16' }] },
  };
  const target = withTarget('r-ab12', { limits: frozen.limits });
  const after: Roster = { ...target, acknowledge: [planOf(frozen, target, () => true, START).code!] };
  const changes = [
    { day: 8, roster: frozen },
    { day: 11, roster: after },
  ];
  const { report, organization } = await rehearse({ roster: before, changes, days: 20, start: START, seed: SEED });
  expect(report.deployments.map(({ stopped }) => stopped)).toEqual([undefined, undefined, undefined]);
  expect(report.summary.violations).toEqual([]);
  for (const id of ['333333333333', '444444444444'])
    expect(organization.directory.roles(id).map(({ name }) => name)).toContain('access-keys-rotate');
});
