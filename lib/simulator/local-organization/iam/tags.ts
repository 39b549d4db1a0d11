/** IAM's tags: up to fifty, and a key in another case is the same key. https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html#id_tags_rules */
import { AwsError } from '../service';

export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

const TAGS_MAX = 50;
const ALLOWED = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/** @throws AwsError InvalidInput or LimitExceeded, and changes nothing then */
export function putTags(tags: Map<string, string>, given: readonly Tag[]): void {
  checkTags(given);
  const added = given.filter(({ Key }) => keyIn(tags, Key) === undefined);
  if (tags.size + added.length > TAGS_MAX) {
    throw new AwsError('LimitExceeded', `The number of tags has reached the maximum limit of ${TAGS_MAX}.`, 409);
  }
  for (const { Key, Value } of given) {
    tags.delete(keyIn(tags, Key) ?? Key);
    tags.set(Key, Value);
  }
}

export function removeTags(tags: Map<string, string>, keys: readonly string[]): void {
  for (const key of keys) tags.delete(keyIn(tags, key) ?? key);
}

/** @throws AwsError InvalidInput */
export function checkTags(given: readonly Tag[]): void {
  const problem = tagProblem(given);
  if (problem !== undefined) throw new AwsError('InvalidInput', problem);
}

/** What IAM and STS refuse of the tags that a request gives. */
export function tagProblem(given: readonly Tag[]): string | undefined {
  const keys = new Set(given.map(({ Key }) => Key.toLowerCase()));
  if (keys.size < given.length) return 'Duplicate tag keys found. Please note that Tag keys are case insensitive.';
  const reserved = given.find(({ Key }) => /^aws:/i.test(Key));
  if (reserved) return "Tag keys that begin with 'aws:' are reserved for system use.";
  const unfit = given.find(({ Key, Value }) => !fits(Key, 128) || Key === '' || !fits(Value, 256));
  return unfit && `The tag ${unfit.Key} has a key or value that is not valid.`;
}

const fits = (text: string, length: number): boolean => text.length <= length && ALLOWED.test(text);

function keyIn(tags: ReadonlyMap<string, string>, key: string): string | undefined {
  return [...tags.keys()].find((other) => other.toLowerCase() === key.toLowerCase());
}

/** Condition keys of the tags that a request carries. */
export function requestTags(
  tags: readonly { Key?: string; Value?: string }[] | undefined,
): Record<string, string | readonly string[]> {
  const context: Record<string, string | readonly string[]> = {};
  for (const { Key = '', Value = '' } of tags ?? []) context[`aws:RequestTag/${Key}`] = Value;
  if (tags?.length) context['aws:TagKeys'] = tags.map(({ Key = '' }) => Key);
  return context;
}
