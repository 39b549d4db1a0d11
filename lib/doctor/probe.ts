import type { Account } from './account';
import { ASSUMPTIONS, type Assumption, type AssumptionId } from './assumptions';
import { makeUser, removeBelongings, USERS } from './belongings';
import { guardTagHolds, TAG } from './trials/guard-tag';
import { missingBelowPrefix, missingUnlisted, readerOf } from './trials/missing-objects';
import { regionHasServices } from './trials/region-services';
import { administratorRotates, failedRotationIsAttemptedAgain, makeFunction, testSecretAlone } from './trials/rotation';
import { secretPolicyIsAccepted } from './trials/secret-policy';

export interface Finding extends Assumption {
  readonly outcome: 'as expected' | 'otherwise' | 'not tried';
  /** What AWS did, or why it was not tried. */
  readonly found: string;
}

/**
 * Tries each assumption in order. What an interrupted run left is removed first, and what this one makes at its end,
 * whatever happens in between.
 * @throws the signal's reason when it was interrupted, and Error that names what could not be removed
 */
export async function probe(
  account: Account,
  signal: AbortSignal,
  assumptions: readonly Assumption[] = ASSUMPTIONS,
): Promise<readonly Finding[]> {
  await removeBelongings(account);
  const trials = trialsOf({ ...account, sleep: (milliseconds) => account.sleep(milliseconds, signal) });
  const findings: Finding[] = [];
  try {
    for (const assumption of assumptions) {
      signal.throwIfAborted();
      findings.push(await findingOf(assumption, trials[assumption.id]));
    }
    signal.throwIfAborted();
    return findings;
  } finally {
    await removeBelongings(account);
  }
}

async function findingOf(assumption: Assumption, tried: () => Promise<string>): Promise<Finding> {
  try {
    const found = await tried();
    return { ...assumption, outcome: found === assumption.expected ? 'as expected' : 'otherwise', found };
  } catch (error) {
    const { name, message } = error as Error;
    return { ...assumption, outcome: 'not tried', found: name === 'Error' ? message : `${name}: ${message}` };
  }
}

function trialsOf(account: Account): Readonly<Record<AssumptionId, () => Promise<string>>> {
  const users = once(async () => {
    const tagged = await makeUser(account, USERS.tagged, TAG);
    const untagged = await makeUser(account, USERS.untagged);
    return new Map<string, string>([
      [USERS.tagged, tagged],
      [USERS.untagged, untagged],
    ]);
  });
  const reader = once(() => readerOf(account));
  const functionArn = once(() => makeFunction(account));
  const rotated = once(async () => {
    await users();
    return administratorRotates(account, await functionArn());
  });
  return {
    'region-services': () => regionHasServices(account),
    'secret-policy': async () => {
      await users();
      return secretPolicyIsAccepted(account);
    },
    'guard-tag': async () => guardTagHolds(account, await users()),
    'missing-unlisted': async () => missingUnlisted(account, await reader()),
    'missing-prefix': async () => missingBelowPrefix(account, await reader()),
    'administrator-rotates': rotated,
    'rotation-attempts': async () => {
      if ((await rotated()) !== 'allowed') throw new Error('RotateSecret was refused');
      return failedRotationIsAttemptedAgain(account);
    },
    'test-secret': async () => testSecretAlone(account, await functionArn()),
    'pipeline-restarts': () => Promise.reject(new Error("needs an organization's pipeline")),
  };
}

/** What several trials need is made by the first of them; where that fails, it fails for each. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
