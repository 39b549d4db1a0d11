/** What an owner's mail says, without any markup: both forms of the mail are made of this and of nothing else. */
import type { OwnerEvent } from './mail-event';
import type { Recipient } from './mail-recipient';
import type { RosterSlice, SliceUser } from './slice';

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

interface Telling {
  readonly event: OwnerEvent;
  readonly user: SliceUser | undefined;
  readonly slice: RosterSlice;
}

interface Message {
  readonly topic: string;
  readonly tone: MailWords['tone'];
  readonly headline: string;
  readonly paragraphs: readonly string[];
  readonly steps: readonly Step[];
}

interface Step {
  readonly text: string;
  readonly command?: string;
}

const LABELS: Readonly<Record<MailWords['tone'], string>> = { know: 'For your information', do: 'Please act', hurry: 'Please act soon' };

const NOTHING_TO_DO = 'If everything works, there is nothing to do. Something that stopped working still has the old key, and needs the new one.';

const MESSAGES: Readonly<Record<OwnerEvent['type'], (telling: Telling) => Message>> = {
  rotated: (telling) => ({
    topic: 'new access key',
    tone: 'do',
    headline: 'Your access key was rotated',
    paragraphs: ['A new access key was made, tested and stored.', previousKeyWorks(telling)],
    steps: takeOverSteps(telling),
  }),
  'rotation-partial': (telling) => ({
    topic: 'new access key, rotation not finished',
    tone: 'do',
    headline: 'You have a new access key, but its rotation is not finished',
    paragraphs: ['The new key works and is stored; a step after that failed. The administrators were told.', previousKeyWorks(telling)],
    steps: takeOverSteps(telling),
  }),
  'previous-key-in-use': (telling) => ({
    topic: 'old access key is still used',
    tone: 'hurry',
    headline: 'Something still uses your old access key',
    paragraphs: [`The old key ${oldKey(telling)} ${usedBy(telling)}.`, previousKeyWorks(telling)],
    steps: [{ text: 'Find what still uses the old key: the service, region and time above are a start.' }, ...takeOverSteps(telling)],
  }),
  'previous-key-deactivated': (telling) => ({
    topic: 'old access key deactivated',
    tone: 'know',
    headline: 'Your old access key was deactivated',
    paragraphs: [`The old key ${oldKey(telling)} no longer works.`, deletedLater(telling), NOTHING_TO_DO],
    steps: recoverySteps(telling),
  }),
  'previous-key-deleted': (telling) => ({
    topic: 'old access key deleted',
    tone: 'know',
    headline: 'Your old access key was deleted',
    paragraphs: [`The old key ${oldKey(telling)} is gone and cannot be restored.`, NOTHING_TO_DO],
    steps: takeOverSteps(telling),
  }),
  'retirement-failed': (telling) => ({
    topic: 'old access key not retired yet',
    tone: 'do',
    headline: 'Your old access key could not be retired yet',
    paragraphs: ['The new key works and is stored. Retiring the old one failed; the administrators were told and it is attempted again by itself.', previousKeyWorks(telling)],
    steps: takeOverSteps(telling),
  }),
  'key-compromised': (telling) => ({
    topic: 'access key compromised',
    tone: 'hurry',
    headline: 'Your access key was declared compromised',
    paragraphs: [`The key ${oldKey(telling)} was deactivated and will not work again. A new one is being made; you get another mail when it is there.`, 'If you did not expect this, talk to your security team before anything else.'],
    steps: takeOverSteps(telling),
  }),
  'rolled-back': (telling) => ({
    topic: 'previous access key works again',
    tone: 'do',
    headline: 'Your previous access key works again',
    paragraphs: [`An administrator went back to the key before, which the secret holds again. The newer key ${oldKey(telling)} is withdrawn: it ends like any old key.`, 'Where you still use the previous key, there is nothing to do.'],
    steps: putBackSteps(telling),
  }),
};

/** @param slice the roster of the event's account; region and secret are taken from it, never from the event */
export function mailWords(event: OwnerEvent, recipient: Recipient, slice: RosterSlice): MailWords {
  const user = recipient.kind === 'admins' && recipient.because === 'not-in-roster' ? undefined : recipient.user;
  const name = plain(user?.name ?? event.userName);
  const message = MESSAGES[event.type]({ event, user, slice });
  return {
    subject: `${capitalized(message.topic)}: ${name} in account ${slice.accountId}`,
    tone: message.tone,
    label: LABELS[message.tone],
    headline: message.headline,
    paragraphs: [...forAdmins(recipient, name), ...message.paragraphs].filter((paragraph) => paragraph !== ''),
    facts: facts({ event, user, slice }, name),
    stepsTitle: message.tone === 'know' ? 'If something stopped working' : 'What to do',
    steps: message.steps.map(({ text, command }, index) => ({ number: index + 1, text, command: command ?? null })),
    footer: 'Sent by the access key rotation of your organization. This mail holds no secret and no link, and nobody will ask you for a key by mail.',
  };
}

function forAdmins(recipient: Recipient, name: string): readonly string[] {
  if (recipient.kind === 'owner') return [];
  const why = recipient.because === 'no-address' ? 'has no address that a mail could go to' : 'is not in the published roster';
  return [`You get this as an administrator, because ${name} ${why}. The text is what the owner would read: please pass it on.`];
}

function facts({ event, user, slice }: Telling, name: string): MailWords['facts'] {
  const used = event.previousKeyLastUsed;
  const all: readonly (readonly [string, string | undefined])[] = [
    ['Account', slice.accountId],
    ['User', name],
    [event.type === 'rolled-back' ? 'Key to use' : 'New key', event.currentKeyId],
    ['Old key', event.previousKeyId && oldKey({ event })],
    ['Old key works', event.previousKeyId && until(event)],
    ['Old key deleted', event.previousKeyDeletedAfter && event.type !== 'previous-key-deleted' ? `not before ${inWords(event.previousKeyDeletedAfter)}` : undefined],
    ['Old key last used', used && `${inWords(used.at)}, ${used.service} in ${used.region}`],
    ['Secret', user && `${plain(user.secretName)} in ${slice.region}`],
    ['May read it', user && readersOf(user)],
    ['Cause', event.code],
    ['Happened', inWords(event.occurredAt)],
  ];
  return all.flatMap(([fact, value]) => (value ? [{ name: fact, value }] : []));
}

function until({ previousKeyActiveUntil, whenStillUsed }: OwnerEvent): string {
  if (!previousKeyActiveUntil) return 'no longer';
  return whenStillUsed === 'deactivate' ? `until ${inWords(previousKeyActiveUntil)}` : `at least until ${inWords(previousKeyActiveUntil)}`;
}

function previousKeyWorks({ event, user }: Telling): string {
  if (!event.previousKeyId) return user?.keepPreviousForHours === 0 ? 'If it replaced an older key, that one was deactivated and deleted at once.' : '';
  const key = `The old key ${oldKey({ event })}`;
  if (!event.previousKeyActiveUntil) return `${key} no longer works.`;
  const instant = inWords(event.previousKeyActiveUntil);
  if (event.whenStillUsed === 'deactivate') return `${key} works until ${instant}. Then it is deactivated, even if it is still used.`;
  const quiet = `as soon as it has not been used for ${user ? hours(user.quietForHours) : 'a while'}`;
  if (Date.parse(event.previousKeyActiveUntil) <= Date.parse(event.occurredAt)) return `${key} still works. It is deactivated ${quiet}.`;
  return `${key} works at least until ${instant}. After that it is deactivated ${quiet}.`;
}

function usedBy({ event: { previousKeyLastUsed: used } }: Telling): string {
  return used ? `was last used on ${inWords(used.at)}, for ${used.service} in ${used.region}` : 'is still being used';
}

function deletedLater({ event: { previousKeyDeletedAfter } }: Telling): string {
  return previousKeyDeletedAfter ? `It is kept, inactive, until ${inWords(previousKeyDeletedAfter)} and deleted after that. Until then an administrator can activate it again.` : '';
}

function takeOverSteps(telling: Telling): readonly Step[] {
  const { event } = telling;
  const steps: Step[] = [...fetchSteps(telling), { text: 'Replace the old key wherever you use it: access_key_id and secret_access_key of the answer take the place of the old pair.' }];
  steps.push({ text: 'Check that the new key is in use; the answer names your user:', command: 'aws sts get-caller-identity' });
  if (event.previousKeyActiveUntil) steps.push({ text: 'You need not deactivate or delete the old key: that happens by itself.' });
  return steps;
}

function putBackSteps(telling: Telling): readonly Step[] {
  const fetch = fetchSteps(telling).map((step) => ({ ...step, text: step.text.replace('the new key', 'the previous key') }));
  return [...fetch, { text: 'Put it back wherever you took the newer one over: access_key_id and secret_access_key of the answer.' }];
}

function recoverySteps(telling: Telling): readonly Step[] {
  return [...fetchSteps(telling), { text: 'Replace the old key where it is still used: access_key_id and secret_access_key of the answer take the place of the old pair.' }, ...(telling.event.previousKeyDeletedAfter ? [{ text: 'If that takes time, ask an administrator to activate the old key for a while.' }] : [])];
}

/** Only who may read the secret is told to read it. */
function fetchSteps({ event, user, slice }: Telling): readonly Step[] {
  if (!user) return [{ text: 'Find out who owns this user, and put the user into the roster or remove it.' }];
  const command = fetchCommand(user, slice);
  if (!user.ownerReads) {
    if (user.readers.length === 0) return [{ text: 'This user may not read its own secret. Ask an administrator for the new key.' }];
    return [{ text: `This user may not read its own secret. Ask one of those who may, ${user.readers.map(plain).join(', ')}, to fetch the new key with:`, command }];
  }
  if (event.previousKeyActiveUntil) return [{ text: 'Fetch the new key, while the old one still works:', command }];
  const also = user.readers.length > 0 ? `, or ask one of those who may read it too (${user.readers.map(plain).join(', ')})` : ', or ask an administrator';
  return [{ text: `Fetch the new key with a key of this user that still works${also}:`, command }];
}

function readersOf({ ownerReads, name, readers }: SliceUser): string {
  const all = [...(ownerReads ? [plain(name)] : []), ...readers.map(plain)];
  return all.length > 0 ? all.join(', ') : 'administrators only';
}

/** The secret's value as text, for a POSIX shell. */
export function fetchCommand({ secretName }: SliceUser, { region }: RosterSlice): string {
  return `aws secretsmanager get-secret-value --region ${shellWord(region)} --secret-id ${shellWord(secretName)} --query SecretString --output text`;
}

function shellWord(value: string): string {
  const word = plain(value);
  return /^[\w/+=.,@:-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

const oldKey = ({ event }: Pick<Telling, 'event'>): string => (event.previousKeyId ? `…${event.previousKeyId.slice(-4)}` : '');

const hours = (count: number): string => (count % 24 === 0 && count >= 48 ? `${count / 24} days` : `${count} hour${count === 1 ? '' : 's'}`);

const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];

/** `14 March 2026, 09:30 UTC`: one reading everywhere. */
function inWords(instant: string): string {
  const at = new Date(instant);
  return `${at.getUTCDate()} ${MONTHS[at.getUTCMonth()]} ${at.getUTCFullYear()}, ${at.toISOString().slice(11, 16)} UTC`;
}

/** No line break, no control character, nothing that turns the direction of writing. */
function plain(value: string): string {
  return value.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();
}

const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
