/** Which secrets a list shows, and in which order. */
import type { Call } from '../../service';
import { refuse } from './checks';
import type { Secret } from './model';
import type { SecretsState } from './store';

export interface ListInput {
  readonly IncludePlannedDeletion?: boolean;
  readonly Filters?: readonly { Key?: string; Values?: readonly string[] }[];
  readonly SortOrder?: 'asc' | 'desc';
  readonly SortBy?: 'created-date' | 'last-accessed-date' | 'last-changed-date' | 'name';
}

const FILTER_KEYS = ['description', 'name', 'tag-key', 'tag-value', 'primary-region', 'owning-service', 'all'];

/** As ListSecrets shows them, late. @throws AwsError ValidationException for a filter that AWS does not have */
export function listed(state: SecretsState, now: Date, call: Call, input: ListInput): Secret[] {
  const strange = input.Filters?.find(({ Key = '' }) => !FILTER_KEYS.includes(Key));
  if (strange)
    throw refuse('ValidationException', `1 validation error detected: the filter key ${strange.Key} is not valid`);
  const before = now.getTime() - state.listLagMs;
  const found = state.secrets(call.principal.accountId, call.region).filter((secret) => {
    const gone = secret.deletedAt !== undefined && secret.deletedAt.getTime() <= before;
    return (
      secret.createdAt.getTime() <= before &&
      (!gone || input.IncludePlannedDeletion) &&
      (input.Filters ?? []).every((filter) => matches(secret, filter))
    );
  });
  const sorted = found.toSorted((one, other) => sortKey(one, input.SortBy) - sortKey(other, input.SortBy));
  if (input.SortBy === 'name') sorted.sort((one, other) => (one.name < other.name ? -1 : 1));
  return input.SortOrder === 'desc' ? sorted.reverse() : sorted;
}

/** Names have an order of their own; those that were never read come first. */
function sortKey({ createdAt, changedAt, lastAccessedOn }: Secret, by: ListInput['SortBy'] = 'created-date'): number {
  if (by === 'last-changed-date') return changedAt.getTime();
  return by === 'last-accessed-date' ? (lastAccessedOn?.getTime() ?? 0) : createdAt.getTime();
}

type Filter = NonNullable<ListInput['Filters']>[number];

/**
 * Names, tags and regions by their beginning and case, descriptions and `all` by words in any case; a value that begins
 * with `!` must not match. https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_Filter.html; which words
 * there are, and that the oldest comes first, moto's maintainers found of AWS:
 * https://github.com/getmoto/moto/blob/5.2.1/tests/test_secretsmanager/test_list_secrets.py
 */
function matches(secret: Secret, { Key = '', Values = [] }: Filter): boolean {
  const description = secret.description ?? '';
  const tags = { keys: [...secret.tags.keys()], values: [...secret.tags.values()] };
  const texts: Record<string, readonly string[]> = {
    name: [secret.name],
    description: [description],
    'tag-key': tags.keys,
    'tag-value': tags.values,
    'primary-region': [secret.region],
    'owning-service': [],
    all: [secret.name, description, ...tags.keys, ...tags.values, secret.region],
  };
  const attributes = texts[Key] ?? [];
  const hasWords = Key === 'description' || Key === 'all';
  const has = (value: string): boolean =>
    attributes.some((text) => (hasWords ? beginsWords(text, value) : text.startsWith(value)));
  const wanted = Values.filter((value) => !value.startsWith('!'));
  return (
    (wanted.length === 0 || wanted.some(has)) && !Values.some((value) => value.startsWith('!') && has(value.slice(1)))
  );
}

/** Of `COMPANYthings/one` they are `compan`, `ythings` and `one`. */
const wordsOf = (text: string): readonly string[] =>
  (text.match(/[\p{L}\p{N}]+/gu) ?? [])
    .flatMap((part) => part.split(/(?<=[^\p{Lu}])(?=\p{Lu})|(?=\p{Lu}\p{Ll})/u))
    .map((word) => word.toLowerCase());

function beginsWords(text: string, value: string): boolean {
  const [wanted, words] = [wordsOf(value), wordsOf(text)];
  return wanted.length > 0 && wanted.every((beginning) => words.some((word) => word.startsWith(beginning)));
}
