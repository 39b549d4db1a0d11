/**
 * What the product relies on of AWS, observed of the local organization and of moto, an emulator by others; then whole
 * rotations with the deployed bundles through moto's RotateSecret, in two accounts; then AWS's own caching client, and
 * moto's own tests against the local organization.
 *
 *   npm run conformance
 */
import { buildSync } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import Table from 'cli-table3';
import { bundle, BUNDLES } from '../../../lib/stacks/bundle';
import { sent, type Target } from './aws';
import { CONTRACT, commandsOfTheProduct } from './contract';
import { DIFFERENCES, judge } from './differences';
import { localTarget } from './local';
import { startMoto } from './moto';
import { motoTests } from './moto-tests/run';
import { MOTO_TESTS } from './moto-tests/verdict';
import { python } from './python';
import { cachingClient } from './caching-client';
import { wholeRotations } from './whole-rotations';

interface Verdict {
  readonly target: string;
  readonly name: string;
  readonly problem?: string;
}

async function observe(target: Target): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const example of CONTRACT) {
    const { name, expected } = example;
    const observed = await example
      .observe(await target.fresh())
      .catch((error: Error) => `${error.name}: ${error.message}`);
    verdicts.push({ target: target.name, name, problem: judge(name, target.name, expected, observed) });
    if (process.stderr.isTTY)
      process.stderr.write(
        `\r${target.name}: ${verdicts.length} of ${CONTRACT.length} cases${verdicts.length === CONTRACT.length ? '\n' : ''}`,
      );
  }
  return verdicts;
}

/** The commands that the README and the documents have people type, against the models that botocore ships. */
function documents(): Verdict {
  const script = join(__dirname, '../../docs/aws_commands.py');
  const { status, stdout, stderr } = spawnSync(python(), [script], { encoding: 'utf8' });
  const name = "every command of AWS's CLI in the documents fits the service models";
  return { target: 'the documents', name, ...(status !== 0 && { problem: `${stdout}${stderr}`.trim() }) };
}

/** Every command of the product is sent by a case, and every difference is of a case that exists. */
function completeness(): Verdict[] {
  const target = 'the suite';
  const missing = commandsOfTheProduct().filter((command) => !sent.has(command));
  const names = CONTRACT.map(({ name }) => name);
  const stray = DIFFERENCES.filter((difference) => !names.includes(difference.case));
  return [
    {
      target,
      name: 'a case sends every command that the product sends',
      ...(missing.length > 0 && { problem: `not sent: ${missing.join(', ')}` }),
    },
    {
      target,
      name: 'every listed difference is of a case',
      ...(stray.length > 0 && { problem: stray.map((difference) => difference.case).join(', ') }),
    },
    {
      target,
      name: 'every case has its own name',
      ...(new Set(names).size < names.length && { problem: 'two cases have the same name' }),
    },
  ];
}

const knownDifferences = (target: string): number =>
  target === "moto's own tests"
    ? MOTO_TESTS.failing.flatMap(({ tests }) => tests).length
    : DIFFERENCES.filter((difference) => difference.target === target).length;

function print(verdicts: readonly Verdict[], seconds: number): void {
  const table = new Table({
    head: ['observed of', 'checks', 'as AWS', 'known differences', 'wrong'],
    style: { head: [], border: [] },
  });
  for (const target of new Set(verdicts.map((verdict) => verdict.target))) {
    const own = verdicts.filter((verdict) => verdict.target === target);
    const wrong = own.filter(({ problem }) => problem !== undefined).length;
    const known = knownDifferences(target);
    table.push([target, own.length, own.length - wrong - known, known, wrong]);
  }
  for (const { target, name, problem } of verdicts)
    if (problem !== undefined) process.stdout.write(`${target}: ${name}\n   ${problem}\n`);
  const wrong = verdicts.filter(({ problem }) => problem !== undefined).length;
  process.stdout.write(
    `${table.toString()}\n${verdicts.length} checks in ${Math.round(seconds)} s\nchecks: ${verdicts.length - wrong} passed, ${wrong} failed\n`,
  );
}

async function main(): Promise<void> {
  const start = performance.now();
  const outdir = join(BUNDLES, 'conformance');
  buildSync({
    entryPoints: [join(__dirname, 'rotation-function.ts')],
    outdir,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    mainFields: ['module', 'main'],
    logLevel: 'error',
  });
  bundle(['rotate', 'reconcile', 'mailer']);
  const rotationFunction = join(outdir, 'rotation-function.js');
  const [moto, local] = [await startMoto(rotationFunction), localTarget(rotationFunction)];
  try {
    const verdicts = [...(await observe(local)), ...(await observe(moto)), ...completeness(), documents()];
    const rotations = (await wholeRotations(moto)).map((check) => ({ target: 'whole rotations', ...check }));
    const clients = (await cachingClient()).map((check) => ({ target: 'the caching client', ...check }));
    const tests = (await motoTests()).map((check) => ({ target: "moto's own tests", ...check }));
    const all = [...verdicts, ...rotations, ...clients, ...tests];
    print(all, (performance.now() - start) / 1000);
    if (all.some(({ problem }) => problem !== undefined)) process.exitCode = 1;
  } finally {
    await Promise.all([moto.stop(), local.stop()]);
  }
}

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
