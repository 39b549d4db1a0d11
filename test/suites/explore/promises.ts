/** What must hold at every instant of a schedule, and when it has come to rest. */
import { hoursToMs } from '../../../lambda/domain/time';
import { retirementsOf } from '../../../lambda/domain/ledger/retirements';
import { codeOf } from '../../../lambda/domain/errors';
import type { NoticeType } from '../../../lambda/contract/notice';
import type { Said } from '../../domain/said';
import type { Secret } from '../../../lambda/domain/ports';
import { Killed, type World } from '../../domain/world';
import { secretsIn } from './leaks';

type Key = World['keys'][number];
type Seen = Pick<Key, 'id' | 'status'>;

/** One invocation lasts that long at most: instants of the same act differ by no more. */
const SLACK_MS = 5 * 60_000;
/** Between the last reading and the end of an act: the ledger or the evidence, and the act. */
const CALLS_OF_AN_ACT = 2;
/** What says until when a previous key works. */
const NAMING: readonly NoticeType[] = ['rotated', 'rotation-partial', 'rolled-back', 'previous-key-in-use'];
const FAILURES: readonly NoticeType[] = ['rotation-failed', 'rotation-partial'];
const FAILING: readonly string[] = [
  'ROTATION_FAILED',
  'ROTATION_ABANDONED',
  'ROTATION_FAILS',
  'ROTATION_UNFINISHED',
  'ROTATION_WAITS',
];
const DAY_MS = 24 * 3_600_000;

interface Failure {
  readonly token: string;
  /** Undefined of a function that was cut off. */
  readonly code?: string;
  /** ISO 8601. */
  readonly at: string;
}

/** Watches a world; problems are sentences. */
export class Promises {
  readonly problems: string[] = [];
  /** Number of calls when the first promise broke. */
  brokenAt: number | undefined;
  /** Some AWSCURRENT has named a key. */
  private hasStored: boolean;
  /** How many calls had been made when a person last did something. */
  private personAt = -Infinity;
  /** AWSCURRENT has held a working key: from then on it always must. */
  private settled: boolean;
  private before: readonly Seen[];
  private held: ReadonlySet<string>;
  private currentKeyId: string | undefined;
  private currentVersion: string | undefined;
  /** What AWSCURRENT has been, each until how many calls had been made. */
  private readonly formerly: {
    readonly version: string | undefined;
    readonly keyId: string | undefined;
    readonly until: number;
  }[] = [];
  /** Versions that a rotation has put into AWSCURRENT, with the key that each replaced. */
  private readonly promoted = new Map<string, string | undefined>();
  /** By key: since when it is on its way out, at the earliest. */
  private readonly retiresSince = new Map<string, number>();
  /** By key: since when it is Inactive. */
  private readonly inactiveSince = new Map<string, number>();
  /** By key: the instants that its owner was promised. */
  private readonly activeUntil = new Map<string, number>();
  private readonly keptUntil = new Map<string, number>();
  /** Keys that were in a version at some time, or in the ledger from the start. */
  private readonly everKnown: Set<string>;
  /** Keys that retired when the watch began: who was notified of them was not seen. */
  private readonly retiredBefore: ReadonlySet<string>;
  /** By key: how many calls had been made when it was deactivated or deleted. */
  private readonly stoppedAt = new Map<string, number>();
  private readonly published = new Map<string, Partial<Said>>();
  private readonly failures: Failure[] = [];
  private readonly searched = {
    logLines: 0,
    recorded: 0,
    answers: 0,
    tags: new Set<string>(),
    report: undefined as unknown,
  };

  /** @param crowded whether others act between two calls, so that a place can be taken after it was seen to be free */
  constructor(
    private readonly world: World,
    private readonly crowded: boolean,
  ) {
    this.settled = world.works(world.keyOf('AWSCURRENT'));
    this.before = this.snapshot();
    this.held = this.named();
    this.currentVersion = this.versionWith('AWSCURRENT');
    this.currentKeyId = world.keyOf('AWSCURRENT')?.id;
    this.hasStored = this.currentKeyId !== undefined || world.lostKeys.size > 0;
    this.everKnown = new Set([...this.stored(), ...this.retiring()]);
    this.retiredBefore = new Set(this.retiring());
    for (const { id, status } of world.keys) {
      if (!this.retiring().includes(id)) this.retiresSince.set(id, world.now.getTime());
      if (status !== 'Active' && !this.retiring().includes(id)) this.inactiveSince.set(id, world.now.getTime());
    }
    world.watch = (by) => this.look(by);
    world.told = (event, since) => this.hear(event, since);
    world.ended = () => this.searchSecrets();
  }

  /** All that decides what is demanded from here on, as text. */
  fingerprint(): string {
    const {
      settled,
      hasStored,
      promoted,
      retiresSince,
      inactiveSince,
      activeUntil,
      keptUntil,
      everKnown,
      currentKeyId,
    } = this;
    const instants = [retiresSince, inactiveSince, activeUntil, keptUntil].map((known) =>
      [...known].map(([id, at]) => [id, new Date(at)]),
    );
    const heard = this.world.notices
      .filter(({ type }) => type !== 'attention' && type !== 'resolved')
      .map(({ id, type, audience, code }) => [id, audience, code, this.published.get(`${id} ${type}`)]);
    return JSON.stringify([
      settled,
      hasStored,
      currentKeyId,
      [...promoted],
      instants,
      [...everKnown],
      heard,
      this.untold(),
      this.tellings(),
    ]);
  }

  /** An attempt failed, and reconcile has heard of it. */
  failed(token: string, failure: Error, at: string): void {
    const code = failure instanceof Killed ? undefined : codeOf(failure);
    this.failures.push({
      token,
      at,
      ...(code !== undefined && { code }),
    });
  }

  /** The function told of a failure itself and recorded that, and then reconcile said that it had not. */
  deniedRecord(since: number): void {
    this.demand(
      !this.world.notices.slice(since).some(({ code }) => code === 'ROTATION_FAILED'),
      'the admins were told that the function had left no record',
    );
  }

  /** Whatever differs now was done by a person. */
  accept(): void {
    for (const { id, status } of this.world.keys) {
      if (status === 'Active' || this.inactiveSince.has(id)) continue;
      this.inactiveSince.set(id, this.world.now.getTime());
      this.stoppedAt.set(id, this.world.calls.length);
    }
    this.personAt = this.world.calls.length;
    this.settled = this.world.works(this.world.keyOf('AWSCURRENT'));
    this.before = this.snapshot();
    this.held = this.named();
    for (const { id } of this.before)
      if (!this.retiresSince.has(id) && !this.everKnown.has(id)) this.retiresSince.set(id, this.world.now.getTime());
  }

  /** Faults have stopped, no rotation is outstanding, and reconcile has passed twice. */
  afterwards(): void {
    const { world } = this;
    const stored = this.stored();
    for (const { id } of world.keys)
      this.demand(
        !world.made.has(id) || stored.has(id),
        `${id}, which we made and did not store, was still there after the rotation`,
      );
  }

  /**
   * Once faults have stopped and time has gone by.
   * @param alone whether nobody but the rotation did anything: then every previous key is gone
   */
  atRest(alone: boolean): void {
    const { world } = this;
    this.demand(world.works(world.keyOf('AWSCURRENT')), 'at rest AWSCURRENT names no working key');
    this.demand(this.versionWith('AWSPENDING') === undefined, 'at rest a version is AWSPENDING');
    this.demand(!alone || world.keys.length === 1, 'at rest a previous key had not been deleted');
    this.afterwards();
    for (const { token, code } of this.untold())
      this.demand(false, `a failure of ${token.slice(-2)} (${code ?? 'cut off'}) reached no admin`);
    for (const [version, count] of this.tellings())
      this.demand(
        count === 1,
        `an owner was told ${count} times of one version that was promoted (${version.slice(-2)})`,
      );
    for (const { type, previousKey } of world.recorded)
      this.demand(
        type !== 'previous-key-deleted' || !world.keys.some(({ id }) => id === previousKey?.keyId),
        `${previousKey?.keyId} is on record as deleted and exists`,
      );
    const current = world.keyOf('AWSCURRENT');
    const told = world.notices.some(
      ({ type, currentKeyId, audience }) =>
        (type === 'rotated' || type === 'rotation-partial' || type === 'rolled-back') &&
        audience.includes('owner') &&
        currentKeyId === current?.id,
    );
    this.demand(
      !world.made.has(current?.id ?? '') || !this.promoted.has(this.versionWith('AWSCURRENT') ?? '') || told,
      'the owner was not told of the current key',
    );
  }

  /** Failures that no report of this user's names: one on the day before stands for those that follow. */
  private untold(): Failure[] {
    const found = [...FAILING, ...this.failures.map(({ code }) => code)];
    const reports = this.world.notices.filter(
      ({ type, code, audience }) =>
        audience.includes('admin') && (FAILURES.includes(type) || (code !== undefined && found.includes(code))),
    );
    return this.failures.filter(
      ({ at }) => !reports.some(({ occurredAt }) => Date.parse(occurredAt) >= Date.parse(at) - DAY_MS),
    );
  }

  /** How often owners were told of each promoted version. */
  private tellings(): [string, number][] {
    const told = this.world.notices.filter(
      ({ type, audience }) => (type === 'rotated' || type === 'rotation-partial') && audience.includes('owner'),
    );
    return [...this.promoted.keys()].map((version) => [
      version,
      told.filter(({ versionId }) => versionId === version).length,
    ]);
  }

  private look(by: string): void {
    const { world } = this;
    this.follow(by);
    const works = world.works(world.keyOf('AWSCURRENT'));
    this.demand(
      works || !this.settled || this.isCompromised(this.currentKeyId),
      'AWSCURRENT names a key that does not work',
    );
    this.settled ||= works;
    this.demand(world.trespasses === 0, 'the keys of another user were asked for');
    this.demand(this.crowded || world.refusedForLimit === 0, 'CreateAccessKey was sent although the user had two keys');
    for (const count of world.creations.values())
      this.demand(count === 1, 'CreateAccessKey was called twice in one invocation');
    for (const former of this.before)
      this.compare(
        former,
        world.keys.find(({ id }) => id === former.id),
        by,
      );
    this.before = this.snapshot();
    this.held = this.named();
    for (const id of this.held) this.everKnown.add(id);
  }

  /** Which version and key are current, and since when others are not. */
  private follow(by: string): void {
    const { world } = this;
    const now = world.now.getTime();
    const version = this.versionWith('AWSCURRENT');
    const keyId = world.keyOf('AWSCURRENT')?.id;
    if (version !== undefined && version !== this.currentVersion && by === 'finishSecret')
      this.promoted.set(version, this.currentKeyId);
    if (version !== this.currentVersion || keyId !== this.currentKeyId)
      this.formerly.push({ version: this.currentVersion, keyId: this.currentKeyId, until: world.calls.length });
    if (keyId !== this.currentKeyId) {
      if (this.currentKeyId) this.retiresSince.set(this.currentKeyId, now);
      for (const known of [this.retiresSince, this.activeUntil, this.keptUntil]) known.delete(keyId ?? '');
    }
    for (const { id, status } of world.keys) {
      if (id !== keyId && !this.retiresSince.has(id) && !this.everKnown.has(id)) this.retiresSince.set(id, now);
      if (status === 'Active') this.inactiveSince.delete(id);
      else if (this.before.some((former) => former.id === id && former.status === 'Active'))
        this.inactiveSince.set(id, now);
    }
    [this.currentVersion, this.currentKeyId] = [version, keyId];
    this.hasStored ||= keyId !== undefined;
  }

  /** What became of one key. */
  private compare(former: Seen, key: Key | undefined, by: string): void {
    if (key?.status === former.status || (former.status === 'Inactive' && key)) return;
    const { id } = former;
    this.stoppedAt.set(id, this.world.calls.length);
    const stored = this.lastSeen.get(id);
    this.demand(
      !this.held.has(id) || this.isCompromised(id),
      `${id} was ${key ? 'deactivated' : 'deleted'} while a version named it`,
    );
    if (this.isCompromised(id) || stored === undefined) return;
    if (!key && this.world.made.has(id) && !this.stored().has(id))
      return this.demand(!stored.lastUse.used, `${id}, an orphan, was deleted although it was used`);
    this.demand(
      former.status !== 'Active' || this.mayStop(id),
      `${id} was ${key ? 'deactivated' : 'deleted'} while AWSCURRENT named no Active key`,
    );
    if (!this.world.made.has(id))
      this.demand(
        this.world.slice?.users[0]?.unmanagedKeys !== 'hold' || this.everKnown.has(id),
        `${id}, which a person made and the roster holds, was touched`,
      );
    if (key) this.deactivated(stored, by);
    else this.deleted(former, stored, by);
  }

  /**
   * AWSCURRENT names an Active key, or one that was declared compromised; or it never named one, and another key is
   * Active. What a person did right before the act, nobody can have read.
   */
  private mayStop(keyId: string): boolean {
    const { before, currentKeyId, world } = this;
    if (world.calls.length - this.personAt <= CALLS_OF_AN_ACT) return true;
    const active = before.filter(({ status }) => status === 'Active');
    if (active.some(({ id }) => id === currentKeyId) || this.isCompromised(currentKeyId)) return true;
    return !this.hasStored && active.some(({ id }) => id !== keyId);
  }

  private get user(): World['user'] {
    return this.world.slice?.users.find(({ name }) => name === this.world.user.name) ?? this.world.user;
  }

  private deactivated(key: Key, by: string): void {
    const { user } = this;
    if (by === 'operate' && this.isCompromised(this.currentKeyId)) return;
    const now = this.world.now.getTime();
    const since = this.retiresSince.get(key.id) ?? 0;
    const keptFor = hoursToMs(user.keepPreviousForHours);
    const kept = now >= since + keptFor - SLACK_MS;
    this.demand(
      this.isQuiet(key) || (user.whenStillUsed === 'deactivate' && kept),
      `${key.id} was deactivated while it was used`,
    );
    this.demand(kept || this.isForRemoval(key.id), `${key.id} was deactivated before keepPreviousFor was over`);
    this.demand(now >= (this.activeUntil.get(key.id) ?? 0), `${key.id} was deactivated before the promised instant`);
    this.demand(this.isNotified(key), `${key.id} was deactivated before anybody was notified of its end`);
  }

  /**
   * A mail arrived that is younger than the key, or the admins were notified for as long before as the roster keeps a key,
   * but for a pass that was cut off; or nobody has to be: a key that is not ours, is younger than the stored one and not used.
   */
  private isNotified(key: Key): boolean {
    const { world, user } = this;
    if (user.keepPreviousForHours === 0 || this.isForRemoval(key.id) || this.retiredBefore.has(key.id)) return true;
    const stored = world.keys.find(({ id }) => id === this.currentKeyId);
    const isOwn = this.everKnown.has(key.id) || (stored !== undefined && key.createdAt < stored.createdAt);
    if (!isOwn && this.isQuiet(key)) return true;
    const latest = world.now.getTime() - hoursToMs(user.keepPreviousForHours) + hoursToMs(48) + SLACK_MS;
    return world.notices.some(({ id, type, code, occurredAt }) => {
      if (code === 'OWNER_NOT_NOTIFIED') return type === 'attention' && Date.parse(occurredAt) <= latest;
      const { delivery, feedback } = world.mailAbout(id);
      return delivery && !feedback && NAMING.includes(type) && Date.parse(delivery.sentAt) >= key.createdAt.getTime();
    });
  }

  private deleted(former: Seen, key: Key, by: string): void {
    const { user } = this;
    const now = this.world.now.getTime();
    const makingRoom = by === 'createSecret' || by === 'operate';
    const atOnce = makingRoom || user.keepPreviousForHours === 0 || this.isForRemoval(key.id);
    this.demand(former.status === 'Inactive', `${key.id} was deleted while it was Active`);
    this.demand(this.isQuiet(key) || by === 'operate', `${key.id} was deleted while it was used`);
    this.demand(
      atOnce || now >= (this.inactiveSince.get(key.id) ?? 0) + hoursToMs(user.deleteInactiveAfterHours) - SLACK_MS,
      `${key.id} was deleted before deleteInactiveAfter was over`,
    );
    this.demand(
      atOnce || now >= (this.keptUntil.get(key.id) ?? 0),
      `${key.id} was deleted before the promised instant`,
    );
  }

  /** In no version, never, and the roster says that such keys go. */
  private isForRemoval(keyId: string): boolean {
    return this.user.unmanagedKeys === 'delete' && !this.world.made.has(keyId) && !this.everKnown.has(keyId);
  }

  /**
   * A notice must be true when it goes out, and say the same whenever it goes out again; but a deactivated key may be
   * kept for longer than was said at first, a condition is told as it is, and a rotation that was told as partial may
   * be told as rotated once the rest is done, and why it is partial as it is. Of a previous key it tells the last use as it is,
   * and need not say again what it said of one that works no more.
   * @param since calls at the beginning of the invocation that tells: what others did since then it need not know
   */
  private hear(event: Said, since: number): void {
    const { world } = this;
    const { id, type, versionId, currentKeyId, previousKey, audience } = event;
    const previousKeyId = previousKey?.keyId;
    const said: Partial<Said> = {
      ...event,
      occurredAt: undefined,
      steps: undefined,
      ...(previousKey && { previousKey: { ...previousKey, deletedAfter: undefined } }),
      previousKeyLastUsed: undefined,
      ...(type === 'rotation-partial' && { code: undefined, reason: undefined }),
      ...(type === 'rotation-failed' && { reason: undefined, nextStep: undefined }),
      ...(type === 'previous-key-deleted' && { currentKeyId: undefined, reason: undefined }),
    };
    const replaced = this.promoted.get(versionId ?? '');
    const isOver = type === 'rotated' && !world.keys.some((key) => key.id === replaced && key.status === 'Active');
    const lasting = (notice: Partial<Said>): string =>
      JSON.stringify(isOver ? { ...notice, previousKey: undefined } : notice);
    this.demand(
      type === 'attention' ||
        type === 'stored-key-unusable' ||
        lasting(this.published.get(`${id} ${type}`) ?? said) === lasting(said),
      `two notices of one id differ (${type})`,
    );
    this.published.set(`${id} ${type}`, said);
    const currents = [
      { version: this.versionWith('AWSCURRENT'), keyId: world.keyOf('AWSCURRENT')?.id },
      ...(this.crowded ? this.formerly.filter(({ until }) => until > since) : []),
    ];
    const previous = world.keys.find((key) => key.id === previousKeyId);
    const lie = (truth: boolean, found: string): void => this.demand(truth, `a lying notice: ${type}, and ${found}`);
    if (type === 'rotated' || type === 'rolled-back' || type === 'rotation-partial')
      lie(
        currents.some(({ version }) => version === versionId),
        'AWSCURRENT is on another version',
      );
    if (type === 'rotated' || type === 'rolled-back')
      lie(
        currents.some(({ keyId }) => keyId === currentKeyId),
        'AWSCURRENT names another key',
      );
    if (type === 'rotation-failed')
      lie(
        currents.some(({ version }) => version !== versionId),
        'the version was promoted',
      );
    if (type === 'previous-key-deactivated' || type === 'key-compromised')
      lie(previous?.status !== 'Active', 'the key is Active');
    if (type === 'stored-key-unusable' && !this.crowded) {
      const stored = this.stored();
      const isHeld = (keyId: string): boolean => !world.made.has(keyId) || stored.has(keyId);
      const active = world.keys.flatMap(({ id: keyId, status }) =>
        status === 'Active' && isHeld(keyId) && keyId !== world.keyOf('AWSPENDING')?.id ? keyId : [],
      );
      lie(!world.works(world.keyOf('AWSCURRENT')), 'the stored key works');
      lie(JSON.stringify(event.workingKeyIds) === JSON.stringify(active), 'other keys work');
    }
    if ((type === 'rotated' || type === 'rotation-partial') && audience.includes('owner'))
      this.hearOfPrevious(event, since, lie);
    if (previousKeyId && previousKey?.until && previous)
      this.activeUntil.set(
        previousKeyId,
        Math.max(this.activeUntil.get(previousKeyId) ?? 0, Date.parse(previousKey.until)),
      );
    if (previousKeyId && previousKey?.deletedAfter && previous)
      this.keptUntil.set(previousKeyId, Date.parse(previousKey.deletedAfter));
  }

  private hearOfPrevious(
    { versionId, previousKey = { kind: 'none' } }: Said,
    since: number,
    lie: (truth: boolean, found: string) => void,
  ): void {
    const replaced = this.promoted.get(versionId ?? '');
    const key = this.world.keys.find(({ id, status }) => id === replaced && status === 'Active');
    if (!key)
      return lie(
        previousKey.kind !== 'works' ||
          replaced === undefined ||
          (this.crowded && (this.stoppedAt.get(replaced) ?? 0) > since),
        'the previous key does not work',
      );
    const uncertain = previousKey.kind === 'uncertain';
    lie(
      previousKey.keyId === key.id && (uncertain || previousKey.kind === 'works'),
      'a previous key works of which it does not say until when',
    );
    if (uncertain) return;
    const until = (this.retiresSince.get(key.id) ?? 0) + hoursToMs(this.user.keepPreviousForHours);
    lie(Math.abs(Date.parse(previousKey.until ?? '') - until) <= SLACK_MS, 'the previous key is not kept until then');
  }

  /** Everything that was said since the last invocation. */
  private searchSecrets(): void {
    const { world, searched } = this;
    const texts: unknown[] = [
      ...world.logLines.slice(searched.logLines),
      ...world.recorded.slice(searched.recorded),
      ...world.answers.slice(searched.answers),
    ];
    const values = [...world.secrets.values()]
      .flatMap(({ tags }) => Object.values(tags))
      .filter((value) => !searched.tags.has(value));
    for (const value of values) searched.tags.add(value);
    texts.push(...values);
    if (world.report !== searched.report) texts.push(world.report);
    Object.assign(searched, {
      logLines: world.logLines.length,
      recorded: world.recorded.length,
      answers: world.answers.length,
      report: world.report,
    });
    const found = secretsIn(texts, world.pairs);
    this.demand(found.length === 0, `a secret access key was said: ${found.join(', ')}`);
  }

  /** One that is gone holds nothing. */
  private get secret(): Pick<World['secret'], 'tags' | 'versions'> {
    return this.world.secrets.get(this.world.user.secretName) ?? { tags: {}, versions: new Map() };
  }

  private stored(): Set<string> {
    const now = [...this.secret.versions.values()].flatMap(({ value }) => this.world.keyIn(value)?.id ?? []);
    return new Set([...now, ...this.world.lostKeys]);
  }

  private retiring(): string[] {
    return retirementsOf({ tags: this.secret.tags } as Secret).map(({ keyId }) => keyId);
  }

  private isCompromised(keyId: string | undefined): boolean {
    return this.secret.tags[`access-keys:compromised:${keyId}`] !== undefined;
  }

  private isQuiet({ lastUse, createdAt }: Key): boolean {
    const seen = lastUse.used ? lastUse.at : createdAt;
    return this.world.now.getTime() - seen.getTime() >= hoursToMs(this.user.quietForHours);
  }

  /** Keys as they were last, also those that are gone. */
  private readonly lastSeen = new Map<string, Key>();

  private snapshot(): readonly Seen[] {
    for (const key of this.world.keys) this.lastSeen.set(key.id, key);
    return this.world.keys.map(({ id, status }) => ({ id, status }));
  }

  private named(): ReadonlySet<string> {
    return new Set((['AWSCURRENT', 'AWSPENDING'] as const).flatMap((stage) => this.world.keyOf(stage)?.id ?? []));
  }

  private versionWith(stage: string): string | undefined {
    return [...this.secret.versions].find(([, { stages }]) => stages.has(stage))?.[0];
  }

  private demand(holds: boolean, problem: string): void {
    if (holds || this.problems.includes(problem)) return;
    this.problems.push(problem);
    this.brokenAt ??= this.world.calls.length;
  }
}
