import type { Rotation } from './context';
import { pendingKey, existingUserName } from './pending-key';
import { makeRoom } from './make-room';
import { type Intent, intentTag, intentsOf, intentTagKey } from '../ledger/intents';
import { digest } from '../digest';
import { keptFields, ownValueUnder, printSecretValue, type SecretValue } from '../secret-value';
import { isFormers, LIST_LAG_MS } from '../ledger/tags';
import type { AccessKeyPair } from '../ports';
import { RotationError } from '../errors';
import { lastFour } from '../keys/describe';
import { inWords } from '../time';

/**
 * Step createSecret: a new key, stored in the pending version. Called again it finds the stored key and is done;
 * interrupted anywhere it leaves either a stored key or an orphan that the ledger's intent identifies.
 * @throws RotationError PENDING_KEY_GONE after taking AWSPENDING off a version whose key was deleted: the rotation is
 * abandoned and the next one has a new token
 */
export async function createSecret(rotation: Rotation): Promise<void> {
  const pending = await pendingKey(rotation);
  if (pending) return abandonIfGone(rotation, pending);
  const current = isFormers(rotation.secret) ? undefined : await ownValueUnder(rotation, 'AWSCURRENT');
  if (!current?.key) await rotation.clock.sleep(jitterMs(rotation.secret.name));
  const canonicalName = await existingUserName(rotation);
  const existing = await makeRoom({
    ...rotation,
    keys: rotation.iam,
    existing: await rotation.iam.list(),
    rotateTimeoutMs: rotation.settings.timeoutMs,
  });
  const intent: Intent = {
    attempt: rotation.settings.attempt,
    token: rotation.event.token,
    at: rotation.clock.now(),
    keyIds: existing.map((key) => key.id),
  };
  await rotation.secrets.tag(rotation.secret.arn, intentTag(intent));
  const created = await createKey(rotation, intent);
  if (created) await storeKey(rotation, canonicalName, created, current ? keptFields(current) : {});
}

/** First rotations are started many at once: each begins at a moment of its own, so that they do not meet IAM's throttle together. */
const MOST_JITTER_MS = 20_000;

const jitterMs = (secretName: string): number => Number.parseInt(digest(secretName).slice(0, 8), 16) % MOST_JITTER_MS;

async function abandonIfGone(rotation: Rotation, pending: AccessKeyPair): Promise<void> {
  const { iam, secrets, secret, event, clock } = rotation;
  const keys = await iam.list();
  if (keys.some((key) => key.id === pending.id) || listMayLag(rotation)) return;
  await secrets.moveStage(secret.arn, 'AWSPENDING', { from: event.token });
  throw new RotationError(
    'PENDING_KEY_GONE',
    `the new key …${lastFour(pending.id)} was deleted before its rotation finished (${inWords(clock.now())})`,
    'the rotation is abandoned; the next one creates another key',
  );
}

/** A key made minutes ago need not be in IAM's list yet. */
function listMayLag({ secret, event, clock }: Rotation): boolean {
  const attempts = intentsOf(secret).filter((intent) => intent.token === event.token);
  return attempts.some((intent) => clock.now().getTime() - intent.at.getTime() < LIST_LAG_MS);
}

/**
 * Creates the key; undefined when another delivery of this step stored one meanwhile. A definite refusal takes the
 * intent back, for then no key of ours exists; without an answer the intent stays and says until when one can have been made.
 */
async function createKey(rotation: Rotation, intent: Intent): Promise<AccessKeyPair | undefined> {
  const { iam, secrets, secret, clock, log } = rotation;
  try {
    return await iam.create();
  } catch (error) {
    const settle = isDefinite(error)
      ? secrets.untag(secret.arn, [intentTagKey(intent)])
      : secrets.tag(secret.arn, intentTag({ ...intent, closedAt: clock.now() }));
    await settle.catch((cause: unknown) =>
      log.warn('the intent could not be completed', { cause: (cause as Error).name }),
    );
    if (isDefinite(error) && (await pendingKey(rotation))) return undefined;
    throw error;
  }
}

/** IAM answered with an error of the request, so nothing was created. */
function isDefinite(error: unknown): boolean {
  const { $fault, $metadata } = error as { $fault?: string; $metadata?: { httpStatusCode?: number } };
  return $fault === 'client' && ($metadata?.httpStatusCode ?? 0) >= 400;
}

async function storeKey(
  rotation: Rotation,
  userName: string,
  created: AccessKeyPair,
  kept: Pick<SecretValue, 'added'>,
): Promise<void> {
  const { secrets, secret, event, settings } = rotation;
  const value = printSecretValue({ userName, accountId: settings.accountId, key: created, ...kept });
  try {
    await secrets.put(secret.arn, event.token, value, event.rotationToken);
  } catch (error) {
    const stored = await pendingKey(rotation);
    if (stored?.id === created.id) return;
    await rotation.iam.delete(created.id);
    if (stored) return;
    throw error;
  }
}
