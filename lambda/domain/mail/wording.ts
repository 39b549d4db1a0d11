/** What an owner's mail says, without any markup: both forms of the mail are made of this and of nothing else. */
import { dayInWords, inWords } from '../time';
import type { WorkingKey } from '../../contract/notice';
import type { OwnerEvent } from './owner-event';
import type { Recipient } from './recipient';
import {
  keysInWords,
  oldKey,
  oldKeyIsGone,
  previousKeyId,
  plain,
  putBackSteps,
  readersOf,
  recoverySteps,
  resting,
  takeOverSteps,
  unusableSteps,
  waitSteps,
  type Step,
  type Telling,
} from './instructions';
import type { RosterSlice, SliceUser } from '../../contract/slice';

export interface MailWords {
  readonly subject: string;
  /** How urgent it looks: something to know, to do, or to do soon. */
  readonly tone: 'know' | 'do' | 'hurry';
  readonly label: string;
  readonly headline: string;
  readonly paragraphs: readonly string[];
  readonly facts: readonly { readonly name: string; readonly value: string }[];
  readonly stepsTitle: string;
  readonly steps: readonly { readonly number: number; readonly text: string; readonly command: string | null }[];
  readonly footer: string;
}

interface Named extends Telling {
  /** User and account. */
  readonly whose: string;
}

interface Message {
  /** The mail's subject, without the old key's end. */
  readonly subject: string;
  readonly tone: MailWords['tone'];
  readonly headline: string;
  readonly paragraphs: readonly string[];
  readonly steps: readonly Step[];
}

const LABELS: Readonly<Record<MailWords['tone'], string>> = {
  know: 'For your information',
  do: 'Please act',
  hurry: 'Please act soon',
};

const MESSAGES: Readonly<Record<OwnerEvent['type'], (telling: Named) => Message>> = {
  rotated: (telling) => ({
    subject: `New access key for ${telling.whose}`,
    tone: 'do',
    headline: 'Your access key was rotated',
    paragraphs: ['A new access key was created, tested and stored.', previousKeyWorks(telling)],
    steps: takeOverSteps(telling),
  }),
  'rotation-partial': (telling) => ({
    subject: `New access key for ${telling.whose}, rotation unfinished`,
    tone: 'do',
    headline: 'You have a new access key, but its rotation is not finished',
    paragraphs: [
      'The new key works and is stored, but a later step failed. The administrators have been notified.',
      previousKeyWorks(telling),
    ],
    steps: takeOverSteps(telling),
  }),
  'previous-key-in-use': (telling) => ({
    subject: `Old access key of ${telling.whose} is still used`,
    tone: 'hurry',
    headline: 'Something still uses your old access key',
    paragraphs: [`The old key ${oldKey(telling)} ${usedBy(telling)}.`, previousKeyWorks(telling)],
    steps: [
      { text: 'Find what still uses the old key. Start with the service, region and time above.' },
      ...takeOverSteps(telling),
    ],
  }),
  'previous-key-deactivated': (telling) => ({
    subject: `Old access key ${oldKey(telling)} of ${telling.whose} was deactivated`,
    tone: 'know',
    headline: 'Your old access key was deactivated',
    paragraphs: [
      `The old key ${oldKey(telling)} no longer works.${telling.event.code ? ' Someone deactivated it; the rotation did not.' : ''}`,
      deletedLater(telling),
      nothingToDo(telling),
    ],
    steps: recoverySteps(telling),
  }),
  'previous-key-deleted': (telling) => ({
    subject: `Old access key ${oldKey(telling)} of ${telling.whose} was deleted`,
    tone: 'know',
    headline: 'Your old access key was deleted',
    paragraphs: [`The old key ${oldKey(telling)} was deleted and cannot be restored.`, nothingToDo(telling)],
    steps: takeOverSteps(telling),
  }),
  'retirement-failed': (telling) => ({
    subject: `Old access key of ${telling.whose} is not retired yet`,
    tone: 'do',
    headline: 'Your old access key could not be retired yet',
    paragraphs: [
      `${telling.event.currentKeyId ? 'The new key works and is stored. ' : ''}Retiring the old key failed. The administrators have been notified, and it is retried automatically.`,
      previousKeyWorks(telling),
    ],
    steps: takeOverSteps(telling),
  }),
  'key-compromised': (telling) => ({
    subject: `Access key ${oldKey(telling)} of ${telling.whose} is compromised`,
    tone: 'hurry',
    headline: 'Your access key was declared compromised',
    paragraphs: [
      `The key ${oldKey(telling)} was deactivated and will not work again. ${successor(telling)}`,
      'If you did not expect this, contact your security team first.',
    ],
    steps: telling.event.currentKeyId ? takeOverSteps(telling) : waitSteps(telling, !resting(telling)),
  }),
  'rolled-back': (telling) => ({
    subject: `Previous access key of ${telling.whose} works again`,
    tone: 'do',
    headline: 'Your previous access key works again',
    paragraphs: [
      `An administrator rolled back to the previous key, which is stored in the secret again. The newer key ${oldKey(telling)} is withdrawn: it is deactivated and later deleted like any old key.`,
      'Wherever you still use the previous key, no action is needed.',
    ],
    steps: putBackSteps(telling),
  }),
  'stored-key-unusable': (telling) => ({
    subject: telling.event.currentKeyId
      ? `Stored access key …${telling.event.currentKeyId.slice(-4)} of ${telling.whose} does not work`
      : `No access key is stored for ${telling.whose}`,
    tone: 'hurry',
    headline: 'The access key that is stored for you does not work',
    paragraphs: [whyUnusable(telling), stillWorking(telling)],
    steps: unusableSteps(telling),
  }),
  'first-rotation-announced': (telling) => ({
    subject: `Access ${named(telling)} of ${telling.whose} will be rotated on ${dayInWords(startsAt(telling))}`,
    tone: 'do',
    headline: 'Your access key will be rotated',
    paragraphs: [
      `On ${inWords(startsAt(telling))}, or soon after, a new access key is made for this user and stored in the secret below. Another mail then says how to fetch it.`,
      `Nothing changes until then, and ${keysInWords(telling.event.workingKeyIds ?? [])} ${(telling.event.workingKeyIds ?? []).length > 1 ? 'work' : 'works'} as before.`,
      formerKeyWorks(telling.user),
    ],
    steps: [
      { text: 'Find every place that uses a key of this user, so that you can replace it there.' },
      { text: `If that day does not suit you, ask ${contactOr(telling, 'the administrators')} before it.` },
    ],
  }),
  'action-needed': (telling) => {
    const keys = keysInWords(telling.event.workingKeyIds ?? []);
    const waits = telling.event.code === 'ROTATION_WAITS';
    return {
      subject: waits
        ? `Rotation of ${telling.whose} waits: ${named(telling)} are both in use`
        : `Old access ${named(telling)} of ${telling.whose} is kept because it is still used`,
      tone: 'do',
      headline: waits ? 'Your access key cannot be rotated' : 'Your old access key is kept, because it is used',
      paragraphs: [
        waits
          ? `IAM allows two access keys for a user, and ${keys} both work. A new key needs room, so the rotation waits until one of them is no longer used.`
          : `Its time is over, and ${keys} ${usedBy(telling)}. It works until it has not been used for ${telling.user ? hours(telling.user.quietForHours) : 'a while'}.`,
      ],
      steps: waits
        ? [
            { text: `Find out what uses ${keys}, and let all of it use one of them.` },
            { text: howTheOtherGoes(telling) },
          ]
        : stillUsedSteps(telling),
    };
  },
};

const stillUsedSteps = (telling: Named): readonly Step[] =>
  resting(telling)
    ? [
        {
          text: 'Find what still uses this key and stop it: the user is being retired or released, and no new key is made.',
        },
      ]
    : takeOverSteps(telling);

const howTheOtherGoes = ({ user }: Telling): string =>
  user?.unmanagedKeys === 'hold'
    ? 'Then delete the other one, or have it deleted: a key that was not created by a rotation is kept until someone deletes it.'
    : 'You do not need to deactivate or delete the other one: that happens automatically once it is no longer used.';

/** `key …WXYZ` */
const named = ({ event }: Telling): string => keysInWords(event.workingKeyIds ?? []).replace(/^the /, '');

const startsAt = ({ event }: Telling): Date => new Date(event.startsAt ?? event.occurredAt);

const contactOr = ({ slice }: Telling, otherwise: string): string => plain(slice.contact ?? '') || otherwise;

/** @param slice the roster of the event's account; region and secret are taken from it, never from the event */
export function mailWords(event: OwnerEvent, recipient: Recipient, slice: RosterSlice): MailWords {
  const user = recipient.kind === 'admins' && recipient.because === 'not-in-roster' ? undefined : recipient.user;
  const name = user?.name ?? event.userName;
  const account = slice.accountName === undefined ? `account ${slice.accountId}` : slice.accountName;
  const message = MESSAGES[event.type]({ event, user, slice, whose: `${name} in ${account}` });
  return onOneLine({
    subject: `${message.subject}${worksUntil(event)}`,
    tone: message.tone,
    label: LABELS[message.tone],
    headline: message.headline,
    paragraphs: [...forAdmins(recipient, name), ...message.paragraphs].filter((paragraph) => paragraph !== ''),
    facts: facts({ event, user, slice }, name),
    stepsTitle: message.tone === 'know' ? 'If something stopped working' : 'What to do',
    steps: message.steps.map(({ text, command }, index) => ({ number: index + 1, text, command: command ?? null })),
    footer: `${slice.contact === undefined ? '' : `Whom to ask: ${plain(slice.contact)}. `}Sent by the access key rotation of your organization. This e-mail contains no secret and no link, and nobody will ask you for a key by e-mail.`,
  });
}

/** Whatever a value holds, it adds no line to the mail. */
function onOneLine(words: MailWords): MailWords {
  const { subject, headline, paragraphs, facts: all, steps } = words;
  return {
    ...words,
    subject: plain(subject),
    headline: plain(headline),
    paragraphs: paragraphs.map(plain),
    facts: all.map(({ name, value }) => ({ name, value: plain(value) })),
    steps: steps.map(({ number, text, command }) => ({
      number,
      text: plain(text),
      command: command && plain(command),
    })),
  };
}

function forAdmins(recipient: Recipient, name: string): readonly string[] {
  if (recipient.kind === 'owner') return [];
  const why = recipient.because === 'no-address' ? 'has no e-mail address' : 'is not in the published roster';
  return [
    `You receive this as an administrator because ${name} ${why}. The text is addressed to the owner: please forward it.`,
  ];
}

const CURRENT_KEY_FACTS: Partial<Record<OwnerEvent['type'], string>> = {
  'rolled-back': 'Key to use',
  'stored-key-unusable': 'Stored key',
  'action-needed': 'Stored key',
};

function facts({ event, user, slice }: Telling, name: string): MailWords['facts'] {
  const used = event.previousKeyLastUsed;
  const all: readonly (readonly [string, string | undefined])[] = [
    ['Account', slice.accountName === undefined ? slice.accountId : `${slice.accountName} (${slice.accountId})`],
    ['User', name],
    [CURRENT_KEY_FACTS[event.type] ?? 'New key', event.currentKeyId],
    ['Old key', oldKey({ event })],
    ['Old key works', previousKeyId(event) && until(event)],
    [
      'Old key deleted',
      event.previousKey.kind === 'inactive' && event.previousKey.deletedAfter
        ? `not before ${inWords(new Date(event.previousKey.deletedAfter))}, unless a new key needs its slot`
        : undefined,
    ],
    ['Old key last used', used && `${inWords(new Date(used.at))}, ${used.service} in ${used.region}`],
    ['Secret', user && `${user.secretName} in ${slice.region}`],
    ['Can be read by', user && readersOf(user, slice)],
    ['Cause', event.code],
    ['Happened', inWords(new Date(event.occurredAt))],
  ];
  return all.flatMap(([fact, value]) => (value ? [{ name: fact, value }] : []));
}

/** The end of a subject: a reader of many mails sees which key and how long there is. */
function worksUntil({ previousKey, occurredAt }: OwnerEvent): string {
  if (previousKey.kind !== 'works' || Date.parse(previousKey.until) <= Date.parse(occurredAt)) return '';
  return `; ${oldKey({ event: { previousKey } })} works until ${dayInWords(new Date(previousKey.until))}`;
}

/** At adoption keys retire before the first rotation. */
const nothingToDo = ({ event }: Telling): string =>
  `If everything works, no action is needed. ${event.currentKeyId ? 'Anything that stopped working still uses the old key and needs the new one.' : 'No new key has been created yet; you will receive an e-mail when there is one.'}`;

function whyUnusable({ event: { code, currentKeyId } }: Telling): string {
  const key = currentKeyId ? `The key …${currentKeyId.slice(-4)} that the secret holds` : 'The secret';
  if (code === 'CURRENT_KEY_INACTIVE') return `${key} is deactivated in IAM and does not work.`;
  if (code === 'CURRENT_KEY_MISSING') return `${key} no longer exists in IAM.`;
  return 'The secret was deleted by someone without a recovery window. An empty one was created to replace it.';
}

/** Only keys that nothing of ours touches meanwhile. */
function stillWorking({ event: { workingKeyIds = [] } }: Telling): string {
  if (workingKeyIds.length === 0) return 'No other key of this user works.';
  return `${keysInWords(workingKeyIds).replace('the', 'The')} still work${workingKeyIds.length > 1 ? '' : 's'}, and the rotation neither deactivates nor deletes ${workingKeyIds.length > 1 ? 'them' : 'it'} until the secret holds a key that works.`;
}

function until({ previousKey }: OwnerEvent): string {
  if (previousKey.kind === 'uncertain') return 'uncertain';
  if (previousKey.kind !== 'works') return 'no longer';
  const instant = inWords(new Date(previousKey.until));
  return previousKey.whenStillUsed === 'deactivate' ? `until ${instant}` : `at least until ${instant}`;
}

function previousKeyWorks({ event, user }: Telling): string {
  const { previousKey, occurredAt } = event;
  const key = `The old key ${oldKey({ event })}`.trim();
  switch (previousKey.kind) {
    case 'unsaid':
    case 'none':
      return oldKeyIsGone({ event, user })
        ? 'If it replaced an older key, that key was deactivated and deleted immediately.'
        : formerKeyWorks(user);
    case 'uncertain':
      return `${key} is being retired: do not rely on it.`;
    case 'works':
      return workingKey(key, previousKey, occurredAt, user);
    default:
      return oldKeyIsGone({ event, user })
        ? `${key} was deactivated and deleted immediately: it no longer works.`
        : `${key} no longer works.`;
  }
}

function workingKey(key: string, { until: end, whenStillUsed }: WorkingKey, at: string, user?: SliceUser): string {
  const instant = inWords(new Date(end));
  if (whenStillUsed === 'deactivate')
    return `${key} works until ${instant}. Then it is deactivated, even if it is still used.`;
  const quiet = `as soon as it has not been used for ${user ? hours(user.quietForHours) : 'a while'}`;
  if (Date.parse(end) <= Date.parse(at)) return `${key} still works. It is deactivated ${quiet}.`;
  return `${key} works at least until ${instant}. After that it is deactivated ${quiet}.`;
}

/** After a first rotation, when reconcile has not yet written down since when the keys from before retire. */
function formerKeyWorks(user: SliceUser | undefined): string {
  if (!user) return '';
  const key = 'An older key that still works';
  if (user.unmanagedKeys === 'hold') return `${key} continues to work.`;
  const quiet = `as soon as it has not been used for ${hours(user.quietForHours)}`;
  if (user.unmanagedKeys === 'delete') return `${key} is deactivated and deleted ${quiet}.`;
  const then = user.whenStillUsed === 'deactivate' ? 'even if it is still used' : quiet;
  if (user.keepPreviousForHours === 0) return `${key} is deactivated ${then}.`;
  return `${key} continues to work for about ${hours(user.keepPreviousForHours)}. Then it is deactivated, ${then}; you will receive an e-mail about it.`;
}

function usedBy({ event: { previousKeyLastUsed: used } }: Telling): string {
  return used
    ? `was last used on ${inWords(new Date(used.at))}, for ${used.service} in ${used.region}`
    : 'is still being used';
}

function successor(telling: Telling): string {
  if (telling.event.currentKeyId) return 'Its replacement is stored in the secret.';
  return resting(telling)
    ? 'No replacement is created, because the user is being retired or its account is being released.'
    : 'A replacement is being created; you will receive another e-mail when it is ready.';
}

function deletedLater({ event: { previousKey } }: Telling): string {
  return previousKey.kind === 'inactive' && previousKey.deletedAfter
    ? `It is kept, inactive, until ${inWords(new Date(previousKey.deletedAfter))} and deleted after that, or sooner if a new key needs its slot. Until then an administrator can activate it again.`
    : '';
}

const hours = (count: number): string =>
  count % 24 === 0 && count >= 48 ? `${count / 24} days` : `${count} hour${count === 1 ? '' : 's'}`;
