/** What an owner's mail asks its reader to do: who can read the secret, by which command, and how to see that it worked. */
import { endsHere } from '../roster/suspension';
import type { OwnerEvent } from './owner-event';
import type { RosterSlice, SliceUser } from '../../contract/slice';

/** What a mail is about. `user`: absent when the roster does not know the event's user. */
export interface Telling {
  readonly event: OwnerEvent;
  readonly user: SliceUser | undefined;
  readonly slice: RosterSlice;
}

export interface Step {
  readonly text: string;
  readonly command?: string;
}

/** No new key is to come. */
export const resting = ({ user, slice }: Telling): boolean => user !== undefined && endsHere({ user, slice });

const REPLACE = 'use access_key_id and secret_access_key from the output.';

export function takeOverSteps(telling: Telling): readonly Step[] {
  const { event } = telling;
  if (!event.currentKeyId)
    return [
      resting(telling)
        ? { text: 'Stop using this user: it is being retired, or its account is being released.' }
        : {
            text: 'Configure it to use the other key of this user. A new key is created once the old one has been deleted.',
          },
    ];
  return [
    ...fetchSteps(telling, 'the new key'),
    { text: `Replace the old key wherever you use it: ${REPLACE}` },
    ...checkSteps(event),
    ...(event.previousKey.kind === 'works'
      ? [{ text: 'You do not need to deactivate or delete the old key: that happens automatically.' }]
      : []),
  ];
}

export function putBackSteps(telling: Telling): readonly Step[] {
  const { event } = telling;
  return [
    ...fetchSteps(telling, 'the previous key'),
    {
      text: 'Wherever you already use the newer key, replace it: use access_key_id and secret_access_key from the output.',
    },
    ...checkSteps(event),
  ];
}

/** The stored key does not work: whoever keeps IAM can cure that, and the owner knows which key is in use. */
export function unusableSteps({ event, user }: Telling): readonly Step[] {
  const { code, currentKeyId, workingKeyIds = [] } = event;
  const name = user?.name ?? event.userName;
  const keepOn =
    workingKeyIds.length > 0
      ? [
          {
            text: `Continue to use ${keysInWords(workingKeyIds)}. Do not use the key in the secret ${code === 'CURRENT_KEY_INACTIVE' ? 'until it has been activated again' : 'until another e-mail announces a new key'}.`,
          },
        ]
      : [];
  if (code === 'CURRENT_KEY_INACTIVE' && currentKeyId)
    return [
      ...keepOn,
      {
        text: `Ask an administrator, or anyone else with permission, to activate the key ${ending(currentKeyId)} again. If it was deactivated on purpose, ask the administrators for a new key instead.`,
        command: `aws iam update-access-key --user-name ${shellWord(name)} --access-key-id ${shellWord(currentKeyId)} --status Active`,
      },
    ];
  return [
    ...keepOn,
    {
      text:
        workingKeyIds.length > 1
          ? `Let the administrators know which of ${keysInWords(workingKeyIds)} you use. They have been notified of how to get a new key created; the key that nobody uses must be deleted first.`
          : 'Ask the administrators when a new key will be created: they have been notified of what is blocking it.',
    },
  ];
}

/** By their ends. */
export const keysInWords = (keyIds: readonly string[]): string =>
  `the key${keyIds.length > 1 ? 's' : ''} ${keyIds.map(ending).join(' and ')}`;

const ending = (keyId: string): string => `…${keyId.slice(-4)}`;

export function recoverySteps(telling: Telling): readonly Step[] {
  const { currentKeyId, previousKey } = telling.event;
  const activate =
    previousKey.kind === 'inactive' && previousKey.deletedAfter
      ? [
          {
            text: `${currentKeyId ? 'If that takes time, ask' : 'Ask'} an administrator to activate the old key ${currentKeyId ? 'temporarily' : 'again'}.`,
          },
        ]
      : [];
  if (!currentKeyId) return activate;
  return [
    ...fetchSteps(telling, 'the new key'),
    { text: `Replace the old key where it is still used: ${REPLACE}` },
    ...checkSteps(telling.event),
    ...activate,
  ];
}

/** While no new key is there yet. */
export function waitSteps({ event }: Telling, newKeyComes: boolean): readonly Step[] {
  return [
    { text: `Find every place where the key ${oldKey({ event })} is configured: it no longer works there.` },
    ...(newKeyComes ? [{ text: 'Wait for the e-mail about the new key; it explains how to retrieve it.' }] : []),
  ];
}

/** Any key of a user gets the same answer of GetCallerIdentity, so only the profile itself shows which one it holds. */
function checkSteps({ currentKeyId }: OwnerEvent): readonly Step[] {
  if (!currentKeyId) return [];
  return [
    {
      text: `Check that your profile (default or another) uses it: the output must end in ${currentKeyId.slice(-4)}.`,
      command: 'aws configure get aws_access_key_id --profile default',
    },
  ];
}

/** Only who may read the secret is told to read it. */
function fetchSteps({ event, user, slice }: Telling, key: string): readonly Step[] {
  if (!user) return [{ text: 'Find out who owns this user, then add the user to the roster or delete it.' }];
  const command = fetchCommand(user, slice);
  const others = othersOf(user, slice);
  const hand =
    others.length > 0 ? `ask one of those who can, ${others.join(', ')}, to retrieve ${key} with:` : undefined;
  const missing =
    'can: ask whoever maintains the roster to add a reader for this secret (`readers`), who can then retrieve it.';
  if (!user.ownerReads)
    return hand
      ? [{ text: `This user cannot read its own secret: ${hand}`, command }]
      : [{ text: `This user cannot read its own secret, and nobody else ${missing}` }];
  if (event.previousKey.kind === 'works') return [{ text: `Retrieve ${key} while the old one still works:`, command }];
  if (isNew(event) && event.previousKey.kind === 'uncertain')
    return [
      {
        text: `Retrieve ${key}. If the old key no longer works, ${others.length > 0 ? `ask someone else who can read the secret (${others.join(', ')})` : 'ask the administrators to add a reader for the secret'}:`,
        command,
      },
    ];
  if (isNew(event) && (previousKeyId(event) || oldKeyIsGone({ event, user })))
    return hand
      ? [{ text: `The old key can no longer read the secret: ${hand}`, command }]
      : [{ text: `The old key can no longer read the secret, and apart from this user nobody ${missing}` }];
  const also = others.length > 0 ? `, or ask someone else who can read it (${others.join(', ')})` : '';
  return [
    {
      text: `Retrieve ${key} ${previousKeyId(event) ? 'with a profile that already uses it' : 'with a key of this user that still works'}${also}:`,
      command,
    },
  ];
}

/** `keepPreviousFor: 0d`: no owner can read the new key with the old one. */
export const oldKeyIsGone = ({ event, user }: Pick<Telling, 'event' | 'user'>): boolean =>
  isNew(event) &&
  user?.keepPreviousForHours === 0 &&
  (event.previousKey.kind === 'gone' || event.previousKey.kind === 'unsaid');

/** Nobody holds the new key yet. */
const isNew = ({ type }: OwnerEvent): boolean => type === 'rotated' || type === 'rotation-partial';

/** Who may read the secret, by the roster; those of the account itself by their short names. */
export function readersOf(user: SliceUser, slice: RosterSlice): string {
  const all = [...(user.ownerReads ? [plain(user.name)] : []), ...othersOf(user, slice)];
  return all.length > 0 ? all.join(', ') : 'nobody: the roster lists no readers';
}

const othersOf = ({ readers }: SliceUser, { accountId, breakGlassRoles }: RosterSlice): readonly string[] =>
  [...new Set([...readers, ...breakGlassRoles])].map((arn) => plain(shortened(arn, accountId)));

/** `role/deployer` of `arn:aws:iam::333333333333:role/deployer`. */
const shortened = (arn: string, accountId: string): string =>
  arn.split(':')[4] === accountId ? arn.split(':').slice(5).join(':') : arn;

/** The secret's value as text, for a POSIX shell. */
export function fetchCommand({ secretName }: SliceUser, { region }: RosterSlice): string {
  return `aws secretsmanager get-secret-value --region ${shellWord(region)} --secret-id ${shellWord(secretName)} --query SecretString --output text`;
}

function shellWord(value: string): string {
  const word = plain(value);
  return /^[\w/+=.,@:-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

export const oldKey = ({ event }: { readonly event: Pick<OwnerEvent, 'previousKey'> }): string => {
  const keyId = previousKeyId(event);
  return keyId === undefined ? '' : ending(keyId);
};

export const previousKeyId = ({ previousKey }: Pick<OwnerEvent, 'previousKey'>): string | undefined =>
  'keyId' in previousKey ? previousKey.keyId : undefined;

/** No line break, no control character, nothing that turns the direction of writing. */
export function plain(value: string): string {
  return value.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();
}
