/** The words that admins read of an event: subject and body of the topic's e-mail. */
import { inWords } from '../time';
import type { KeyUse, NoticeEvent, NoticeOf, NoticeType, PreviousKey } from '../../contract/notice';

const HEADLINES: { readonly [T in NoticeType]: (event: NoticeOf<T>) => string } = {
  rotated: () => 'access key rotated',
  'rotation-failed': () => 'rotation failed, keys unchanged',
  'rotation-partial': () => 'new key is live, but finishing the rotation failed',
  'previous-key-in-use': () => 'previous key still in use',
  'previous-key-deactivated': () => 'previous key deactivated',
  'previous-key-deleted': () => 'previous key deleted',
  'retirement-failed': () => 'retiring the previous key failed',
  'key-compromised': () => 'key declared compromised and deactivated',
  'rolled-back': () => 'rolled back to the previous key',
  'stored-key-unusable': () => 'the stored key does not work',
  'first-rotation-announced': () => 'first rotation announced',
  'action-needed': ({ code }) => `the owner has to act: ${code}`,
  attention: ({ code }) => `attention: ${code}`,
  resolved: ({ code }) => `resolved: ${code}`,
};

const headline = (event: NoticeEvent): string => (HEADLINES[event.type] as (event: NoticeEvent) => string)(event);

const SUBJECT_BELOW = 100;

/**
 * Subject of the SNS message: less than 100 printable ASCII characters, no line break, beginning with a letter.
 * https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
 */
export function adminSubject(event: NoticeEvent): string {
  const subject = onOneLine(
    `Access keys: ${event.userName && `${event.userName} in `}${event.accountName ?? event.accountId}: ${headline(event)}`,
  ).replace(/[^\x20-\x7e]/g, '?');
  return subject.length < SUBJECT_BELOW ? subject : `${subject.slice(0, SUBJECT_BELOW - 4)}...`;
}

/** Plain text for people. Of the previous key only the last four characters are named. */
export function adminText(event: NoticeEvent): string {
  const facts = factsOf(event).map(([name, value]) => `${`${name}:`.padEnd(15)}${onOneLine(value)}`);
  const { code, reason, nextStep, command } = event as Partial<NoticeOf<'attention'>>;
  const sentences = [reason && `Finding: ${reason}.`, nextStep && `Next step: ${nextStep}.`];
  const parts = [
    capitalized(onOneLine(headline(event))),
    facts.join('\n'),
    ...sentences
      .filter((sentence) => sentence !== undefined && sentence !== '')
      .map((sentence) => onOneLine(String(sentence))),
  ];
  if (command !== undefined) parts.push(`Command:\n\n    ${onOneLine(command)}`);
  if (code !== undefined) parts.push(`See docs/errors.md for what causes ${onOneLine(code)} and how to fix it.`);
  return `${parts.join('\n\n')}\n`;
}

function factsOf(event: NoticeEvent): [string, string][] {
  const {
    currentKeyId,
    previousKey = { kind: 'none' },
    previousKeyLastUsed: used,
    startsAt,
  } = event as { currentKeyId?: string; previousKey?: PreviousKey; previousKeyLastUsed?: KeyUse; startsAt?: string };
  const previousKeyId = 'keyId' in previousKey ? previousKey.keyId : undefined;
  const facts: [string, string | undefined][] = [
    ['Account', `${event.accountName ? `${event.accountName}, ` : ''}${event.accountId} (${event.region})`],
    ['User', event.userName],
    ['Secret', event.secretName],
    ['When', inWords(new Date(event.occurredAt))],
    ['Current key', currentKeyId],
    ['Previous key', previousKeyId && `ends in ${previousKeyId.slice(-4)}`],
    [
      'Active until',
      previousKey.kind === 'works'
        ? `${inWords(new Date(previousKey.until))}${previousKey.whenStillUsed === 'hold' ? ', and for as long as it is used' : ''}`
        : undefined,
    ],
    [
      'Deleted after',
      previousKey.kind === 'inactive' && previousKey.deletedAfter
        ? inWords(new Date(previousKey.deletedAfter))
        : undefined,
    ],
    ['Not before', startsAt && inWords(new Date(startsAt))],
    ['Last used', used && `${inWords(new Date(used.at))}, for ${used.service} in ${used.region}`],
  ];
  return facts.filter((fact): fact is [string, string] => Boolean(fact[1]));
}

/** No line break, no control character, nothing that turns the direction of writing. */
function onOneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
