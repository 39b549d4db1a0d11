/** A virtual environment with what the suite uses of PyPI, installed when it is missing or its requirements changed. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const VENV = join(__dirname, '../../../.venv/moto');
const REQUIREMENTS = join(__dirname, 'requirements.txt');
const INSTALLED = join(VENV, 'installed.txt');

/** @returns the path of its Python */
export function python(): string {
  const path = join(VENV, 'bin/python');
  const isInstalled = existsSync(INSTALLED) && readFileSync(INSTALLED, 'utf8') === readFileSync(REQUIREMENTS, 'utf8');
  if (isInstalled) return path;
  process.stderr.write('installing moto and the caching client into .venv/moto\n');
  execFileSync('python3', ['-m', 'venv', VENV]);
  const options = ['--quiet', '--disable-pip-version-check', '--requirement', REQUIREMENTS];
  execFileSync(join(VENV, 'bin/pip'), ['install', ...options], { stdio: ['ignore', 'ignore', 'inherit'] });
  copyFileSync(REQUIREMENTS, INSTALLED);
  return path;
}
