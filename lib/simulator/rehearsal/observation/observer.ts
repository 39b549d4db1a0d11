import type { NoticeEvent, NoticeOf } from '../../../../lambda/contract/notice';
import { keyEvents, type AccountState, type UserState } from '../environment/account-state';
import type { Player } from '../environment/participants';
import { History, type LoggedEvent } from '../history/event-log';
import { alwaysTrue, isStoredKeySound, lastKeyKept, noSecretIn, trueAtRest, type Finding } from './invariants';
import { mailFiles, mailName, type MailFile } from './mail-files';
import { Farewells } from './farewells';
import { NoticeCounter, noticeIsTrue } from './notice-invariants';
import { nameOf } from '../environment/user-key';
import { SecretSearch } from './secret-search';
import type { Change, Environment, EnvironmentMail } from '../environment/environment';

/** Watches the stage: writes down what happens to every key and who is told of it, and whether every promise holds. */
export class Observer {
  readonly history = new History();
  readonly mails: MailFile[] = [];
  /** Users whose keys end by the roster's own word. */
  offboarded: ReadonlySet<string> = new Set();
  /** Users whose key was declared compromised, until they hear of the next one. */
  readonly excused = new Set<string>();
  /** Users whose stored key a person broke, until it works again. */
  private readonly harmed = new Set<string>();
  /** Users who have had a stored key. */
  private readonly stored = new Set<string>();
  /** Keys of secrets that a person deleted without recovery. */
  private readonly lost = new Set<string>();
  private readonly commands = new Map<string, string>();
  private readonly search = new SecretSearch();
  private readonly counter = new NoticeCounter();
  private readonly farewells: Farewells;
  private readonly managed = new Set<string>();
  private readonly states = new Map<string, UserState>();
  private readonly mailNames = new Set<string>();
  private readonly numbers = new Map<string, string>();
  private readonly notices = new Map<string, NoticeEvent>();
  private readonly accountIds: readonly string[];

  /** @param hear called with each notice that was mailed to its owner */
  constructor(
    private readonly stage: Environment,
    players: readonly Player[],
    private readonly hear: (notice: NoticeEvent) => void,
  ) {
    this.farewells = new Farewells(players);
    this.accountIds = [...new Set(players.map(({ accountId }) => accountId))];
    for (const { accountId, user, keys } of players) {
      for (const { keyId, secret, createdAt } of keys) {
        this.search.add(keyId, secret);
        this.record({
          at: createdAt.toISOString(),
          accountId,
          userName: user.name,
          kind: 'key-created',
          keyId,
          origin: 'existing',
        });
      }
    }
    for (const accountId of this.accountIds) this.keepState(stage.stateOf(accountId));
    stage.onChange((change) => this.observe(change));
    stage.onNotice((notice) => this.compare(notice));
  }

  /** A person is about to break the stored key of this user, or to delete its secret for good. */
  harm(name: string, losesSecret: boolean): void {
    this.harmed.add(name);
    if (losesSecret) for (const { keyId } of this.states.get(name)?.versions ?? []) if (keyId) this.lost.add(keyId);
  }

  /** What the last notice about this user says to do, unless what it is about is over. */
  lastCommand(name: string): string | undefined {
    return this.commands.get(name);
  }

  record(event: LoggedEvent): void {
    this.history.record(event);
  }

  violate(accountId: string, findings: readonly Finding[]): void {
    for (const finding of findings) this.history.violate({ ...finding, at: this.stage.now().toISOString(), accountId });
  }

  /** Notices, mails and everything that left a function since the last time; owners hear what is for them. */
  collect(): void {
    for (const notice of this.stage.takeNotices()) this.keepNotice(notice);
    for (const mail of this.stage.takeMails()) {
      const notice = this.notices.get(mail.eventId ?? '');
      this.keepMail(mail, notice);
      if (notice && mail.audience === 'owner') this.farewells.mailed(notice, mail.at);
      if (notice && mail.audience === 'owner') this.hear(notice);
    }
    for (const { accountId, finding } of this.farewells.judge()) this.violate(accountId, [finding]);
    for (const { accountId, place, text } of this.stage.takeTexts())
      this.violate(accountId, noSecretIn(place, text, this.search));
  }

  inspectRest(): void {
    for (const accountId of this.accountIds)
      this.violate(accountId, trueAtRest(this.stage.stateOf(accountId), this.managed, this.lost));
  }

  /** Each notice is compared with what is so at the instant at which it is published. */
  private compare(notice: NoticeEvent): void {
    const { accountId, userName } = notice;
    const [user] = userName ? this.stage.stateOf(accountId, userName).users : [];
    this.violate(accountId, [...noticeIsTrue(notice, user), ...this.counter.count(notice, this.stage.now())]);
  }

  /** After every call that changed something: what happened to keys, and whether all promises still hold. */
  private observe({ accountId, userName, byProduct }: Change): void {
    const state = this.stage.stateOf(accountId, userName);
    const before = state.users.flatMap((user) => this.states.get(nameOf(accountId, user.userName)) ?? []);
    for (const event of keyEvents({ accountId, users: before }, state, this.stage.now())) {
      if (event.kind === 'key-created') this.remember(state, event.keyId, byProduct);
      if (event.kind === 'key-deactivated' && byProduct && !this.excused.has(nameOf(accountId, event.userName ?? '')))
        this.farewells.deactivated({ ...event, userName: event.userName ?? '' });
      this.record(event.kind === 'key-created' && !byProduct ? { ...event, origin: 'person' } : event);
    }
    const exceptions = new Set([...this.offboarded, ...this.excused]);
    if (byProduct) this.violate(accountId, this.endedLastKeys(state, exceptions));
    this.keepState(state);
    this.violate(accountId, alwaysTrue(state, new Set([...exceptions, ...this.harmed])));
  }

  private keepStored(name: string, { versions = [] }: UserState): void {
    const current = versions.find(({ labels }) => labels.includes('AWSCURRENT'))?.keyId;
    if (current !== undefined && !this.offboarded.has(name)) this.farewells.stored(current);
  }

  private endedLastKeys({ accountId, users }: AccountState, exceptions: ReadonlySet<string>): readonly Finding[] {
    return users.flatMap((user) => {
      const name = nameOf(accountId, user.userName);
      const before = this.states.get(name);
      return before && !exceptions.has(name) ? lastKeyKept(before, user, this.stored.has(name)) : [];
    });
  }

  private keepState({ accountId, users }: AccountState): void {
    for (const user of users) {
      const name = nameOf(accountId, user.userName);
      this.states.set(name, user);
      this.keepStored(name, user);
      if (!isStoredKeySound(user)) continue;
      this.stored.add(name);
      this.harmed.delete(name);
    }
  }

  private remember(state: AccountState, keyId: string, byProduct: boolean): void {
    if (byProduct) this.managed.add(keyId);
    const key = state.users.flatMap(({ keys }) => keys).find((other) => other.keyId === keyId);
    if (key) this.search.add(keyId, key.secret);
  }

  private keepNotice(notice: NoticeEvent): void {
    const { accountId, userName, type, id, occurredAt } = notice;
    const { code, reason, command } = notice as Partial<NoticeOf<'attention'>>;
    this.notices.set(id, notice);
    this.farewells.notified(notice);
    if (command !== undefined) this.commands.set(nameOf(accountId, userName), command);
    if (type === 'resolved') this.commands.delete(nameOf(accountId, userName));
    this.record({
      at: occurredAt,
      accountId,
      ...(userName && { userName }),
      kind: 'notice',
      type,
      eventId: this.numbered(id),
      code,
      reason,
    });
  }

  private keepMail(mail: EnvironmentMail, notice: NoticeEvent | undefined): void {
    const name = mailName(
      mail,
      { accountId: notice?.accountId, userName: notice?.userName, type: notice?.type },
      this.mailNames,
    );
    this.mailNames.add(name);
    const files = mailFiles(`mails/${name}`, mail);
    this.mails.push(...files);
    const { audience, subject, eventId } = mail;
    this.record({
      at: mail.at.toISOString(),
      accountId: notice?.accountId ?? '',
      ...(notice?.userName && { userName: notice.userName }),
      kind: 'mail',
      audience,
      subject,
      file: files[0]!.name,
      ...(eventId && { eventId: this.numbered(eventId) }),
    });
  }

  /** Ids follow from random version ids; counted, they are the same for the same seed, however many runs were skipped. */
  private numbered(eventId: string): string {
    const number = this.numbers.get(eventId) ?? String(this.numbers.size + 1);
    this.numbers.set(eventId, number);
    return number;
  }
}
