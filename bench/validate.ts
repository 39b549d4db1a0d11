/** How long a big roster takes to be judged, against what `yaml` alone needs for the same text. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Table from 'cli-table3';
import { parseDocument } from 'yaml';
import { loadRoster } from '../lib/roster/load';
import { rosterOf } from './rosters';

const REPETITIONS = 5;

const timed = (work: () => unknown): number => {
  const start = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - start) / 1e6;
};
const median = (values: readonly number[]): number => values.toSorted((one, other) => one - other)[values.length >> 1]!;

const table = new Table({
  head: ['accounts x users', 'yaml alone', 'validate', 'ratio', 'peak memory'],
  style: { head: [], border: [] },
});
const folder = mkdtempSync(join(tmpdir(), 'bench-'));
for (const [accounts, usersEach] of [
  [10, 10],
  [300, 100],
  [500, 100],
] as const) {
  const text = rosterOf(accounts, usersEach);
  const path = join(folder, 'roster.yaml');
  writeFileSync(path, text);
  const [alone, whole]: [number[], number[]] = [[], []];
  for (let repetition = 0; repetition < REPETITIONS; repetition++) {
    alone.push(timed(() => parseDocument(text, { uniqueKeys: false }).toJS()));
    whole.push(timed(() => loadRoster(path, { at: new Date('2027-01-01') })));
  }
  table.push([
    `${accounts} x ${usersEach}`,
    `${median(alone).toFixed(0)} ms`,
    `${median(whole).toFixed(0)} ms`,
    (median(whole) / median(alone)).toFixed(2),
    `${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB`,
  ]);
}
rmSync(folder, { recursive: true });
process.stdout.write(`${table.toString()}\n`);
