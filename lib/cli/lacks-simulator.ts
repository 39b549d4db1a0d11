import type { Command } from 'commander';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Development dependencies that a rehearsal needs: an installed command does without the licence of the first. */
export const SIMULATOR_PACKAGES = [
  '@cloud-copilot/iam-simulate',
  '@cloud-copilot/iam-policy',
  '@aws-sdk/client-kms',
  '@aws-sdk/client-sqs',
  '@smithy/core',
  '@smithy/protocol-http',
  '@smithy/signature-v4',
  'cli-table3',
  'echarts',
] as const;

/** @returns why no rehearsal can be played here, or undefined */
export function lackOfSimulator(): string | undefined {
  if (!existsSync(join(__dirname, '../../lib/simulator')))
    return `rehearse needs a checkout of the repository: packages come without the local organization, whose policy evaluator ${SIMULATOR_PACKAGES[0]} is licensed under AGPL-3.0 and used in development only`;
  const lacking = SIMULATOR_PACKAGES.filter((name) => !isInstalled(name));
  if (lacking.length === 0) return undefined;
  return `rehearse lacks the development dependencies ${lacking.join(', ')}: run npm ci, without --omit=dev`;
}

/** In place of the command's own options, whatever was given. */
export const refuse =
  (reason: string) =>
  (command: Command): void =>
    void command
      .allowUnknownOption()
      .allowExcessArguments()
      .action(() => {
        throw new Error(reason);
      });

const isInstalled = (name: string): boolean => module.paths.some((folder) => existsSync(join(folder, name)));
