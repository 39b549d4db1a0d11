/** What `npm start` takes, as a multiple of constant work on the same machine in the same minute: hashing, which is most of a signature. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Table from 'cli-table3';

const ROOT = join(__dirname, '..');
const HASHES = 1_000_000;

function seconds(work: () => void): number {
  const start = performance.now();
  work();
  return (performance.now() - start) / 1_000;
}

function hash(): void {
  for (let count = 0, text = ''; count < HASHES; count++) text = createHash('sha256').update(text).digest('hex');
}

function start(out: string): void {
  const { status, stderr } = spawnSync(process.execPath, ['bin/access-keys.js', 'rehearse', '--out', out], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`the rehearsal ended with ${status}: ${stderr}`);
}

const out = mkdtempSync(join(tmpdir(), 'start-'));
const [before, whole, after] = [hash, () => start(out), hash].map(seconds) as [number, number, number];
rmSync(out, { recursive: true });
const constant = (before + after) / 2;
const table = new Table({
  head: ['npm start', `${HASHES.toLocaleString('en')} hashes`, 'ratio'],
  style: { head: [], border: [] },
});
table.push([`${whole.toFixed(1)} s`, `${constant.toFixed(1)} s`, (whole / constant).toFixed(1)]);
process.stdout.write(`${table.toString()}\n`);
