/**
 * The ledger as it is read. Whoever may tag a secret can write anything there, so a tag that does not parse is set apart
 * where the secret is read and believed nowhere. Words that follow those of a form are a newer version's and are let pass.
 */
import { PREFIX } from './tags';

const INSTANT = String.raw`\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?Z`;
const VERSION = String.raw`[\w-]{1,64}`;
const KEY_ID = '[A-Z0-9]{16,128}';
const DIGEST = '[0-9a-f]{8,64}';

/** What a tag's value begins with, by the part of its name after the prefix. */
const VALUES: Readonly<Record<string, string>> = {
  'user-id': '[A-Z0-9]{4,128}',
  generation: String.raw`\d{1,15}`,
  former: VERSION,
  notified: VERSION,
  failed: `${VERSION} \\S+ ${INSTANT}`,
  outstanding: `${VERSION} ${INSTANT}`,
  lost: `${INSTANT}( ${KEY_ID})*`,
  released: INSTANT,
  paused: String.raw`\w+`,
  ending: `(waiting|deactivating|inactive|deleting) ${INSTANT} (${KEY_ID}|-)`,
  policy: '[0-9a-z-]+',
  'readers-missing': DIGEST,
  'readers-deleted': DIGEST,
  lease: INSTANT,
  'rolled-back': `${VERSION} ${VERSION} ${KEY_ID} ${KEY_ID} (done|begun)`,
  'foreign-current': VERSION,
  steps: VERSION,
};

/** The same of tags whose name ends in what they are about: its form, then that of the value. */
const VALUES_OF_EACH: Readonly<Record<string, readonly [about: string, value: string]>> = {
  retiring: [KEY_ID, `(active|deactivating|inactive) ${INSTANT} \\d{1,4} (${VERSION}|-)`],
  compromised: [KEY_ID, INSTANT],
  alert: [String.raw`\w{1,64}`, INSTANT],
  intent: [String.raw`[\w-]{1,64}`, `${VERSION} ${INSTANT} (open|${INSTANT})( ${KEY_ID})*`],
};

const beginsWith = (form: string, value: string): boolean => new RegExp(`^(?:${form})(?: |$)`).test(value);

/** `2026-02-31` and the like have the form and are no instants. */
const namesInstants = (value: string): boolean =>
  (value.match(new RegExp(INSTANT, 'g')) ?? []).every((instant) => !Number.isNaN(Date.parse(instant)));

function isSound(key: string, value: string): boolean {
  const [family = '', ...rest] = key.slice(PREFIX.length).split(':');
  const about = rest.join(':');
  const single = about === '' && Object.hasOwn(VALUES, family) ? VALUES[family] : undefined;
  const [name, each] = (Object.hasOwn(VALUES_OF_EACH, family) && VALUES_OF_EACH[family]) || [];
  if (single === undefined && each === undefined) return true;
  if (each !== undefined && !new RegExp(`^${name}$`).test(about)) return false;
  return beginsWith((single ?? each)!, value) && namesInstants(value);
}

export interface SoundTags {
  readonly tags: Readonly<Record<string, string>>;
  /** Tags of the ledger that do not parse, as they are; absent where all do. */
  readonly malformedTags?: Readonly<Record<string, string>>;
}

/** Sets what does not parse apart. Tags of others, and of families that nobody here knows, stay as they are. */
export function soundTags(all: Readonly<Record<string, string>>): SoundTags {
  const isOurs = ([key, value]: [string, string]): boolean => !key.startsWith(PREFIX) || isSound(key, value);
  const entries = Object.entries(all);
  const malformed = entries.filter((entry) => !isOurs(entry));
  return {
    tags: Object.fromEntries(entries.filter(isOurs)),
    ...(malformed.length > 0 && { malformedTags: Object.fromEntries(malformed) }),
  };
}

/** Of tags that do not parse what may be said to people: the names of their families, and nothing that somebody wrote. */
export const familiesOf = (malformedTags: Readonly<Record<string, string>>): string[] => [
  ...new Set(Object.keys(malformedTags).map((key) => key.split(':').slice(0, 2).join(':'))),
];
