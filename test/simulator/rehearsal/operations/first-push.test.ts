/** The first push of an organization where S3 does not say that an object is missing to those who may list prefixes only. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadRoster } from '../../../../lib/roster/load';
import { assemble } from '../../../../lib/simulator/rehearsal/environment/participants';
import { deploy, type DeploymentReport } from '../../../../lib/simulator/rehearsal/operations/run-pipeline';
import { synthesize } from '../../../../lib/stacks/app';
import { ROSTERS } from '../../../fixtures/rosters';

const HOURS = 6;

test('passes every stage, and every account reports', async () => {
  const start = new Date('2027-01-04');
  const roster = loadRoster(ROSTERS.organization, { at: start }).roster!;
  const { organization, orgBucket } = assemble([roster], { seed: 1, start });
  Object.assign(organization.s3, { prefixesRevealMissing: false });
  const folder = mkdtempSync(join(tmpdir(), 'first-push-'));
  synthesize(roster, { outdir: folder });
  let deployment: DeploymentReport | undefined;
  organization.clock.at(start, async () => void (deployment = await deploy(organization, roster, folder)));
  await organization.clock.advanceTo(new Date(start.getTime() + HOURS * 3_600_000));
  rmSync(folder, { recursive: true });
  expect(deployment).toMatchObject({ passed: expect.arrayContaining(['Guard', 'Canary', 'Publish']) });
  expect(deployment!.stopped).toBeUndefined();
  const reports = organization.s3.keys(orgBucket).filter((key) => key.startsWith('reports/'));
  expect(reports).toEqual(roster.accounts.map(({ id }) => `reports/${id}.json`).sort());
}, 600_000);
