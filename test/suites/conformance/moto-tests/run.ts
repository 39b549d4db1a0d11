/** moto's own tests (Apache-2.0), from the source distribution of the release that the suite pins, against the local organization. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { python } from '../python';
import type { Check } from '../whole-rotations';
import { serve } from './served';
import { listed, MOTO_TESTS, problemOf, type Result } from './verdict';

const TEST_TIMEOUT_SECONDS = 20;

/** @returns a check a test, and one that the local organization failed at none of their requests */
export async function motoTests(): Promise<Check[]> {
  const served = await serve();
  try {
    const results = await run(served.address);
    const checks = listed(MOTO_TESTS).map((name) => ({ name, problem: problemOf(name, results[name]) }));
    const [defect] = served.defects;
    return [...checks, { name: 'no request meets a defect of the local organization', problem: defect }];
  } finally {
    await served.stop();
  }
}

async function run(control: string): Promise<Readonly<Record<string, Result>>> {
  const folder = mkdtempSync(join(tmpdir(), 'moto-tests-'));
  try {
    const [tests, results] = [join(folder, 'tests.txt'), join(folder, 'results.json')];
    writeFileSync(tests, listed(MOTO_TESTS).join('\n'));
    await pytest([`@${tests}`], { CONTROL: control, RESULTS: results, PYTHONPATH: __dirname });
    return JSON.parse(readFileSync(results, 'utf8')) as Record<string, Result>;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function pytest(args: readonly string[], environment: Readonly<Record<string, string>>): Promise<void> {
  const options = ['-q', '--no-header', '--tb=line', '-p', 'plugin', '-p', 'no:cacheprovider'];
  const env = { PATH: process.env.PATH, AWS_MAX_ATTEMPTS: '1', PYTHONDONTWRITEBYTECODE: '1', ...environment };
  const child = spawn(python(), ['-m', 'pytest', ...options, `--timeout=${TEST_TIMEOUT_SECONDS}`, ...args], {
    cwd: sources(),
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => resolve());
  });
}

/** Brought once, beside the virtual environment; nothing of it is in this repository. */
function sources(): string {
  const requirement = /^moto==.*$/m.exec(readFileSync(join(__dirname, '../requirements.txt'), 'utf8'))![0];
  const folder = join(dirname(dirname(dirname(python()))), 'moto-source');
  const unpacked = join(folder, requirement.replace('==', '-'));
  if (existsSync(join(unpacked, 'tests'))) return unpacked;
  mkdirSync(folder, { recursive: true });
  const download = ['download', '--quiet', '--disable-pip-version-check', '--no-deps', '--no-binary', 'moto'];
  execFileSync(python(), ['-m', 'pip', ...download, '--dest', folder, requirement], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  execFileSync('tar', ['-xzf', `${unpacked}.tar.gz`, '-C', folder]);
  return unpacked;
}
