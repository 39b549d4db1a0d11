/** Secret access keys in what was said. */
import { inspect } from 'node:util';
import type { AccessKeyPair } from '../../../lambda/domain/ports';
import { SecretSearch } from '../../../lib/simulator/rehearsal/observation/secret-search';

/** Worlds make the same keys every time, and say much the same. */
const search = new SecretSearch();
const known = new Set<string>();
const clean = new Set<string>();
const MOST_REMEMBERED = 100_000;

/** @returns ids of the keys whose secret is in one of the texts, or in an error's message, stack, causes or members */
export function secretsIn(said: readonly unknown[], pairs: readonly AccessKeyPair[]): readonly string[] {
  for (const { id, secret } of pairs) {
    if (known.has(id)) continue;
    search.add(id, secret);
    known.add(id);
    clean.clear();
  }
  return said.flatMap((one) => secretsInText(textOf(one)));
}

function secretsInText(text: string): readonly string[] {
  if (clean.has(text)) return [];
  const found = search.find(text);
  if (clean.size >= MOST_REMEMBERED) clean.clear();
  if (found.length === 0) clean.add(text);
  return found;
}

function textOf(said: unknown): string {
  if (typeof said === 'string') return said;
  return said instanceof Error
    ? inspect(said, { depth: 10, maxStringLength: null, breakLength: Infinity })
    : (JSON.stringify(said) ?? '');
}
