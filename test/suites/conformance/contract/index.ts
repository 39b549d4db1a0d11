/** Everything of AWS that the product uses. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Case } from './case';
import { IDENTITY } from './identity';
import { MESSAGES } from './messages';
import { ROTATION } from './rotation';
import { SECRETS } from './secrets';

export const CONTRACT: readonly Case[] = [...SECRETS, ...ROTATION, ...IDENTITY, ...MESSAGES];

const PRODUCT = ['lambda/aws', 'lib/org-bucket', 'lib/operator'];

/** Commands and paginators that the product imports from the SDK, as `GetUserCommand`. */
export function commandsOfTheProduct(): readonly string[] {
  const root = join(__dirname, '../../../..');
  const texts = PRODUCT.flatMap((folder) =>
    readdirSync(join(root, folder), { encoding: 'utf8', recursive: true })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readFileSync(join(root, folder, name), 'utf8')),
  );
  const commands = texts.flatMap((text) => [...text.matchAll(/\bnew (\w+Command)\(/g)].map(([, name]) => name!));
  const paginated = texts.flatMap((text) =>
    [...text.matchAll(/\bpaginate(\w+)\(/g)].map(([, name]) => `${name}Command`),
  );
  return [...new Set([...commands, ...paginated])].sort();
}
