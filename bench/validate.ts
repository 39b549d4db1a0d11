/** How long a big roster takes to be judged, against what `yaml` alone needs for the same text. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Table from 'cli-table3';
import { parseDocument } from 'yaml';
import { loadRoster } from '../lib/roster/load';

const REPETITIONS = 5;

function rosterOf(accounts: number, usersEach: number): string {
  const head = 'version: 1\norganization: { id: o-a1b2c3d4e5, managementAccount: "111111111111", organizationalUnits: [ou-ab12-11111111], securityAccount: "222222222222", region: us-east-1 }\nnotifications: { admins: [security@example.com], sender: access-keys@example.com, ownerDomain: example.com }\naccounts:\n';
  const account = (index: number): string => `  - id: "${300_000_000_000 + index}"\n    name: account-${index}\n    users:\n${Array.from({ length: usersEach }, (_, user) => `      - { name: user-${user}, rotateEvery: 60d }\n`).join('')}`;
  return head + Array.from({ length: accounts }, (_, index) => account(index)).join('');
}

const timed = (work: () => unknown): number => {
  const start = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - start) / 1e6;
};
const median = (values: readonly number[]): number => values.toSorted((one, other) => one - other)[values.length >> 1]!;

const table = new Table({ head: ['accounts x users', 'yaml alone', 'validate', 'ratio', 'peak memory'], style: { head: [], border: [] } });
const folder = mkdtempSync(join(tmpdir(), 'bench-'));
for (const [accounts, usersEach] of [[10, 10], [300, 100], [500, 100]] as const) {
  const text = rosterOf(accounts, usersEach);
  const path = join(folder, 'roster.yaml');
  writeFileSync(path, text);
  const [alone, whole]: [number[], number[]] = [[], []];
  for (let repetition = 0; repetition < REPETITIONS; repetition++) {
    alone.push(timed(() => parseDocument(text, { uniqueKeys: false }).toJS()));
    whole.push(timed(() => loadRoster(path, { at: new Date('2027-01-01') })));
  }
  table.push([`${accounts} x ${usersEach}`, `${median(alone).toFixed(0)} ms`, `${median(whole).toFixed(0)} ms`, (median(whole) / median(alone)).toFixed(2), `${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB`]);
}
rmSync(folder, { recursive: true });
process.stdout.write(`${table.toString()}\n`);
