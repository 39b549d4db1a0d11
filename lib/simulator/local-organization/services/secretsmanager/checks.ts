/** Limits. https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html */
import { policyProblem } from '../../iam/policy-document';
import { AwsError } from '../../service';
import { parseArn } from '../arn';
import { CURRENT, type Secret, type SecretVersion } from './model';

const VALUE_BYTES = 65_536;
const POLICY_CHARACTERS = 20_480;
const LABELS = 20;
const TAGS = 50;
const VERSIONS = 100;
const UNLABELLED_KEPT_MS = 24 * 3_600_000;

export interface ValueInput {
  readonly SecretString?: string;
  readonly SecretBinary?: Uint8Array;
}

export const refuse = (code: string, message: string): AwsError => new AwsError(code, message);

export function checkName(name: unknown): asserts name is string {
  if (typeof name !== 'string' || !/^[\w/+=.@!-]{1,512}$/.test(name)) {
    throw refuse(
      'ValidationException',
      'Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!',
    );
  }
}

/** A name, or an ARN with or without its random characters. */
export function checkSecretId(secretId: string): void {
  const arn = parseArn(secretId);
  if (arn === undefined) return checkName(secretId);
  const known = arn.service === 'secretsmanager' && /^\d{12}$/.test(arn.accountId) && arn.region !== '';
  if (!known || !/^secret:[\w/+=.@!-]+$/.test(arn.resource))
    throw refuse('ValidationException', `Invalid ARN: ${secretId.slice(0, 200)}`);
}

export function checkToken(token: string): void {
  if (!/^.{32,64}$/.test(token))
    throw refuse('InvalidParameterException', 'ClientRequestToken must be 32-64 characters long.');
}

export function valueOf(input: ValueInput): SecretVersion['value'] {
  const { SecretString: text, SecretBinary: binary } = input;
  if (text !== undefined && binary !== undefined)
    throw refuse(
      'InvalidParameterException',
      "You can't specify both a binary secret value and a string secret value in the same secret.",
    );
  const bytes = text !== undefined ? Buffer.byteLength(text) : (binary?.length ?? 0);
  if (bytes > VALUE_BYTES)
    throw refuse(
      'ValidationException',
      `1 validation error detected: the secret value must have length less than or equal to ${VALUE_BYTES}`,
    );
  if (text !== undefined) return { text };
  return binary && { binary };
}

export function sameValue(a: SecretVersion['value'], b: SecretVersion['value']): boolean {
  if (!a || !b) return a === b;
  if ('text' in a) return 'text' in b && a.text === b.text;
  return 'binary' in b && Buffer.from(a.binary).equals(b.binary);
}

export function setTags(secret: Secret, tags: readonly { Key?: string; Value?: string }[]): void {
  const merged = new Map(secret.tags);
  for (const { Key = '', Value = '' } of tags) {
    if (
      Key.length < 1 ||
      Key.length > 128 ||
      Value.length > 256 ||
      Key.startsWith('aws:') ||
      !/^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u.test(Key + Value)
    ) {
      throw refuse('InvalidParameterException', 'A tag key or value is invalid.');
    }
    merged.set(Key, Value);
  }
  if (merged.size > TAGS) throw refuse('InvalidParameterException', `A secret can have at most ${TAGS} tags.`);
  if (tags.length > 0) secret.wasTagged = true;
  for (const [key, value] of merged) secret.tags.set(key, value);
}

export function checkLabels(secret: Secret, adding: string): void {
  const labels = new Set([...secret.versions.values()].flatMap((version) => [...version.stages]));
  labels.add(adding);
  if (labels.size > LABELS)
    throw refuse('LimitExceededException', `The limit for the number of staging labels in a secret is ${LABELS}.`);
}

/** Makes room for one more version: those without a label go after a day; over a hundred are refused. */
export function checkVersions(secret: Secret, now: Date): void {
  for (const version of secret.versions.values()) {
    if (version.stages.size === 0 && now.getTime() - version.createdAt.getTime() > UNLABELLED_KEPT_MS)
      secret.versions.delete(version.id);
  }
  if (secret.versions.size >= VERSIONS)
    throw refuse('LimitExceededException', `The limit for the number of versions of a secret is ${VERSIONS}.`);
}

export function checkPolicySyntax(policy: string): void {
  if (policy.length > POLICY_CHARACTERS)
    throw refuse('InvalidParameterException', `The resource policy is longer than ${POLICY_CHARACTERS} characters.`);
  const problem = policyProblem('resource', policy);
  if (problem !== undefined)
    throw refuse('MalformedPolicyDocumentException', `This resource policy contains a syntax error: ${problem}`);
}

export function checkNotDeleted(secret: Secret): void {
  if (secret.deletedAt)
    throw refuse(
      'InvalidRequestException',
      "You can't perform this operation on the secret because it was marked for deletion.",
    );
}

export const missingValue = (what: string): AwsError =>
  refuse('ResourceNotFoundException', `Secrets Manager can't find the specified secret value for ${what}`);

export const stageOf = (stage: string | undefined): string => stage ?? CURRENT;
