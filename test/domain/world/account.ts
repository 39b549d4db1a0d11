/**
 * What there is in one AWS account and in the org bucket, and what people do to it: two IAM users' keys, the secret of one
 * of them with the labels that Secrets Manager moves, the roster, the report and the notices.
 */
import type { AccountReport } from '../../../lambda/contract/report';
import type { RosterSlice, SliceUser } from '../../../lambda/contract/slice';
import type { AccessKey, AccessKeyPair, LastUse } from '../../../lambda/domain/ports';
import { printSecretValue, parseSecretValue } from '../../../lambda/domain/secret-value';
import type { Said } from '../said';
import { ACCOUNT, ANN, REGION, sliceOf } from './roster';

const START = new Date('2026-11-24T00:00:00Z');
const PROPAGATION_MS = 12_000;

/** Another user of the account, whose keys are nobody's business. */
export const BOB = 'bob';

export interface StoredKey extends AccessKeyPair {
  status: AccessKey['status'];
  createdAt: Date;
  lastUse: LastUse;
}

export interface StoredSecret {
  name: string;
  versions: Map<string, { value?: string; stages: Set<string> }>;
  tags: Record<string, string>;
  schedule?: string;
  window?: string;
  policy?: string;
  /** Principals of the policy that were deleted since. */
  gone?: Set<string>;
  rotationEnabled: boolean;
  functionArn?: string;
  deletedAt?: Date;
}

export class Account {
  now = START;
  keys: StoredKey[] = [];
  userId = 'AIDAANN';
  userExists = true;
  /** Keys that a secret held which is gone. */
  readonly lostKeys = new Set<string>();
  /** Keys of the account's other users, by id, with their owner's name. */
  readonly keysOfOthers = new Map<string, string>();
  readonly secrets = new Map<string, StoredSecret>();
  slice: RosterSlice | undefined;
  /** What lies in the org bucket, where it is not just the slice. */
  sliceText: string | undefined;
  readonly notices: Said[] = [];
  readonly recorded: Said[] = [];
  readonly logLines: string[] = [];
  /** Keys that the product made. */
  readonly made = new Set<string>();
  /** Every key there ever was, whoever made it. */
  readonly pairs: AccessKeyPair[] = [];
  /** Calls of CreateAccessKey that IAM refused because there were two keys. */
  refusedForLimit = 0;
  /** How often the product asked for the keys of {@link BOB}. */
  trespasses = 0;
  /** How often the product asked for a rotation. */
  rotationsAsked = 0;
  report: AccountReport | undefined;
  /** When the mailer had each event whose mail goes to the owner. */
  readonly mailed = new Map<string, Date>();
  /** What becomes of the mails: in time, for nothing, or not at all, while SES or the mailer fails. */
  mail: 'arrives' | 'bounces' | 'is never sent' = 'arrives';
  /** Until then every message is refused. */
  snsDownUntil = new Date(0);
  /** Users and roles that policies may not name, because they do not exist; with `*` every policy is refused. */
  readonly missingPrincipals = new Set<string>();
  /** Whether a policy that is refused is stored all the same: AWS does not say. */
  storesRefusedPolicies = false;
  /** Whether a RotateSecret that is refused, for a rotation is outstanding, turns rotation on all the same: AWS does not say. */
  enablesRefused = false;
  private created = 0;
  private rotations = 0;
  private readonly parsed = new Map<string, AccessKeyPair | undefined>();

  constructor(public user: SliceUser = ANN) {
    this.slice = sliceOf(user);
  }

  /** A key of {@link BOB}. */
  addOthersKey(): AccessKeyPair {
    const pair = this.newPair();
    this.keysOfOthers.set(pair.id, BOB);
    return pair;
  }

  /** What decides what happens to the account from here on. */
  protected traits(): unknown[] {
    const { now, keys, userId, userExists, slice, created, rotations, rotationsAsked } = this;
    const secrets = [...this.secrets.values()].map((secret) => ({
      ...secret,
      versions: [...secret.versions].map(([id, { value, stages }]) => [id, value, ...stages]),
    }));
    const unmanagedKeys = slice?.users[0]?.unmanagedKeys;
    const [lost, mailed] = [[...this.lostKeys], [...this.mailed]];
    return [now, keys, userId, userExists, unmanagedKeys, created, rotations, rotationsAsked, lost, mailed, secrets];
  }

  /** A key that somebody made by hand. */
  addKey(options: { status?: AccessKey['status']; ageHours?: number; usedHoursAgo?: number } = {}): StoredKey {
    const { status = 'Active', ageHours = 1_000, usedHoursAgo } = options;
    const key: StoredKey = {
      ...this.newPair(),
      status,
      createdAt: this.hoursAgo(ageHours),
      lastUse:
        usedHoursAgo === undefined
          ? { used: false }
          : { used: true, at: this.hoursAgo(usedHoursAgo), service: 's3', region: REGION },
    };
    this.keys.push(key);
    return key;
  }

  /** The secret as reconcile makes it, optionally with a current key. */
  addSecret(current?: AccessKeyPair): StoredSecret {
    const value = printSecretValue({
      userName: this.user.name,
      accountId: ACCOUNT,
      ...(current && { key: { id: current.id, secret: current.secret } }),
    });
    const secret: StoredSecret = {
      name: this.user.secretName,
      versions: new Map([['first-version-00000000000000000000', { value, stages: new Set(['AWSCURRENT']) }]]),
      tags: { 'access-keys:generation': '1' },
      schedule: 'rate(90 days)',
      rotationEnabled: true,
    };
    this.secrets.set(secret.name, secret);
    return secret;
  }

  get secret(): StoredSecret {
    return this.secrets.get(this.user.secretName)!;
  }

  /** Somebody deletes the secret without recovery. */
  loseSecret(): void {
    for (const { value } of this.secret.versions.values()) {
      const key = this.keyIn(value);
      if (key) this.lostKeys.add(key.id);
    }
    this.secrets.delete(this.user.secretName);
  }

  use(key: StoredKey): void {
    key.lastUse = { used: true, at: this.now, service: 's3', region: REGION };
  }

  keyOf(stage: string): AccessKeyPair | undefined {
    for (const { value, stages } of this.secrets.get(this.user.secretName)?.versions.values() ?? [])
      if (stages.has(stage)) return this.keyIn(value);
    return undefined;
  }

  /** The key in a version's value. */
  keyIn(value: string | undefined): AccessKeyPair | undefined {
    if (value === undefined) return undefined;
    if (!this.parsed.has(value)) this.parsed.set(value, parseSecretValue(value).key);
    return this.parsed.get(value);
  }

  works(key: AccessKeyPair | undefined): boolean {
    return this.keys.some(
      (stored) =>
        stored.id === key?.id &&
        stored.secret === key.secret &&
        stored.status === 'Active' &&
        this.isPropagated(stored),
    );
  }

  isPropagated({ createdAt }: StoredKey): boolean {
    return this.now.getTime() - createdAt.getTime() >= PROPAGATION_MS;
  }

  pass(hours: number): void {
    this.now = new Date(this.now.getTime() + hours * 3_600_000);
  }

  /** Nothing when that is over already. */
  passUntil(since: Date, hours: number): void {
    this.now = new Date(Math.max(this.now.getTime(), since.getTime() + hours * 3_600_000));
  }

  get outstanding(): string | undefined {
    return this.secrets.size > 0 ? this.outstandingOf(this.secret) : undefined;
  }

  outstandingOf(secret: StoredSecret): string | undefined {
    return [...secret.versions].find(([, { stages }]) => stages.has('AWSPENDING') && !stages.has('AWSCURRENT'))?.[0];
  }

  /** RotateSecret: a valueless pending version, unless a rotation is outstanding. */
  startRotation(secret = this.secret): string {
    const outstanding = this.outstandingOf(secret);
    if (outstanding) return outstanding;
    for (const { stages } of secret.versions.values()) stages.delete('AWSPENDING');
    const token = `token-${String(this.rotations++).padStart(30, '0')}`;
    secret.versions.set(token, { stages: new Set(['AWSPENDING']) });
    return token;
  }

  readonly arnOf = (userName: string): string => `arn:aws:iam::${ACCOUNT}:user/people/${userName}`;

  readonly arn = ({ name }: StoredSecret): string =>
    `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:${name}-AbCdEf`;

  /** Somebody deletes a user or role that policies name. */
  deletePrincipal(arn: string): void {
    for (const secret of this.secrets.values()) secret.gone?.add(arn);
  }

  newPair(): AccessKeyPair {
    const number = String(this.created++).padStart(4, '0');
    const pair = { id: `AKIAEXAMPLE00000${number}`, secret: `${number}/not+a/real+secret/of+an/example/key` };
    this.pairs.push(pair);
    return pair;
  }

  private hoursAgo(hours: number): Date {
    return new Date(this.now.getTime() - hours * 3_600_000);
  }
}
