import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { NoticeEvent, NoticePointer } from '../../../../lambda/contract/notice';
import { compromisedTagKey } from '../../../../lambda/domain/ledger/tags';
import { parseSecretValue } from '../../../../lambda/domain/secret-value';
import type { DeliveredEmail } from '../../local-organization/services/sns';
import { ConnectionLost } from '../../local-organization/faults';
import type { LocalOrganization } from '../../local-organization/organization';
import { isThrottling } from '../../local-organization/retries';
import type { Secret } from '../../local-organization/services/secretsmanager/model';
import type { CallRecord } from '../../local-organization/wire/gateway';
import type { AccountState, KeyState, UserState, VersionState } from './account-state';
import { nameOf } from './user-key';
import type { Change, KeyPair, Refusal, Environment, EnvironmentMail, Text, Unanswered } from './environment';

export interface ManagedUser {
  readonly accountId: string;
  readonly userName: string;
  readonly secretName: string;
}

/** One whose secret may get another name by a later roster. */
interface MovingUser extends ManagedUser {
  secretName: string;
  formerNames: readonly string[];
}

/** What a request to IAM or Secrets Manager names. */
interface Subject {
  readonly UserName?: string;
  readonly SecretId?: string;
  readonly Name?: string;
}

interface Answer {
  readonly MessageId: string;
}

interface Clients {
  readonly sts: STSClient;
  readonly secrets: SecretsManagerClient;
}

const CHANGES = /^(Create|Put|Update|Delete|Restore)/;

/** The local organization as a rehearsal sees it: what owners can do, and everything that nobody else may see at once. */
export class LocalEnvironment implements Environment {
  private readonly listeners: ((change: Change) => void)[] = [];
  private readonly byAccount = new Map<string, MovingUser[]>();
  private readonly byUserName: ReadonlyMap<string, MovingUser>;
  /** By every name that the secret has had. */
  private readonly bySecretName: Map<string, MovingUser>;
  private readonly published = new Set<string>();
  private notices: NoticeEvent[] = [];
  private readonly noticeListeners: ((notice: NoticeEvent) => void)[] = [];
  private mails: EnvironmentMail[] = [];
  private texts: Text[] = [];
  private emailsSeen = 0;
  /** Of the topic's messages whose call has not ended yet. */
  private readonly emails = new Map<string, DeliveredEmail[]>();
  /** The event that each invocation of the mailer read last. */
  private readonly readEvents = new Map<string, string>();
  private readonly clients = new Map<string, Clients>();
  /** Of those who had their name when they were last looked at. */
  private readonly userIds = new Map<string, string>();

  constructor(
    private readonly organization: LocalOrganization,
    managed: readonly ManagedUser[],
    private readonly orgBucket: string,
  ) {
    const users = managed.map((user): MovingUser => ({ ...user, formerNames: [] }));
    for (const user of users) this.byAccount.set(user.accountId, [...(this.byAccount.get(user.accountId) ?? []), user]);
    this.byUserName = new Map(users.map((user) => [nameOf(user.accountId, user.userName), user]));
    this.bySecretName = new Map(users.map((user) => [`${user.accountId}/${user.secretName}`, user]));
    organization.onCall((record) => this.called(record));
    organization.onLog(({ functionArn, line }) => this.left(functionArn, 'a log line', line));
    organization.onAnswer(({ functionArn, answer }) => this.left(functionArn, 'the answer', JSON.stringify(answer)));
  }

  /** The roster that was deployed gives a user's secret this name. */
  moveSecret(accountId: string, userName: string, secretName: string): void {
    const user = this.byUserName.get(nameOf(accountId, userName));
    if (!user || user.secretName === secretName) return;
    user.formerNames = [...user.formerNames.filter((name) => name !== secretName), user.secretName];
    user.secretName = secretName;
    this.bySecretName.set(`${accountId}/${secretName}`, user);
  }

  now(): Date {
    return this.organization.clock.now();
  }

  advanceTo(at: Date): Promise<void> {
    return this.organization.clock.advanceTo(at);
  }

  async work(_accountId: string, credentials: KeyPair): Promise<Refusal | Unanswered | undefined> {
    const answer = await refusalOf(() => this.clientsOf(credentials).sts.send(new GetCallerIdentityCommand({})));
    return answer && 'refused' in answer && !KEY_REFUSED.has(answer.refused) ? { unanswered: answer.refused } : answer;
  }

  async readCurrent(
    accountId: string,
    credentials: KeyPair,
    formerly: string,
  ): Promise<KeyPair | Refusal | Unanswered> {
    const { secretName } = this.bySecretName.get(`${accountId}/${formerly}`) ?? { secretName: formerly };
    let text: string | undefined;
    const read = async (): Promise<void> => {
      text = (await this.clientsOf(credentials).secrets.send(new GetSecretValueCommand({ SecretId: secretName })))
        .SecretString;
    };
    const refusal = await refusalOf(read);
    const key = text === undefined ? undefined : valueIn(text)?.key;
    return refusal ?? (key === undefined ? { refused: 'NoKeyYet' } : { keyId: key.id, secret: key.secret });
  }

  stateOf(accountId: string, userName?: string): AccountState {
    const users =
      userName === undefined
        ? (this.byAccount.get(accountId) ?? [])
        : [this.byUserName.get(nameOf(accountId, userName))].filter((user) => user !== undefined);
    return { accountId, users: users.map((user) => this.userState(user)) };
  }

  takeNotices(): readonly NoticeEvent[] {
    const taken = this.notices;
    this.notices = [];
    return taken;
  }

  takeMails(): readonly EnvironmentMail[] {
    const taken = this.mails;
    this.mails = [];
    return taken;
  }

  takeTexts(): readonly Text[] {
    const taken = this.texts;
    this.texts = [];
    return taken;
  }

  onChange(listener: (change: Change) => void): void {
    this.listeners.push(listener);
  }

  onNotice(listener: (notice: NoticeEvent) => void): void {
    this.noticeListeners.push(listener);
  }

  private left(functionArn: string, what: string, text: string): void {
    const [accountId = '', , name = ''] = functionArn.split(':').slice(4);
    this.texts.push({ accountId, place: `${what} of ${name}`, text });
  }

  private called(record: CallRecord): void {
    const { service, operation, outcome, injected, principal, input, output, origin = '' } = record;
    this.texts.push({
      accountId: principal.accountId,
      place: `a request of ${service}:${operation}`,
      text: requestText(record),
    });
    if (service === 's3' && operation === 'GetObject' && (input as { Key: string }).Key.startsWith('events/'))
      this.readEvents.set(origin, (input as { Key: string }).Key);
    if (service === 'ses' && output) this.mailed(origin, (output as Answer).MessageId);
    if (service === 'sns' && operation === 'Publish' && principal.kind !== 'service' && output)
      this.told(input as { Message: string }, (output as Answer).MessageId);
    if ((service !== 'iam' && service !== 'secretsmanager') || !CHANGES.test(operation)) return;
    if (outcome !== 'ok' && !injected) return;
    const userName = this.concerned(principal.accountId, input as Subject)?.userName;
    for (const listen of this.listeners) listen({ accountId: principal.accountId, userName, byProduct: origin !== '' });
  }

  /** Whose key or secret a request is about; undefined when it may be anybody's. */
  private concerned(accountId: string, { UserName, SecretId, Name }: Subject): MovingUser | undefined {
    if (UserName !== undefined) return this.byUserName.get(nameOf(accountId, UserName));
    const name = Name ?? this.organization.secrets.find(SecretId ?? '', accountId, this.organization.region)?.name;
    return this.bySecretName.get(`${accountId}/${name}`);
  }

  /** A message that was published again is no new notice. */
  private told({ Message }: { readonly Message: string }, messageId: string): void {
    const path = eventPathIn(Message);
    const text = path === undefined ? undefined : this.organization.s3.text(this.orgBucket, path);
    const event = JSON.parse(text ?? 'null') as NoticeEvent | null;
    const mails = this.emailsOf(messageId);
    const [first] = mails;
    if (first)
      this.mails.push({
        at: first.at,
        audience: 'admin',
        to: mails.map(({ to }) => to),
        subject: first.subject ?? '',
        text: first.text,
        eventId: event?.id,
      });
    if (!event) return;
    for (const listen of this.noticeListeners) listen(event);
    if (this.published.has(event.id)) return;
    this.published.add(event.id);
    this.notices.push(event);
  }

  /** Several messages may be on their way at once. */
  private emailsOf(messageId: string): readonly DeliveredEmail[] {
    const { emails } = this.organization.sns;
    for (; this.emailsSeen < emails.length; this.emailsSeen++) {
      const email = emails[this.emailsSeen]!;
      this.emails.set(email.messageId, [...(this.emails.get(email.messageId) ?? []), email]);
    }
    const found = this.emails.get(messageId) ?? [];
    this.emails.delete(messageId);
    return found;
  }

  private mailed(origin: string, messageId: string): void {
    const mail = this.organization.ses.mails.findLast((other) => other.messageId === messageId);
    const eventId = /([^/]+)\.json$/.exec(this.readEvents.get(origin) ?? '')?.[1];
    if (mail)
      this.mails.push({
        at: mail.at,
        audience: 'owner',
        to: mail.to,
        subject: mail.subject,
        text: mail.text ?? '',
        html: mail.html,
        eventId,
      });
  }

  private userState({ accountId, userName, secretName, formerNames }: MovingUser): UserState {
    const keys = this.keysOf(accountId, userName);
    const [secret, ...formers] = [secretName, ...[...formerNames].reverse()].flatMap(
      (name) => this.organization.secrets.find(name, accountId, this.organization.region) ?? [],
    );
    const formerKeyIds = formers.flatMap((former) => this.versionsOf(former).flatMap(({ keyId }) => keyId ?? []));
    const keyState = ({ accessKeyId: keyId, secretAccessKey, status, createdAt }: (typeof keys)[number]): KeyState => ({
      keyId,
      secret: secretAccessKey,
      status,
      createdAt,
      compromised: secret?.tags.has(compromisedTagKey(keyId)) ?? false,
    });
    return {
      userName,
      keys: keys.map(keyState),
      ...(secret && { versions: this.versionsOf(secret), secretEndsAt: secret.deletionDate }),
      ...(formerKeyIds.length > 0 && { formerKeyIds }),
    };
  }

  /** Also of a user who has another name now. */
  private keysOf(accountId: string, userName: string): ReturnType<LocalOrganization['directory']['keysOf']> {
    const { directory } = this.organization;
    const name = nameOf(accountId, userName);
    if (directory.hasUser(accountId, userName)) {
      this.userIds.set(name, directory.user(accountId, userName).id);
      return directory.keysOf(accountId, userName);
    }
    const renamed = directory.users(accountId).find(({ id }) => id === this.userIds.get(name));
    return renamed ? directory.keysOf(accountId, renamed.name) : [];
  }

  private versionsOf(secret: Secret): readonly VersionState[] {
    return this.organization.secrets.values([secret]).map(({ value: stored, versionId, stages }) => {
      const value = typeof stored === 'string' ? valueIn(stored) : undefined;
      return {
        versionId,
        labels: stages,
        keyId: value?.key?.id,
        secret: value?.key?.secret,
        userName: value?.userName,
      };
    });
  }

  /** Kept for each key: making a client costs as much as twenty calls. */
  private clientsOf({ keyId, secret }: KeyPair): Clients {
    let clients = this.clients.get(keyId);
    if (!clients) {
      const config = this.organization.clientConfig({ accessKeyId: keyId, secretAccessKey: secret });
      this.clients.set(keyId, (clients = { sts: new STSClient(config), secrets: new SecretsManagerClient(config) }));
    }
    return clients;
  }
}

/** Undefined for a value that a person wrote in a form of their own. */
function valueIn(text: string): ReturnType<typeof parseSecretValue> | undefined {
  try {
    return parseSecretValue(text);
  } catch {
    return undefined;
  }
}

/** Where the event lies that a message is about; undefined for a message that is none of the product's. */
function eventPathIn(message: string): string | undefined {
  try {
    const { object } = JSON.parse((JSON.parse(message) as { sqs: string }).sqs) as Partial<NoticePointer>;
    return typeof object === 'string' ? object : undefined;
  } catch {
    return undefined;
  }
}

/** What a request carries, but for the value of a secret, which belongs there. */
function requestText({ input }: CallRecord): string {
  const { SecretString: _, SecretBinary: _binary, Body, Payload, ...rest } = input as Readonly<Record<string, unknown>>;
  const blobs = [Body, Payload]
    .filter((blob) => blob !== undefined)
    .map((blob) => Buffer.from(blob as Uint8Array | string).toString('utf8'));
  return [JSON.stringify(rest), ...blobs].join('\n');
}

/** GetCallerIdentity cannot be denied: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html */
const KEY_REFUSED: ReadonlySet<string> = new Set([
  'InvalidClientTokenId',
  'InvalidClientTokenIdException',
  'SignatureDoesNotMatch',
]);

/** A refusal of AWS by its code; what goes wrong on this side is thrown. */
async function refusalOf(ask: () => Promise<unknown>): Promise<Refusal | Unanswered | undefined> {
  try {
    await ask();
    return undefined;
  } catch (error) {
    const { name, $metadata: answer } = error as Error & { readonly $metadata?: { readonly httpStatusCode?: number } };
    if (error instanceof ConnectionLost) return { unanswered: name };
    if (!answer) throw error;
    return isThrottling(name) || (answer.httpStatusCode ?? 0) >= 500 ? { unanswered: name } : { refused: name };
  }
}
