/** Who plays in a rehearsal: the rosters' users in a new local organization, with the keys and owners that the seed draws. */
import securityBoundary from '../../../../docs/permissions-boundary-security.json';
import secretsKeyTemplate from '../../../../docs/secrets-key.template.json';
import type { Roster, RosterAccount } from '../../../roster/roster';
import type { SliceUser, UserGuard } from '../../../../lambda/contract/slice';
import type { FaultPlan } from '../../local-organization/faults';
import type { StackToDeploy } from '../../local-organization/deployment/deploy';
import type { Template } from '../../../cloud-assembly/template';
import { LocalOrganization, type LocalOrganizationOptions } from '../../local-organization/organization';
import { orgBucketName, PERMISSIONS_BOUNDARY_NAME, SECURITY_BOUNDARY_NAME } from '../../../names';
import { permissionsBoundary } from '../../../stacks/pipeline/permissions-boundary';
import { keysTakenOver, takeOver, type StoredState } from './stored-state';
import { nameOf } from './user-key';
import { ownerProfileOf, type Scenario } from '../scenario/scenario';
import { drawOwnerProfile, type ExistingKey, type OwnerProfile } from '../scenario/owner-profile';
import type { KeyPair } from './environment';

export interface Player {
  readonly accountId: string;
  readonly accountName: string;
  /** As the roster has it that was deployed last. */
  user: SliceUser;
  readonly profile: OwnerProfile;
  /** Keys from before the product, the owner's first. */
  readonly keys: readonly (KeyPair & { readonly use: ExistingKey['use']; readonly createdAt: Date })[];
}

export interface Participants {
  readonly organization: LocalOrganization;
  readonly orgBucket: string;
  readonly players: readonly Player[];
}

const DAY_MS = 86_400_000;

interface CastOptions {
  readonly seed: number;
  readonly start: Date;
  readonly faults?: Pick<FaultPlan, 'next'>;
  readonly everyRun?: boolean;
  readonly scenario?: Pick<Scenario, 'owners'>;
  /** What an account holds already: users whom it names have these keys and no others. */
  readonly stored?: StoredState;
}

/**
 * Accounts, users and readers as they are before anything is deployed.
 * @param rosters the one to begin with and those that it changes to; whoever is in any of them is there from the start
 */
export function assemble(rosters: readonly [Roster, ...Roster[]], options: CastOptions): Participants {
  const [{ organization: org, region, userGuard, accounts: first }] = rosters;
  const securityAccount = org?.securityAccount ?? first[0]!.id;
  const accounts = distinct(
    rosters.flatMap((roster) => roster.accounts),
    ({ id }) => id,
  );
  const accountIds = distinct(
    [...(org ? [org.managementAccount] : []), securityAccount, ...accounts.map(({ id }) => id)],
    (id) => id,
  );
  const organization = new LocalOrganization({
    ...options,
    organizationId: org?.id ?? 'o-local00000',
    region,
    accountIds,
    managementAccountId: org?.managementAccount,
    ...treeOf(rosters, accounts),
  });
  for (const id of accountIds)
    organization.directory.putManagedPolicy(
      `arn:aws:iam::${id}:policy/${PERMISSIONS_BOUNDARY_NAME}`,
      JSON.stringify(permissionsBoundary(userGuard)),
    );
  organization.directory.putManagedPolicy(
    `arn:aws:iam::${securityAccount}:policy/${SECURITY_BOUNDARY_NAME}`,
    JSON.stringify(securityBoundary),
  );
  for (const alias of new Set(rosters.flatMap(({ secretsKey }) => secretsKey ?? []))) {
    for (const id of accountIds) organization.deployStack(secretsKeyStack(alias, id, region));
  }
  if (options.stored) takeOver(organization, options.stored, orgBucketName(securityAccount, region));
  const players = rosters.flatMap(({ userGuard: guard, accounts: listed }) =>
    listed.flatMap(({ id, name, users }) => users.map((user) => ({ guard, account: { id, name }, user }))),
  );
  const entered = distinct(players, ({ account, user }) => nameOf(account.id, user.name)).map(
    ({ guard, account, user }) => enter(organization, guard, options, account, user),
  );
  rosters.flatMap((roster) => roster.accounts).forEach((account) => makeReaders(organization, account));
  return { organization, orgBucket: orgBucketName(securityAccount, region), players: entered };
}

const UNITS = 3;

/**
 * Where the accounts are in the organization: below every unit that a roster names as its target, and where none names
 * any, in units of their own, as those of most organizations are.
 */
function treeOf(
  rosters: readonly Roster[],
  accounts: readonly RosterAccount[],
): Pick<LocalOrganizationOptions, 'rootId' | 'units'> {
  const targets = distinct(
    rosters.flatMap(({ organization }) => organization?.organizationalUnits ?? []),
    (id) => id,
  );
  const rootId = targets.find((id) => id.startsWith('r-'));
  const named = targets.filter((id) => id !== rootId).join('/');
  const reached = accounts.filter(({ deployment }) => deployment === 'stackset');
  const units = reached.map(({ id }, index) => [
    id,
    named || `ou-${(rootId ?? 'r-ab12').slice(2)}-0000000${index % UNITS}`,
  ]);
  return { rootId, units: Object.fromEntries(units) as Record<string, string> };
}

/** The first of each name. */
const distinct = <T>(items: readonly T[], nameOf: (item: T) => string): T[] =>
  [...new Map([...items].reverse().map((item) => [nameOf(item), item])).values()].reverse();

/** The key that people deploy in every account before the roster names it. */
export const secretsKeyStack = (alias: string, accountId: string, region: string): StackToDeploy => ({
  template: secretsKeyTemplate as unknown as Template,
  target: { accountId, region, stackName: alias, parameters: { Alias: alias } },
});

/** Each account's administrator as break-glass principal, for people who want to see the secrets. */
export const withAdministrators = (roster: Roster): Roster => ({
  ...roster,
  accounts: roster.accounts.map((account) => ({
    ...account,
    breakGlassRoles: [...account.breakGlassRoles, `arn:aws:iam::${account.id}:user/administrator`],
  })),
});

/** Roles that the roster lets read secrets, as the account's own administrators would have made them. */
function makeReaders({ directory }: LocalOrganization, { id, breakGlassRoles, users }: RosterAccount): void {
  const trustPolicy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${id}:root` }, Action: 'sts:AssumeRole' }],
  });
  for (const arn of new Set([...breakGlassRoles, ...users.flatMap(({ readers }) => readers)])) {
    const [, path, name] = /:role(\/.*\/|\/)([^/]+)$/.exec(arn) ?? [];
    if (name !== undefined) directory.putRole(id, { name, path, trustPolicy, inlinePolicies: {} });
  }
}

function enter(
  { directory }: LocalOrganization,
  guard: UserGuard,
  { seed, start, scenario = { owners: [] } }: CastOptions,
  account: { readonly id: string; readonly name: string },
  user: SliceUser,
): Player {
  const profile = ownerProfileOf(
    scenario,
    user.name,
    drawOwnerProfile(seed, account.id, user.name, user.exempt !== undefined || user.state === 'retired'),
  );
  const common = { accountId: account.id, accountName: account.name, user, profile };
  if (directory.hasUser(account.id, user.name))
    return { ...common, keys: keysTakenOver(directory.user(account.id, user.name)) };
  directory.createUser(account.id, {
    name: user.name,
    ...(guard.kind === 'path' && { path: guard.path }),
    ...(guard.kind === 'tag' && { tags: { [guard.key]: guard.value } }),
  });
  const keys = profile.existingKeys.map(({ ageDays, use }) => {
    const createdAt = new Date(start.getTime() - ageDays * DAY_MS);
    const lastUsedAt = use.by === 'nobody' ? undefined : new Date(start.getTime() - DAY_MS / 2);
    const { accessKeyId, secretAccessKey } = directory.createAccessKey(account.id, user.name, {
      createdAt,
      lastUsedAt,
    });
    return { keyId: accessKeyId, secret: secretAccessKey, use, createdAt };
  });
  return { ...common, keys };
}
