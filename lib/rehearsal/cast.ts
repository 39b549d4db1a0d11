/** Who plays in a rehearsal: the roster's users in a new local organization, with the keys and owners that the seed draws. */
import { toSlices } from '../roster/slices';
import type { Roster, RosterAccount } from '../roster/roster';
import type { SliceUser, UserGuard } from '../../lambda/domain/slice';
import { slicePath } from '../../lambda/contract';
import type { FaultPlan } from '../local-organization/faults';
import { LocalOrganization } from '../local-organization/organization';
import { orgBucketName } from '../names';
import { drawPersona, type ExistingKey, type Persona } from './persona';
import type { KeyPair } from './stage';

export interface Player {
  readonly accountId: string;
  readonly accountName: string;
  readonly user: SliceUser;
  readonly persona: Persona;
  /** Keys from before the product, the owner's first. */
  readonly keys: readonly (KeyPair & { readonly use: ExistingKey['use']; readonly createdAt: Date })[];
}

export interface Cast {
  readonly organization: LocalOrganization;
  readonly orgBucket: string;
  readonly players: readonly Player[];
}

const DAY_MS = 86_400_000;

/** @param assemblyFolder what `synthesize` made of the same roster */
export function assemble(roster: Roster, assemblyFolder: string, options: { readonly seed: number; readonly start: Date; readonly faults?: FaultPlan; readonly everyRun?: boolean; readonly lookedInto?: boolean }): Cast {
  const { organization: org, region, accounts } = roster;
  const securityAccount = org?.securityAccount ?? accounts[0]!.id;
  const accountIds = new Set([...(org ? [org.managementAccount] : []), securityAccount, ...accounts.map(({ id }) => id)]);
  const organization = new LocalOrganization({ ...options, organizationId: org?.id ?? 'o-local00000', region, accountIds: [...accountIds] });
  const players = accounts.flatMap(({ id, name, users }) => users.map((user) => enter(organization, roster.userGuard, options, { id, name }, user)));
  organization.deploy(assemblyFolder);
  accounts.forEach((account) => makeReaders(organization, account));
  const orgBucket = orgBucketName(securityAccount, region);
  for (const slice of toSlices(options.lookedInto ? withAdministrators(roster) : roster, () => 1)) organization.s3.putObject(orgBucket, slicePath(slice.accountId), JSON.stringify(slice), 'application/json');
  return { organization, orgBucket, players };
}

/** Each account's administrator as break-glass principal, for people who want to see the secrets. */
const withAdministrators = (roster: Roster): Roster => ({
  ...roster,
  accounts: roster.accounts.map((account) => ({ ...account, breakGlassRoles: [...account.breakGlassRoles, `arn:aws:iam::${account.id}:user/administrator`] })),
});

/** Roles that the roster lets read secrets, as the account's own administrators would have made them. */
function makeReaders({ directory }: LocalOrganization, { id, breakGlassRoles, users }: RosterAccount): void {
  const trustPolicy = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${id}:root` }, Action: 'sts:AssumeRole' }] });
  for (const arn of new Set([...breakGlassRoles, ...users.flatMap(({ readers }) => readers)])) {
    const [, path, name] = /:role(\/.*\/|\/)([^/]+)$/.exec(arn) ?? [];
    if (name !== undefined) directory.putRole(id, { name, path, trustPolicy, inlinePolicies: {} });
  }
}

function enter({ directory }: LocalOrganization, guard: UserGuard, { seed, start }: { readonly seed: number; readonly start: Date }, account: { readonly id: string; readonly name: string }, user: SliceUser): Player {
  const persona = drawPersona(seed, account.id, user.name, user.exempt !== undefined || user.state === 'retired');
  directory.createUser(account.id, { name: user.name, ...(guard.kind === 'path' && { path: guard.path }), ...(guard.kind === 'tag' && { tags: { [guard.key]: guard.value } }) });
  const keys = persona.existingKeys.map(({ ageDays, use }) => {
    const createdAt = new Date(start.getTime() - ageDays * DAY_MS);
    const lastUsedAt = use.by === 'nobody' ? undefined : new Date(start.getTime() - DAY_MS / 2);
    const { accessKeyId, secretAccessKey } = directory.createAccessKey(account.id, user.name, { createdAt, lastUsedAt });
    return { keyId: accessKeyId, secret: secretAccessKey, use, createdAt };
  });
  return { accountId: account.id, accountName: account.name, user, persona, keys };
}
