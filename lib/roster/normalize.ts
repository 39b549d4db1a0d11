/** A roster without problems, with every default resolved. */
import { SECRET_NAME_PREFIX } from '../../lambda/contract/names';
import type { SliceUser, UserGuard } from '../../lambda/contract/slice';
import type { Roster, RosterAccount } from './roster';
import { ownerAddress } from './rules';
import { hoursOf, resolve, type Settings } from './settings';

/** The file as the schema admits it. */
interface Written {
  readonly organization?: {
    id: string;
    managementAccount: string;
    root?: string;
    organizationalUnits?: string[];
    securityAccount: string;
    region: string;
    userGuard?: WrittenGuard;
  };
  readonly region?: string;
  readonly userGuard?: WrittenGuard;
  readonly secretsKey?: string;
  readonly notifications: Roster['notifications'];
  readonly source?: Roster['source'];
  readonly defaults?: Partial<Settings>;
  readonly limits?: Partial<Roster['limits']>;
  readonly acknowledge?: string[];
}

type WrittenGuard = 'none' | { tag: { key: string; value: string } } | { path: string };

interface WrittenAccount extends Partial<Settings> {
  readonly id: string;
  readonly name: string;
  readonly canary?: boolean;
  readonly state?: RosterAccount['state'];
  readonly deployment?: RosterAccount['deployment'];
  readonly breakGlassRoles?: string[];
  readonly users: (string | WrittenUser)[];
}

interface WrittenUser extends Partial<Settings> {
  readonly name: string;
  readonly email?: string;
  readonly secretName?: string;
  readonly adoptSecret?: boolean;
  readonly readers?: string[];
  readonly state?: SliceUser['state'];
  readonly exempt?: NonNullable<SliceUser['exempt']>;
}

/** @param parts data of files that hold accounts, the roster's own included */
export function normalize(data: unknown, parts: readonly unknown[]): Roster {
  const written = data as Written;
  const { organization } = written;
  const accounts = parts.flatMap((part) => (part as { accounts?: WrittenAccount[] }).accounts ?? []);
  return {
    ...(organization && {
      organization: {
        id: organization.id,
        managementAccount: organization.managementAccount,
        organizationalUnits: organization.root === undefined ? organization.organizationalUnits! : [organization.root],
        securityAccount: organization.securityAccount,
      },
    }),
    region: organization?.region ?? written.region!,
    userGuard: guardOf(organization ? organization.userGuard : written.userGuard),
    ...(written.secretsKey !== undefined && { secretsKey: written.secretsKey }),
    notifications: { ...written.notifications },
    ...(written.source && { source: { ...written.source } }),
    limits: {
      maxFirstRotationsPerRun: written.limits?.maxFirstRotationsPerRun ?? 20,
      maxRemovalsPercent: written.limits?.maxRemovalsPercent ?? 5,
      freeze: (written.limits?.freeze ?? []).map(({ from, to }) => ({ from, to })),
    },
    acknowledge: written.acknowledge ?? [],
    accounts: accounts.map((account) => accountOf(account, written)),
  };
}

function guardOf(written: WrittenGuard = 'none'): UserGuard {
  if (written === 'none') return { kind: 'none' };
  return 'tag' in written
    ? { kind: 'tag', key: written.tag.key, value: written.tag.value }
    : { kind: 'path', path: written.path };
}

function accountOf(account: WrittenAccount, written: Written): RosterAccount {
  return {
    id: account.id,
    name: account.name,
    canary: account.canary ?? false,
    state: account.state ?? 'active',
    deployment: account.deployment ?? 'stackset',
    breakGlassRoles: account.breakGlassRoles ?? [],
    users: account.users.map((user) => userOf(typeof user === 'string' ? { name: user } : user, account, written)),
  };
}

function userOf(user: WrittenUser, account: WrittenAccount, { defaults = {}, notifications }: Written): SliceUser {
  const settings = resolve(defaults, account, user);
  const holdAtMostHours = hoursOf(settings.holdAtMost);
  const announced = hoursOf(settings.announceFirstRotation)!;
  const email = user.email ?? ownerAddress(user.name, notifications.ownerDomain);
  return {
    name: user.name,
    secretName: `${SECRET_NAME_PREFIX}${user.secretName ?? user.name}`,
    ...(email !== undefined && { email }),
    state: user.state ?? 'active',
    rotateEveryHours: hoursOf(settings.rotateEvery)!,
    keepPreviousForHours: hoursOf(settings.keepPreviousFor)!,
    quietForHours: hoursOf(settings.quietFor)!,
    deleteInactiveAfterHours: hoursOf(settings.deleteInactiveAfter)!,
    whenStillUsed: settings.whenStillUsed,
    ...(holdAtMostHours !== undefined && { holdAtMostHours }),
    unmanagedKeys: settings.unmanagedKeys,
    ownerReads: settings.ownerReads,
    readers: user.readers ?? [],
    ...(announced > 0 && { announceFirstRotationHours: announced }),
    ...(user.adoptSecret && { adoptSecret: true as const }),
    ...(user.exempt && { exempt: { ...user.exempt } }),
  };
}
