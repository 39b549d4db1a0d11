/** Two users of one account, whose keys rotate and retire within days. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadRoster } from '../../../lib/roster/load';
import type { Roster } from '../../../lib/roster/roster';
import { rehearse, type Rehearsal, type RehearsalOptions } from '../../../lib/simulator/rehearsal/rehearsal';
import { synthesize } from '../../../lib/stacks/app';

const START = new Date('2027-01-04T00:00:00Z');
const ONE_ACCOUNT = `
version: 1
region: us-east-1
userGuard: { tag: { key: access-key-rotation, value: enabled } }
notifications: { admins: [security@example.com], sender: access-keys@example.com, ownerDomain: example.com }
defaults: { rotateEvery: 6d, keepPreviousFor: 2d, quietFor: 26h, deleteInactiveAfter: 1d }
accounts:
  - id: "333333333333"
    name: only
    users: [ann, bob]
`;

let prepared: { readonly roster: Roster; readonly assembly: string } | undefined;
const folder = mkdtempSync(join(tmpdir(), 'one-account-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Synthesised once a file. */
function prepare() {
  const path = join(folder, 'roster.yaml');
  writeFileSync(path, ONE_ACCOUNT);
  const roster = loadRoster(path, { at: START }).roster!;
  return { roster, assembly: synthesize(roster, { outdir: join(folder, 'assembly') }) };
}

export const play = (options: Partial<RehearsalOptions> = {}): Promise<Rehearsal> =>
  rehearse({ ...(prepared ??= prepare()), days: 15, start: START, seed: 1, ...options });
