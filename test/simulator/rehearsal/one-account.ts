/** Two users of one account, whose keys rotate and retire within days. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadRoster } from '../../../lib/roster/load';
import { rehearse, type Rehearsal, type RehearsalOptions } from '../../../lib/simulator/rehearsal/rehearsal';
import { assembled } from '../../assembled';

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

function prepare() {
  const folder = mkdtempSync(join(tmpdir(), 'one-account-'));
  const path = join(folder, 'roster.yaml');
  writeFileSync(path, ONE_ACCOUNT);
  const roster = loadRoster(path, { at: START }).roster!;
  rmSync(folder, { recursive: true });
  return { roster, assembly: assembled(roster) };
}

export const play = (options: Partial<RehearsalOptions> = {}): Promise<Rehearsal> =>
  rehearse({ ...prepare(), days: 15, start: START, seed: 6, ...options });
