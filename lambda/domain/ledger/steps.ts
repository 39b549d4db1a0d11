/** Evidence of a rotation's steps: when each was done, and by which invocation. */
import type { RotationStep } from '../../contract/notice';
import type { Secret } from '../ports';
import { PREFIX } from './tags';

const STEPS_TAG = `${PREFIX}steps`;
/** One letter each: four steps with their request ids fit into the 255 characters of a tag. */
const LETTERS: Readonly<Record<string, string>> = {
  c: 'createSecret',
  s: 'setSecret',
  t: 'testSecret',
  f: 'finishSecret',
};

/** The steps that the ledger has of this version's rotation. */
export function stepsOf(secret: Secret, token: string): RotationStep[] {
  const [written, ...entries] = secret.tags[STEPS_TAG]?.split(' ') ?? [];
  if (written !== token) return [];
  return entries.map((entry) => {
    const [, letter = '', seconds = '', requestId = ''] = /^(.)(\d+)\.(.*)$/.exec(entry) ?? [];
    return { step: LETTERS[letter] ?? letter, at: new Date(Number(seconds) * 1_000).toISOString(), requestId };
  });
}

/**
 * The tag with one more step of this version; undefined when it has that step. Steps of an earlier version are gone: its
 * notice has them.
 */
export function stepTag(secret: Secret, token: string, done: RotationStep): Record<string, string> | undefined {
  const steps = stepsOf(secret, token);
  if (steps.some(({ step }) => step === done.step)) return undefined;
  const entries = [...steps, done].map(({ step, at, requestId }) => {
    const letter = Object.keys(LETTERS).find((key) => LETTERS[key] === step) ?? '?';
    return `${letter}${Math.floor(Date.parse(at) / 1_000)}.${requestId}`;
  });
  return { [STEPS_TAG]: [token, ...entries].join(' ') };
}
