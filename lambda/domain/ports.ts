/** What the domain needs of the outside world; `lambda/aws` has one adapter for each. */
import type { MailDelivery } from '../contract/mail-delivery';
import type { MailFeedback } from '../contract/mail-feedback';
import type { NoticeEvent } from '../contract/notice';
import type { AccountReport } from '../contract/report';
import type { RosterSlice } from '../contract/slice';

export interface Clock {
  now(): Date;
  sleep(milliseconds: number): Promise<void>;
  /** Milliseconds until the function is stopped. */
  remaining(): number;
}

export interface AccessKey {
  readonly id: string;
  readonly status: 'Active' | 'Inactive' | 'Expired';
  /** Whole seconds: IAM keeps no more. */
  readonly createdAt: Date;
}

export interface AccessKeyPair {
  readonly id: string;
  readonly secret: string;
}

export type LastUse =
  | { readonly used: false }
  | { readonly used: true; readonly at: Date; readonly service: string; readonly region: string };

export interface User {
  /** As IAM spells it; the roster's spelling may differ in case. */
  readonly name: string;
  /** Immutable: a recreated user of the same name has another one. */
  readonly id: string;
  readonly arn: string;
}

/** Key administration of one user, through the assumed local role. */
export interface KeyAdministration {
  /** Undefined when there is no such user. Rejects with USER_REFUSED where IAM does not say whether there is. */
  user(): Promise<User | undefined>;
  /** All keys; may lag behind the last change by minutes. */
  list(): Promise<readonly AccessKey[]>;
  lastUse(keyId: string): Promise<LastUse>;
  /** Sent once, never retried: CreateAccessKey has no idempotency token. */
  create(): Promise<AccessKeyPair>;
  activate(keyId: string): Promise<void>;
  /** Succeeds when the key is gone. */
  deactivate(keyId: string): Promise<void>;
  /** Succeeds when the key is gone. */
  delete(keyId: string): Promise<void>;
}

export interface KeyAdministrations {
  /**
   * A session that can touch this one IAM user and nothing else.
   * @param purpose names the reason in CloudTrail: session name and source identity
   */
  of(userName: string, purpose: string): KeyAdministration;
}

export interface Secret {
  readonly arn: string;
  readonly name: string;
  readonly rotationEnabled: boolean;
  readonly rotationFunctionArn?: string;
  readonly scheduleExpression?: string;
  /** How long after its beginning a rotation may start, where somebody says so: we never do. */
  readonly rotationWindow?: string;
  readonly nextRotationAt?: Date;
  readonly deletedAt?: Date;
  /** Version id → staging labels. */
  readonly versions: Readonly<Record<string, readonly string[]>>;
  readonly tags: Readonly<Record<string, string>>;
  /** Tags of the ledger that do not parse, which {@link tags} has not; absent where all do. */
  readonly malformedTags?: Readonly<Record<string, string>>;
}

export type StageName = 'AWSCURRENT' | 'AWSPENDING' | 'KEY_RETIRING' | 'KEY_LEASE' | `COMPROMISED_${string}`;

export interface Secrets {
  /** Undefined when there is no such secret. */
  describe(secretId: string): Promise<Secret | undefined>;
  /** The text of the version; undefined when nothing has the label or the version has no value. Binary reads as ''. */
  value(secretId: string, stage: string, versionId?: string): Promise<string | undefined>;
  put(secretId: string, versionId: string, value: string, rotationToken?: string): Promise<void>;
  /** Moves or removes a label; fails when `from` no longer holds it, which makes it a compare-and-swap. */
  moveStage(secretId: string, stage: StageName, move: { readonly to?: string; readonly from?: string }): Promise<void>;
  tag(secretId: string, tags: Readonly<Record<string, string>>): Promise<void>;
  untag(secretId: string, keys: readonly string[]): Promise<void>;
}

/** What reconcile needs beyond a rotation. */
export interface SecretLifecycle extends Secrets {
  /** Names of all secrets below the prefix; may lag by minutes. */
  list(): Promise<readonly string[]>;
  create(name: string, value: string, tags: Readonly<Record<string, string>>): Promise<void>;
  policy(secretId: string): Promise<string | undefined>;
  /** False when Secrets Manager refuses the document, as it does for a principal that does not exist. It may store it all the same. */
  putPolicy(secretId: string, policy: string): Promise<boolean>;
  /** Sets the schedule; with `now` starts a rotation, or attempts an outstanding one again. */
  rotate(secretId: string, schedule: string, now: boolean): Promise<void>;
  cancelRotation(secretId: string): Promise<void>;
  /** Deletes with the longest recovery window; until it is over the name is taken and {@link restore} brings it back. */
  delete(secretId: string): Promise<void>;
  restore(secretId: string): Promise<void>;
}

export interface Identities {
  /** Who the key is, by sts:GetCallerIdentity; undefined while the key does not authenticate. */
  identify(key: AccessKeyPair): Promise<{ readonly arn: string; readonly accountId: string } | undefined>;
}

export interface Roster {
  /** Undefined when there is no slice for this account. Rejects when it cannot be read or is not a slice. */
  read(): Promise<RosterSlice | undefined>;
}

export interface Reports {
  /** The text of the report that was written last; undefined where there is none. */
  read(): Promise<string | undefined>;
  write(report: AccountReport): Promise<void>;
}

export interface Notices {
  /** Writes the event to the org bucket, then publishes the pointer to it. Repeating it changes nothing. */
  send(event: NoticeEvent): Promise<void>;
  /** Writes the event to the org bucket only: evidence nobody needs a message for. */
  record(event: NoticeEvent): Promise<void>;
}

/** What became of the mails that the mailer makes of this account's events. */
export interface Mails {
  /** `delivery`: absent while SES accepted no mail about the event; `feedback`: what SES reported of it since. */
  about(eventId: string): Promise<{ readonly delivery?: MailDelivery; readonly feedback?: MailFeedback }>;
}

export interface Log {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}
