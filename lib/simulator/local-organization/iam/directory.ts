import type { Clock } from '../clock';
import type { Random } from '../random';
import { AwsError, type Principal } from '../service';
import { requirePolicy } from './policy-document';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface StoredKey {
  readonly id: string;
  readonly secret: string;
  status: 'Active' | 'Inactive';
  readonly createdAt: Date;
  readonly firstWorksMs: number;
  readonly alwaysWorksMs: number;
  readonly listedMs: number;
  readonly uses: Uses;
}

export interface KeyUse {
  readonly at: Date;
  readonly service: string;
  readonly region: string;
}

/** What happened, and what GetAccessKeyLastUsed has noticed of it so far. */
interface Uses {
  last?: KeyUse;
  noticing?: KeyUse;
  noticed?: KeyUse;
}

export interface StoredUser {
  readonly accountId: string;
  readonly id: string;
  name: string;
  path: string;
  readonly createdAt: Date;
  readonly tags: Map<string, string>;
  readonly policies: Map<string, string>;
  readonly keys: StoredKey[];
}

export interface RoleDefinition {
  readonly name: string;
  readonly path?: string;
  readonly trustPolicy: string;
  readonly inlinePolicies: Readonly<Record<string, string>>;
  readonly managedPolicies?: Readonly<Record<string, string>>;
  readonly permissionsBoundary?: string;
  readonly maxSessionSeconds?: number;
  readonly tags?: Readonly<Record<string, string>>;
}

export interface StoredRole extends RoleDefinition {
  readonly id: string;
  readonly arn: string;
  readonly accountId: string;
  readonly createdAt: Date;
}

interface Session {
  readonly credentials: Credentials;
  readonly principal: Principal;
  readonly expiresAt: Date;
}

/** How long IAM takes to show what was done. Milliseconds; each key draws its own within the bound. */
export interface Propagation {
  /** From creation until the first request with a new key can succeed. */
  readonly firstWorks: number;
  /** And from then until every request succeeds. */
  readonly alwaysWorks: number;
  /** From creation until lists show the key. */
  readonly listed: number;
  /** From use until GetAccessKeyLastUsed tells it. */
  readonly lastUsed: number;
}

export const USUAL_PROPAGATION: Propagation = {
  firstWorks: 8_000,
  alwaysWorks: 6_000,
  listed: 4_000,
  lastUsed: 15 * 60_000,
};
export const NO_DELAY: Propagation = { firstWorks: 0, alwaysWorks: 0, listed: 0, lastUsed: 0 };

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const FEW_SESSIONS = 100;
const EXECUTION_SESSION_SECONDS = 6 * 3600;
const allow = (statement: object): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...statement }] });
const EVERYTHING = allow({ Action: '*', Resource: '*' });
const FULL_ACCESS = 'FullAWSAccess';

export interface OrganizationPlace {
  readonly id: string;
  /** As `aws:PrincipalOrgPaths` names it. */
  readonly path: string;
}

interface AccountOptions {
  /** Of the units above the account, from the root. */
  readonly organizationPath?: string;
  /** In this organization, in another one, or in none. */
  readonly place?: 'this' | 'another' | 'none';
  readonly management?: boolean;
}

interface Account {
  /** Absent for an account that is in none. */
  readonly organization?: OrganizationPlace;
  readonly users: Map<string, StoredUser>;
  readonly roles: Map<string, StoredRole>;
  /** Service control policies do not bind the management account. */
  readonly management: boolean;
  /** Names and documents of what is attached to the account. */
  readonly serviceControlPolicies: Map<string, string>;
}

/** Every account's users, keys, roles and sessions: what IAM and STS know. */
export class IamDirectory {
  readonly organizationId: string;
  private readonly clock: Clock;
  private readonly random: Random;
  private readonly sessionRandom: Random;
  private readonly propagation: Propagation;
  private readonly accounts = new Map<string, Account>();
  private readonly managedPolicies = new Map<string, string>();
  private readonly keyOwners = new Map<string, { readonly user: StoredUser; readonly key: StoredKey }>();
  private readonly sessions = new Map<string, Session>();
  private sessionsLeft = FEW_SESSIONS;
  /** Grows whenever a policy changes, so that decisions can be remembered until then. */
  policyRevision = 0;

  constructor(options: {
    readonly clock: Clock;
    readonly random: Random;
    readonly organizationId: string;
    readonly propagation?: Propagation;
  }) {
    this.clock = options.clock;
    this.random = options.random.fork('iam');
    this.sessionRandom = this.random.fork('sessions');
    this.organizationId = options.organizationId;
    this.propagation = options.propagation ?? USUAL_PROPAGATION;
  }

  addAccount(
    accountId: string,
    { organizationPath = 'r-root', place = 'this', management }: AccountOptions = {},
  ): void {
    const id = place === 'this' ? this.organizationId : 'o-another000';
    this.accounts.set(accountId, {
      ...(place !== 'none' && { organization: { id, path: `${id}/${organizationPath}/` } }),
      users: new Map(),
      roles: new Map(),
      management: management ?? false,
      serviceControlPolicies: new Map([[FULL_ACCESS, EVERYTHING]]),
    });
  }

  /** Attaches a service control policy to the account, or replaces the one of that name. @throws Error when it is not valid */
  putServiceControlPolicy(accountId: string, name: string, document: string): void {
    requirePolicy('service control', document, name);
    this.account(accountId).serviceControlPolicies.set(name, document);
    this.policyRevision++;
  }

  /** @throws Error for the last one: Organizations keeps at least one attached */
  removeServiceControlPolicy(accountId: string, name: string): void {
    const { serviceControlPolicies: attached } = this.account(accountId);
    if (attached.size === 1 && attached.has(name)) throw new Error(`${name} is the last policy of ${accountId}`);
    attached.delete(name);
    this.policyRevision++;
  }

  /** What bounds the principal from above; undefined where nothing does. */
  serviceControlPoliciesOf({ kind, accountId }: Principal): Readonly<Record<string, string>> | undefined {
    const account = kind === 'service' ? undefined : this.accounts.get(accountId);
    if (!account?.organization || account.management) return undefined;
    const { serviceControlPolicies: attached } = account;
    return attached.size === 1 && attached.has(FULL_ACCESS) ? undefined : Object.fromEntries(attached);
  }

  accountIds(): string[] {
    return [...this.accounts.keys()];
  }

  organizationOf(accountId: string): OrganizationPlace | undefined {
    return this.accounts.get(accountId)?.organization;
  }

  hasUser(accountId: string, name: string): boolean {
    return this.account(accountId).users.has(name.toLowerCase());
  }

  users(accountId: string): StoredUser[] {
    return [...this.account(accountId).users.values()];
  }

  /** @throws AwsError NoSuchEntity */
  user(accountId: string, name: string): StoredUser {
    const user = this.account(accountId).users.get(name.toLowerCase());
    if (!user) throw new AwsError('NoSuchEntity', `The user with name ${name} cannot be found.`, 404);
    return user;
  }

  /** @throws AwsError EntityAlreadyExists, since names are unique ignoring case */
  createUser(
    accountId: string,
    user: {
      readonly name: string;
      readonly path?: string;
      readonly tags?: Readonly<Record<string, string>>;
      readonly policies?: Readonly<Record<string, string>>;
    },
  ): StoredUser {
    const { users } = this.account(accountId);
    for (const policy of Object.values(user.policies ?? {})) requirePolicy('identity', policy, `user ${user.name}`);
    if (users.has(user.name.toLowerCase()))
      throw new AwsError('EntityAlreadyExists', `User with name ${user.name} already exists.`, 409);
    const stored: StoredUser = {
      accountId,
      id: `AIDA${this.random.id(BASE32, 17)}`,
      name: user.name,
      path: user.path ?? '/',
      createdAt: this.wholeSecond(),
      tags: new Map(Object.entries(user.tags ?? {})),
      policies: new Map(Object.entries(user.policies ?? {})),
      keys: [],
    };
    users.set(user.name.toLowerCase(), stored);
    this.policyRevision++;
    return stored;
  }

  /** Goes on with a user who was stored elsewhere, with all keys. */
  takeUser(user: StoredUser): void {
    this.account(user.accountId).users.set(user.name.toLowerCase(), user);
    for (const key of user.keys) this.keyOwners.set(key.id, { user, key });
    this.policyRevision++;
  }

  renameUser(user: StoredUser, name: string, path: string): void {
    const { users } = this.account(user.accountId);
    const taken = users.get(name.toLowerCase());
    if (taken && taken !== user)
      throw new AwsError('EntityAlreadyExists', `User with name ${name} already exists.`, 409);
    users.delete(user.name.toLowerCase());
    Object.assign(user, { name, path });
    users.set(name.toLowerCase(), user);
  }

  /** @throws AwsError DeleteConflict while the user has keys or policies */
  deleteUser(user: StoredUser): void {
    if (user.keys.length > 0)
      throw new AwsError('DeleteConflict', 'Cannot delete entity, must delete access keys first.', 409);
    if (user.policies.size > 0)
      throw new AwsError('DeleteConflict', 'Cannot delete entity, must delete policies first.', 409);
    this.account(user.accountId).users.delete(user.name.toLowerCase());
  }

  /** @throws AwsError LimitExceeded for a third key; an Inactive one counts */
  addKey(
    user: StoredUser,
    options: { readonly createdAt?: Date; readonly status?: StoredKey['status']; readonly lastUsedAt?: Date } = {},
  ): StoredKey {
    if (user.keys.length >= 2) throw new AwsError('LimitExceeded', 'Cannot exceed quota for AccessKeysPerUser: 2', 409);
    const createdAt = options.createdAt ?? this.wholeSecond();
    const fresh = options.createdAt === undefined;
    const since = fresh ? this.clock.now().getTime() : createdAt.getTime();
    const delay = (bound: number): number => (fresh ? Math.round(this.random.next() * bound) : 0);
    const firstWorksMs = since + delay(this.propagation.firstWorks);
    const used: KeyUse | undefined = options.lastUsedAt && {
      at: options.lastUsedAt,
      service: 's3',
      region: 'us-east-1',
    };
    const key: StoredKey = {
      id: `AKIA${this.random.id(BASE32, 16)}`,
      secret: this.random.id(BASE64, 40),
      status: options.status ?? 'Active',
      createdAt,
      firstWorksMs,
      alwaysWorksMs: firstWorksMs + delay(this.propagation.alwaysWorks),
      listedMs: since + delay(this.propagation.listed),
      uses: used ? { last: used, noticing: used, noticed: used } : {},
    };
    user.keys.push(key);
    this.keyOwners.set(key.id, { user, key });
    return key;
  }

  createAccessKey(
    accountId: string,
    userName: string,
    options: { readonly createdAt?: Date; readonly status?: StoredKey['status']; readonly lastUsedAt?: Date } = {},
  ): Credentials {
    const key = this.addKey(this.user(accountId, userName), options);
    return { accessKeyId: key.id, secretAccessKey: key.secret };
  }

  removeKey(user: StoredUser, key: StoredKey): void {
    user.keys.splice(user.keys.indexOf(key), 1);
    this.keyOwners.delete(key.id);
  }

  ownerOfKey(keyId: string): { readonly user: StoredUser; readonly key: StoredKey } | undefined {
    return this.keyOwners.get(keyId);
  }

  /** As lists show them: a new key is missing for a moment. */
  listedKeys(user: StoredUser): StoredKey[] {
    const nowMs = this.clock.now().getTime();
    return user.keys.filter(({ listedMs }) => listedMs <= nowMs);
  }

  /** True state, without lag. */
  keysOf(
    accountId: string,
    userName: string,
  ): {
    readonly accessKeyId: string;
    readonly status: StoredKey['status'];
    readonly createdAt: Date;
    readonly secretAccessKey: string;
    readonly lastUsed?: KeyUse;
  }[] {
    return this.user(accountId, userName).keys.map(({ id, secret, status, createdAt, uses }) => ({
      accessKeyId: id,
      secretAccessKey: secret,
      status,
      createdAt,
      lastUsed: uses.last,
    }));
  }

  recordUse(accessKeyId: string, service: string, region: string): void {
    const uses = this.keyOwners.get(accessKeyId)?.key.uses;
    if (!uses) return;
    const use = { at: this.wholeSecond(), service, region };
    uses.last = use;
    const noticed = this.noticedUse(uses);
    if (!uses.noticing || noticed === uses.noticing) Object.assign(uses, { noticed, noticing: use });
  }

  /** What GetAccessKeyLastUsed tells: never later than the truth, and late by up to twice the lag. */
  noticedUse(uses: Uses): KeyUse | undefined {
    const { noticing, noticed } = uses;
    return noticing && this.clock.now().getTime() >= noticing.at.getTime() + this.propagation.lastUsed
      ? noticing
      : noticed;
  }

  get lastUsedLagMs(): number {
    return this.propagation.lastUsed;
  }

  roles(accountId: string): StoredRole[] {
    return [...this.account(accountId).roles.values()];
  }

  roleByArn(arn: string): StoredRole | undefined {
    const [, , , , accountId = '', resource = ''] = arn.split(':');
    const role = this.accounts.get(accountId)?.roles.get(resource.split('/').pop()?.toLowerCase() ?? '');
    return role?.arn === arn ? role : undefined;
  }

  /**
   * The unique id of the user or role of this ARN, of an assumed role's session that of the role; undefined when there
   * is none. One that was deleted and created again has another.
   */
  principalId(arn: string): string | undefined {
    const [, , service, , accountId = '', resource = ''] = arn.split(':');
    const account = this.accounts.get(accountId);
    const name = resource.split('/').pop() ?? '';
    if (service === 'sts') {
      const [, role = '', session = ''] = resource.split('/');
      return session === '' ? undefined : account?.roles.get(role.toLowerCase())?.id;
    }
    if (resource.startsWith('role/')) return this.roleByArn(arn)?.id;
    const user = account?.users.get(name.toLowerCase());
    return user && userArn(user) === arn ? user.id : undefined;
  }

  /** A customer managed policy, for permissions boundaries. */
  putManagedPolicy(arn: string, document: string): void {
    requirePolicy('identity', document, arn);
    this.managedPolicies.set(arn, document);
  }

  /** @throws AwsError NoSuchEntity */
  managedPolicy(arn: string): string {
    const document = this.managedPolicies.get(arn);
    if (document === undefined)
      throw new AwsError('NoSuchEntity', `Policy ${arn} does not exist or is not attachable.`, 404);
    return document;
  }

  /** @throws Error when a policy is not valid or all inline ones together are longer than IAM takes */
  putRole(accountId: string, role: RoleDefinition): string {
    checkRolePolicies(role);
    const { roles } = this.account(accountId);
    const former = roles.get(role.name.toLowerCase());
    const arn = `arn:aws:iam::${accountId}:role${role.path ?? '/'}${role.name}`;
    roles.set(role.name.toLowerCase(), {
      ...role,
      arn,
      accountId,
      id: former?.id ?? `AROA${this.random.id(BASE32, 17)}`,
      createdAt: former?.createdAt ?? this.wholeSecond(),
    });
    this.policyRevision++;
    return arn;
  }

  removeRole(accountId: string, name: string): void {
    this.account(accountId).roles.delete(name.toLowerCase());
    this.policyRevision++;
  }

  /** Credentials as a function's execution role gets them; no trust policy is asked. */
  issueSession(roleArn: string, sessionName: string): Credentials {
    return this.openSession(roleArn, sessionName, { seconds: EXECUTION_SESSION_SECONDS }).credentials;
  }

  openSession(
    roleArn: string,
    sessionName: string,
    options: {
      readonly seconds: number;
      readonly sessionPolicy?: string;
      readonly sourceIdentity?: string;
      readonly sourceFunctionArn?: string;
      readonly tags?: Readonly<Record<string, string>>;
    },
  ): Session {
    const role = this.roleByArn(roleArn);
    if (!role) throw new Error(`there is no role ${roleArn}`);
    this.forgetExpired();
    const accessKeyId = `ASIA${this.sessionRandom.id(BASE32, 16)}`;
    const session: Session = {
      credentials: {
        accessKeyId,
        secretAccessKey: this.sessionRandom.id(BASE64, 40),
        sessionToken: this.sessionRandom.id(BASE64, 96),
      },
      expiresAt: new Date(this.clock.now().getTime() + options.seconds * 1000),
      principal: {
        kind: 'role',
        arn: `arn:aws:sts::${role.accountId}:assumed-role/${role.name}/${sessionName}`,
        accountId: role.accountId,
        userId: `${role.id}:${sessionName}`,
        roleArn: role.arn,
        sessionName,
        sessionPolicies: options.sessionPolicy === undefined ? undefined : [options.sessionPolicy],
        sourceFunctionArn: options.sourceFunctionArn,
        sourceIdentity: options.sourceIdentity,
        sessionTags: options.tags,
        accessKeyId,
      },
    };
    this.sessions.set(accessKeyId, session);
    return session;
  }

  /** Looked for whenever there are twice as many sessions as were left the last time. */
  private forgetExpired(): void {
    if (this.sessions.size < 2 * this.sessionsLeft) return;
    const now = this.clock.now();
    for (const [id, { expiresAt }] of this.sessions) if (expiresAt <= now) this.sessions.delete(id);
    this.sessionsLeft = Math.max(this.sessions.size, FEW_SESSIONS);
  }

  /** Somebody who may do everything in the account, by a role or, `longLived`, by a user with a key. */
  administrator(accountId: string, { longLived = false }: { readonly longLived?: boolean } = {}): Credentials {
    if (!longLived) {
      const trustPolicy = allow({ Principal: { AWS: `arn:aws:iam::${accountId}:root` }, Action: 'sts:AssumeRole' });
      const name = 'Administrator';
      const arn =
        this.account(accountId).roles.get('administrator')?.arn ??
        this.putRole(accountId, { name, trustPolicy, inlinePolicies: { everything: EVERYTHING } });
      return this.issueSession(arn, 'administrator');
    }
    const user =
      this.account(accountId).users.get('administrator') ??
      this.createUser(accountId, { name: 'administrator', policies: { everything: EVERYTHING } });
    const key = user.keys[0] ?? this.addKey(user, { createdAt: this.wholeSecond() });
    return { accessKeyId: key.id, secretAccessKey: key.secret };
  }

  /** The secret that a request must be signed with, and who then speaks; a reason for refusal otherwise. */
  authenticate(
    accessKeyId: string,
    sessionToken: string | undefined,
  ):
    | { readonly secret: string; readonly principal: Principal }
    | 'unknown'
    | 'expired'
    /** A session's token that is not this session's, or one beside a long-lived key. */
    | 'foreign-token' {
    const session = this.sessions.get(accessKeyId);
    if (session) {
      if (sessionToken === undefined) return 'unknown';
      if (session.credentials.sessionToken !== sessionToken) return 'foreign-token';
      if (session.expiresAt <= this.clock.now()) return 'expired';
      return { secret: session.credentials.secretAccessKey, principal: session.principal };
    }
    const owned = this.keyOwners.get(accessKeyId);
    if (!owned || owned.key.status !== 'Active' || !this.isKnownEverywhere(owned.key)) return 'unknown';
    if (sessionToken !== undefined) return 'foreign-token';
    return { secret: owned.key.secret, principal: userPrincipal(owned.user, accessKeyId) };
  }

  principalOf(accessKeyId: string): Principal | undefined {
    const owned = this.keyOwners.get(accessKeyId);
    return owned ? userPrincipal(owned.user, accessKeyId) : this.sessions.get(accessKeyId)?.principal;
  }

  policiesOf(principal: Principal): {
    readonly identity: Readonly<Record<string, string>>;
    readonly boundary?: string;
  } {
    if (principal.kind === 'role') {
      const role = this.roleByArn(principal.roleArn ?? '');
      return { identity: { ...role?.inlinePolicies, ...role?.managedPolicies }, boundary: role?.permissionsBoundary };
    }
    if (principal.kind === 'user')
      return { identity: Object.fromEntries(this.user(principal.accountId, principal.userName ?? '').policies) };
    return { identity: {} };
  }

  /** Between the two instants a new key is known in some places and not in others. */
  private isKnownEverywhere({ id, firstWorksMs, alwaysWorksMs }: StoredKey): boolean {
    const nowMs = this.clock.now().getTime();
    return nowMs >= alwaysWorksMs || (nowMs >= firstWorksMs && this.random.fork(`${id} ${nowMs}`).next() < 0.5);
  }

  private account(accountId: string): Account {
    const account = this.accounts.get(accountId);
    if (!account) throw new Error(`there is no account ${accountId} in the local organization`);
    return account;
  }

  /** IAM's dates have whole seconds. */
  private wholeSecond(): Date {
    return new Date(Math.floor(this.clock.now().getTime() / 1000) * 1000);
  }
}

export const userArn = ({ accountId, path, name }: Pick<StoredUser, 'accountId' | 'path' | 'name'>): string =>
  `arn:aws:iam::${accountId}:user${path}${name}`;

function userPrincipal(user: StoredUser, accessKeyId: string): Principal {
  return {
    kind: 'user',
    arn: userArn(user),
    accountId: user.accountId,
    userId: user.id,
    userName: user.name,
    accessKeyId,
  };
}

/** Characters of all inline policies of a role, white space not counted. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const ROLE_POLICIES_MAX = 10_240;

function checkRolePolicies({ name, trustPolicy, inlinePolicies, managedPolicies = {} }: RoleDefinition): void {
  requirePolicy('trust', trustPolicy, `role ${name}`);
  const inline = Object.values(inlinePolicies);
  for (const policy of [...inline, ...Object.values(managedPolicies)])
    requirePolicy('identity', policy, `role ${name}`);
  const size = inline.join('').replace(/\s/g, '').length;
  if (size > ROLE_POLICIES_MAX)
    throw new Error(`the inline policies of role ${name} have ${size} characters; IAM takes ${ROLE_POLICIES_MAX}`);
}
