/** Changes of the roster that could lock people out, lose keys or let others read them: stopped unless reviewed as such. */
import type { SliceUser } from '../../lambda/contract/slice';
import type { Roster, RosterAccount } from '../roster/roster';
import { BUILT_IN, hoursOf } from '../roster/settings';
import {
  accountPairs,
  printExemption,
  printFreeze,
  printHours,
  rosterChanges,
  userPairs,
  type FieldChange,
} from './changes';
import { stackChange } from './deployment-changes';
import { longFreeze, switchedOff } from './switched-off';

export interface Danger {
  /** Stable, for machines. */
  readonly kind: string;
  readonly accountId?: string;
  readonly userName?: string;
  readonly from?: string;
  readonly to?: string;
  /** One sentence. */
  readonly reason: string;
  /** What people do about it, in this order. */
  readonly steps?: readonly string[];
}

/**
 * @param from undefined when nothing was published yet: nobody can gain a secret then, but keys exist that could end
 * @param today calendar date; freezes and exemptions that ended before protect nobody any more
 */
export function dangersOf(from: Roster | undefined, to: Roster, today: string): readonly Danger[] {
  if (!from)
    return to.accounts.flatMap(({ id, users }) =>
      users.flatMap((user) => [...adoption(id, undefined, user), ...soonerEnds(id, undefined, user)]),
    );
  return [
    ...rosterChanges(from, to).flatMap(rosterDanger),
    ...freezeDanger(from, to, today),
    ...longFreeze(from.limits.freeze, to.limits.freeze, today),
    ...removals(from, to),
    ...accountPairs(from.accounts, to.accounts).flatMap(([before, after]) => [
      ...accountDangers(before, after),
      ...handovers(before, after),
      ...userPairs(before, after).flatMap((pair) => (pair.to ? userDangers(after!.id, pair.from, pair.to, today) : [])),
    ]),
  ];
}

const ROSTER_DANGERS: Readonly<Record<string, Pick<Danger, 'kind' | 'reason' | 'steps'>>> = {
  'organization.id': {
    kind: 'organization-changed',
    reason: 'functions of the former organization lose the topic and the bucket, those of another one gain them',
  },
  'organization.managementAccount': {
    kind: 'organization-changed',
    reason: 'another account is taken for the one that no StackSet reaches',
  },
  'organization.securityAccount': {
    kind: 'organization-changed',
    reason: 'topic, bucket and pipeline would be made anew in another account',
  },
  'organization.organizationalUnits': {
    kind: 'units-changed',
    reason:
      'the StackSets delete every stack of the former target before they create any for the new one, and rotations wait meanwhile; secrets, keys and schedules stay',
    steps: [
      'push a freeze that begins tomorrow and lasts several days, so that no rotation starts',
      'on its first day, wait until no report lists a pending key: nothing is under way then',
      'push the new target with its code, and wait until the pipeline has passed',
      'let the freeze end',
    ],
  },
  region: {
    kind: 'region-changed',
    reason: 'secrets, functions and bucket would be made anew in another region, and those of the former one are left',
  },
  userGuard: { kind: 'guard-changed', reason: 'the functions reach other users than before' },
  secretsKey: {
    kind: 'secrets-key-changed',
    reason: 'secrets that exist stay under the former key, which the functions can no longer use',
  },
  'notifications.admins': { kind: 'addresses-changed', reason: 'alerts go to other people' },
  'notifications.sender': {
    kind: 'addresses-changed',
    reason:
      'owners get mail from another sender, and none until SES has verified it; while no mail can be sent, no key is retired whose owner must be notified first',
    steps: [
      'ask SES to verify the new sender before you push, and wait until it is verified:\naws ses verify-email-identity --email-address SENDER\naws ses get-identity-verification-attributes --identities SENDER',
      'push the sender with senderIdentity: existing, because the identity is there already',
    ],
  },
  'notifications.senderIdentity': {
    kind: 'sender-identity-changed',
    reason:
      'SES verifies another identity of the sender; mail that stops stops the retirement of keys. Identities that are there already are kept, and one that exists cannot be created again',
    steps: [
      'see which identities exist, and which of them are verified:\naws ses get-identity-verification-attributes --identities SENDER DOMAIN',
      'push; after domain, add the DNS records that the plan then prints',
    ],
  },
  'notifications.contact': {
    kind: 'addresses-changed',
    reason: 'every e-mail directs questions of the owners to someone else',
  },
  'notifications.ownerDomain': { kind: 'addresses-changed', reason: 'notices go to other addresses' },
  'source.connectionArn': { kind: 'source-changed', reason: 'another connection decides what is deployed' },
  'source.repository': { kind: 'source-changed', reason: 'another repository decides what is deployed' },
  'source.branch': { kind: 'source-changed', reason: 'another branch decides what is deployed' },
};

const LIMITS: Readonly<Record<string, string>> = {
  'limits.maxRemovalsPercent': 'later changes may remove more users without being stopped',
  'limits.maxFirstRotationsPerRun': 'more users get their first key at once',
};

function rosterDanger({ field, from, to }: FieldChange): Danger[] {
  const change = { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
  if (LIMITS[field] !== undefined)
    return Number(to) > Number(from)
      ? [{ kind: 'limit-loosened', ...change, reason: `${field}: ${LIMITS[field]}` }]
      : [];
  if ((field === 'userGuard' && from === 'none') || (field === 'secretsKey' && from === undefined)) return [];
  const known = ROSTER_DANGERS[field];
  return known ? [{ ...known, ...change, reason: `${field}: ${known.reason}` }] : [];
}

/** Days to come that were kept free of rotations and are no longer. */
function freezeDanger(
  { limits: { freeze: before } }: Roster,
  { limits: { freeze: after } }: Roster,
  today: string,
): Danger[] {
  const kept = ({ from, to }: (typeof before)[number]): boolean =>
    after.some((window) => window.from <= (from > today ? from : today) && window.to >= to);
  const lost = before.filter((window) => window.to >= today && !kept(window));
  return lost.length === 0
    ? []
    : [
        {
          kind: 'limit-loosened',
          from: printFreeze(lost)!,
          to: printFreeze(after) ?? 'none',
          reason: 'limits.freeze: keys rotate on days that were kept free of it',
        },
      ];
}

/** Users that leave the roster, retire, or are in an account that leaves; judged by the stricter of both limits. */
function removals(from: Roster, to: Roster): Danger[] {
  const total = from.accounts.reduce((sum, { users }) => sum + users.length, 0);
  const ended = accountPairs(from.accounts, to.accounts).flatMap(([before, after]) =>
    userPairs(before, after).flatMap((pair) =>
      ends(pair, before, after) ? [`${(before ?? after)!.id}/${(pair.from ?? pair.to)!.name}`] : [],
    ),
  );
  const limit = Math.min(from.limits.maxRemovalsPercent, to.limits.maxRemovalsPercent);
  if (ended.length === 0 || (100 * ended.length) / total <= limit) return [];
  return [
    {
      kind: 'many-removals',
      from: `${total} users`,
      to: ended.sort().join(' '),
      reason: `${ended.length} of ${total} users would be removed or retired, more than ${limit} percent`,
    },
  ];
}

/** A user who comes as retired may have been released before: the key that was left then ends now. */
function ends(
  { from: user, to: next }: { readonly from?: SliceUser; readonly to?: SliceUser },
  before: RosterAccount | undefined,
  after: RosterAccount | undefined,
): boolean {
  return (
    !next ||
    (user?.state !== 'retired' && next.state === 'retired') ||
    (before?.state === 'active' && after?.state === 'leaving' && user !== undefined)
  );
}

function accountDangers(before: RosterAccount | undefined, after: RosterAccount | undefined): Danger[] {
  const accountId = (before ?? after)!.id;
  if (!before)
    return after!.breakGlassRoles.length > 0 ? [readersDanger(accountId, undefined, [], after!.breakGlassRoles)] : [];
  const stack = stackChange(before, after);
  if (!after)
    return [{ kind: 'account-removed', accountId, from: before.name, to: `none, was ${before.deployment}`, ...stack! }];
  const roles = added(before.breakGlassRoles, after.breakGlassRoles);
  return [
    ...(roles.length > 0 ? [readersDanger(accountId, undefined, before.breakGlassRoles, after.breakGlassRoles)] : []),
    ...(stack
      ? [{ kind: 'deployment-changed', accountId, from: before.deployment, to: after.deployment, ...stack }]
      : []),
  ];
}

/** A secret whose versions hold one user's keys becomes another's, who would read them. */
function handovers(before: RosterAccount | undefined, after: RosterAccount | undefined): Danger[] {
  const owners = new Map<string, string[]>();
  for (const { name, secretName } of before?.users ?? [])
    owners.set(secretName, [...(owners.get(secretName) ?? []), name]);
  return (after?.users ?? []).flatMap(({ name, secretName }) => {
    const former = owners.get(secretName) ?? [];
    if (former.length === 0 || former.some((owner) => owner.toLowerCase() === name.toLowerCase())) return [];
    const from = former.join(', ');
    const reason = `${secretName} changes hands: it holds keys of ${from}, and ${name} and those who read for ${name} gain them`;
    return [{ kind: 'secret-changes-hands', accountId: after!.id, userName: name, from, to: name, reason }];
  });
}

/** A user who is new may have been taken out before: what others gain by it is judged as if nobody had read the secret. */
function userDangers(accountId: string, before: SliceUser | undefined, after: SliceUser, today: string): Danger[] {
  const place = { accountId, userName: after.name };
  const reads = ({ readers, ownerReads }: SliceUser): string[] => [...readers, ...(ownerReads ? ['the owner'] : [])];
  const [readBefore, readAfter] = before ? [reads(before), reads(after)] : [[], after.readers];
  return [
    ...(added(readBefore, readAfter).length > 0 ? [readersDanger(accountId, after.name, readBefore, readAfter)] : []),
    ...(before && before.email !== after.email
      ? [
          {
            kind: 'addresses-changed',
            ...place,
            from: before.email ?? 'the admins',
            to: after.email ?? 'the admins',
            reason: "the owner's notices go to another address",
          },
        ]
      : []),
    ...(before && before.secretName !== after.secretName
      ? [
          {
            kind: 'secret-renamed',
            ...place,
            from: before.secretName,
            to: after.secretName,
            reason: `whoever reads the former secret finds no new key there; ${whenTheKeyEnds(after)}`,
          },
        ]
      : []),
    ...adoption(accountId, before, after),
    ...soonerEnds(accountId, before, after),
    ...switchedOff(accountId, before, after, today),
    ...(before ? exemptionDanger(accountId, before, after, today) : []),
  ];
}

/** Of a secret that moves: its key moves along, and a rotation follows. */
function whenTheKeyEnds({ exempt, state, ...user }: SliceUser): string {
  const goesAlong = 'the key that it holds now is stored in the new secret too';
  if (state === 'retired') return `${goesAlong} and ends as that of a retired user`;
  const [keep, inactive] = [printHours(user.keepPreviousForHours), printHours(user.deleteInactiveAfterHours)];
  const most = user.holdAtMostHours === undefined ? '' : `, at most for ${printHours(user.holdAtMostHours)} more`;
  const longer =
    user.whenStillUsed === 'hold' ? ` and then for as long as it is used${most}` : ' whether it is used or not';
  const start = exempt ? `is rotated once the exemption is over (${exempt.until})` : 'is rotated right after the push';
  return `${goesAlong} and ${start}; it works for ${keep} after that rotation${longer}, and is deleted ${inactive} after it stopped`;
}

/** A secret that somebody else made, whose readers nobody here knows. */
function adoption(accountId: string, before: SliceUser | undefined, after: SliceUser): Danger[] {
  if (!after.adoptSecret || (before?.adoptSecret && before.secretName === after.secretName)) return [];
  return [
    {
      kind: 'secret-adopted',
      accountId,
      userName: after.name,
      to: after.secretName,
      reason:
        'adoptSecret: if someone else created the secret, it is taken over, and every reader that the roster does not list loses access',
    },
  ];
}

const HARSHNESS: readonly string[] = ['hold', 'retire', 'deactivate', 'delete'];

/** What ends keys sooner than before; of a user who is new, sooner than by the built-in settings: the keys are older than the roster's word. */
function soonerEnds(accountId: string, before: SliceUser | undefined, after: SliceUser): Danger[] {
  const place = { accountId, userName: after.name };
  const shorter = (field: 'keepPreviousFor' | 'quietFor' | 'deleteInactiveAfter'): Danger[] => {
    const [from, to] = [before ? before[`${field}Hours`] : hoursOf(BUILT_IN[field])!, after[`${field}Hours`]];
    return to < from
      ? [
          {
            kind: 'times-shortened',
            ...place,
            from: printHours(from),
            to: printHours(to),
            reason: `${field}: an old key is deactivated sooner than ${before ? 'announced to its owner' : 'by the built-in settings'}`,
          },
        ]
      : [];
  };
  const harsher = (field: 'unmanagedKeys' | 'whenStillUsed'): Danger[] => {
    const [from, to] = [(before ?? BUILT_IN)[field], after[field]];
    return HARSHNESS.indexOf(to) > HARSHNESS.indexOf(from)
      ? [
          {
            kind: 'made-harsher',
            ...place,
            from,
            to,
            reason: `${field}: keys are deactivated that ${before ? 'would have been kept' : 'the built-in settings would keep'}`,
          },
        ]
      : [];
  };
  return [
    ...shorter('keepPreviousFor'),
    ...shorter('quietFor'),
    ...shorter('deleteInactiveAfter'),
    ...shorterHold(place, before, after),
    ...shorterAnnouncement(place, before, after),
    ...harsher('unmanagedKeys'),
    ...harsher('whenStillUsed'),
  ];
}

/** From never, or from longer. A key that is not held at all is no concern of this setting. */
function shorterHold(
  place: { readonly accountId: string; readonly userName: string },
  before: SliceUser | undefined,
  after: SliceUser,
): Danger[] {
  const [from, to] = [before?.holdAtMostHours ?? Infinity, after.holdAtMostHours ?? Infinity];
  if (after.whenStillUsed !== 'hold' || before?.whenStillUsed === 'deactivate' || to >= from) return [];
  const print = (hours: number): string => (hours === Infinity ? 'never' : printHours(hours));
  const reason = 'holdAtMost: an old key that is still used is deactivated all the same, sooner than before';
  return [{ kind: 'times-shortened', ...place, from: print(from), to: print(to), reason }];
}

/** Of a user whose first rotation may still be to come. */
function shorterAnnouncement(
  place: { readonly accountId: string; readonly userName: string },
  before: SliceUser | undefined,
  after: SliceUser,
): Danger[] {
  const [from, to] = [before?.announceFirstRotationHours ?? 0, after.announceFirstRotationHours ?? 0];
  if (to >= from) return [];
  const reason =
    'announceFirstRotation: a first rotation that is to come starts sooner than its owner was to be mailed';
  return [{ kind: 'times-shortened', ...place, from: printHours(from), to: printHours(to), reason }];
}

/** Rotation that resumes keeps an old key that is in use, unless the user's settings end it all the same. */
function exemptionDanger(accountId: string, before: SliceUser, after: SliceUser, today: string): Danger[] {
  const ended = before.exempt && before.exempt.until >= today && (after.exempt?.until ?? '') < before.exempt.until;
  if (!ended || (after.whenStillUsed === 'hold' && after.keepPreviousForHours > 0)) return [];
  return [
    {
      kind: 'exemption-shortened',
      accountId,
      userName: after.name,
      from: printExemption(before.exempt)!,
      to: printExemption(after.exempt) ?? 'none',
      reason: 'rotation resumes sooner, and ends the old key even if it is still used',
    },
  ];
}

/** Says who read before as well: the same addition to other readers is another change. */
function readersDanger(
  accountId: string,
  userName: string | undefined,
  before: readonly string[],
  after: readonly string[],
): Danger {
  const print = (readers: readonly string[]): string =>
    readers.length > 0 ? [...readers].sort().join(', ') : 'nobody';
  return {
    kind: 'readers-added',
    accountId,
    ...(userName !== undefined && { userName }),
    from: print(before),
    to: print(after),
    reason: userName === undefined ? 'roles gain every secret of the account' : "principals gain the user's secret",
  };
}

const added = (before: readonly string[], after: readonly string[]): string[] =>
  after.filter((item) => !before.includes(item)).sort();
