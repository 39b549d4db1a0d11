/**
 * The ledger as it is read. Whoever may tag a secret can write anything there, so a tag that does not parse is set apart
 * where the secret is read and believed nowhere. Words that follow those of a form are a newer version's and are let pass.
 */
import { compromisedLabel, compromisedTagKey, PREFIX } from './tags';

const INSTANT = String.raw`\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?Z`;
const VERSION = String.raw`[\w-]{1,64}`;
const KEY_ID = '[A-Z0-9]{16,128}';
const DIGEST = '[0-9a-f]{8,64}';

/** What a tag's value begins with, by the part of its name after the prefix. */
const VALUES: Readonly<Record<string, string>> = {
  'user-id': '[A-Z0-9]{4,128}',
  'user-name': String.raw`[\w+=:.@-]{1,64}`,
  generation: String.raw`\d{1,15}`,
  former: VERSION,
  notified: VERSION,
  failed: `${VERSION} \\S+ ${INSTANT}`,
  announced: INSTANT,
  'unknown-keys': `(owed=)?${KEY_ID}( (owed=)?${KEY_ID})*`,
  'failure-reported': `${INSTANT} ${VERSION} (failed|partial)`,
  outstanding: `${VERSION} ${INSTANT}`,
  lost: `${INSTANT}( ${KEY_ID})*`,
  moved: INSTANT,
  adopted: INSTANT,
  schedule: String.raw`\d{1,5}`,
  released: INSTANT,
  paused: String.raw`\w+`,
  ending: `(waiting|deactivating|inactive|deleting) ${INSTANT} (${KEY_ID}|-)`,
  policy: '[0-9a-z-]+',
  'policy-changed': `${INSTANT} (changed|removed)`,
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

const begins = (form: string): RegExp => new RegExp(`^(?:${form})(?: |$)`);
const whole = (form: string): RegExp => new RegExp(`^(?:${form})$`);
const INSTANTS = new RegExp(INSTANT, 'g');

interface Form {
  readonly about: RegExp;
  readonly value: RegExp;
}

/** By what a tag's name begins with, colon included where it goes on. */
const FORMS: ReadonlyMap<string, Form> = new Map([
  ...Object.entries(VALUES).map(([family, value]) => [family, { about: /^$/, value: begins(value) }] as const),
  ...Object.entries(VALUES_OF_EACH).map(
    ([family, [about, value]]) => [`${family}:`, { about: whole(about), value: begins(value) }] as const,
  ),
]);

/** `2026-02-31` and the like have the form and are no instants. */
const namesInstants = (value: string): boolean =>
  (value.match(INSTANTS) ?? []).every((instant) => !Number.isNaN(Date.parse(instant)));

function isSound(key: string, value: string): boolean {
  const name = key.slice(PREFIX.length);
  const family = name.slice(0, name.indexOf(':') + 1) || name;
  const form = FORMS.get(family);
  return !form || (form.about.test(name.slice(family.length)) && form.value.test(value) && namesInstants(value));
}

const PROVED = compromisedTagKey('');

const isProved = (key: string, labels: readonly string[]): boolean =>
  !key.startsWith(PROVED) || labels.includes(compromisedLabel(key.slice(PROVED.length)));

export interface SoundTags {
  readonly tags: Readonly<Record<string, string>>;
  /** Tags of the ledger that do not parse, as they are; absent where all do. */
  readonly malformedTags?: Readonly<Record<string, string>>;
}

/**
 * Sets apart what does not parse, and a key declared compromised without the label that proves it. Tags of others, and of
 * families that nobody here knows, stay as they are.
 */
export function soundTags(
  all: Readonly<Record<string, string>>,
  versions: Readonly<Record<string, readonly string[]>>,
): SoundTags {
  const labels = Object.values(versions).flat();
  const entries = Object.entries(all);
  const malformed = entries.filter(
    ([key, value]) => key.startsWith(PREFIX) && !(isSound(key, value) && isProved(key, labels)),
  );
  if (malformed.length === 0) return { tags: all };
  return {
    tags: Object.fromEntries(entries.filter((entry) => !malformed.includes(entry))),
    malformedTags: Object.fromEntries(malformed),
  };
}

/** Of tags that do not parse what may be said to people: the names of their families, and nothing that somebody wrote. */
export const familiesOf = (malformedTags: Readonly<Record<string, string>>): string[] => [
  ...new Set(Object.keys(malformedTags).map((key) => key.split(':').slice(0, 2).join(':'))),
];
