/**
 * A stateful stand-in for one AWS account behind the domain's ports: two IAM users' keys, the secret of one of them with
 * Secrets Manager's rotation machine, and the notices. Every port call can fail, lose its answer or kill the function.
 */
import { principalsOf, withPrincipals } from '../../lib/simulator/local-organization/iam/resource-policy';
import { STEPS } from '../../lambda/domain/rotation/step-event';
import type { NoticeEvent } from '../../lambda/contract/notice';
import type { Said } from './said';
import type { AccessKey, AccessKeyPair, LastUse, Mails, Secret, SecretLifecycle } from '../../lambda/domain/ports';
import type { OwnerEvent } from '../../lambda/domain/mail/owner-event';
import { asOfSending } from '../../lambda/domain/mail/promised-date';
import { emptyCache } from '../../lambda/domain/reconcile/cache';
import { reconcile, type RunOutcome } from '../../lambda/domain/reconcile/run';
import type { AccountReport } from '../../lambda/contract/report';
import type { RotationFailure } from '../../lambda/domain/reconcile/account/rotation-failed-event';
import { soundTags } from '../../lambda/domain/ledger/sound-tags';
import { operate } from '../../lambda/domain/operate/run-command';
import { handleStep } from '../../lambda/domain/rotation/handle-step';
import { printSecretValue, parseSecretValue } from '../../lambda/domain/secret-value';
import type { RosterSlice, SliceUser } from '../../lambda/contract/slice';
import { parseSlice } from '../../lambda/domain/roster/parse-slice';

export const ACCOUNT = '333333333333';
export const REGION = 'us-east-1';
const START = new Date('2026-11-24T00:00:00Z');
const TIMEOUT_MS = 300_000;
const ROTATE = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:access-keys-rotate`;
const PROPAGATION_MS = 12_000;
const REQUEST_TIMEOUT_MS = 30_000;

export const ANN: SliceUser = {
  name: 'ann',
  secretName: '/access-key/ann',
  email: 'ann@example.com',
  state: 'active',
  rotateEveryHours: 90 * 24,
  keepPreviousForHours: 7 * 24,
  quietForHours: 48,
  deleteInactiveAfterHours: 7 * 24,
  whenStillUsed: 'hold',
  unmanagedKeys: 'retire',
  ownerReads: true,
  readers: [],
};

export function sliceOf(...users: SliceUser[]): RosterSlice {
  return {
    schemaVersion: 1,
    generation: 1,
    accountId: ACCOUNT,
    region: REGION,
    state: 'active',
    userGuard: { kind: 'none' },
    limits: { maxFirstRotationsPerRun: 20, freeze: [] },
    breakGlassRoles: [],
    users,
  };
}

/** Another user of the account, whose keys are nobody's business. */
const BOB = 'bob';

/** `error` and `timeout` come before the effect, a timeout late; `lost` after it; `throttled` refuses this call and the next of its kind. */
export type Fault = 'error' | 'timeout' | 'throttled' | 'lost' | 'killed-before' | 'killed-after';

/** A failure as the SDK throws it. */
class ServiceError extends Error {
  constructor(
    name: string,
    readonly $fault?: 'client' | 'server',
    readonly $metadata: { httpStatusCode?: number } = {},
  ) {
    super(name);
    this.name = name;
  }
}

/** The product must understand what it writes itself. */
function readable(tags: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const { malformedTags } = soundTags(tags);
  if (malformedTags) throw new Error(`tags that do not parse were written: ${JSON.stringify(malformedTags)}`);
  return tags;
}

const refused = (name: string): ServiceError => new ServiceError(name, 'client', { httpStatusCode: 400 });

interface StoredKey extends AccessKeyPair {
  status: AccessKey['status'];
  createdAt: Date;
  lastUse: LastUse;
}

interface StoredSecret {
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

export class Killed extends Error {}

/** One function invocation: it can be killed at a call, after which nothing of it happens any more. */
interface Invocation {
  /** A step of a rotation, `reconcile` or an operator's command. */
  readonly name: string;
  /** How many calls had been made when it began. */
  readonly since: number;
  dead: boolean;
  kill: (error: Error) => void;
}

/** One port call, for people who replay what happened. */
export interface Journaled {
  readonly at: Date;
  readonly by: string;
  readonly request: string;
  /** A staging label, a tag, or a key. */
  readonly about: string;
  outcome: string;
}

/** Names of calls that change nothing. */
const READS = /^(iam:(Get|List)|sts:|s3:GetObject|secretsmanager:(Describe|Get|List))/;
export const isRead = (call: string): boolean => READS.test(call);

export class World {
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
  /** Calls of CreateAccessKey by invocation. */
  readonly creations = new Map<object, number>();
  /** Calls of CreateAccessKey that IAM refused because there were two keys. */
  refusedForLimit = 0;
  /** How often the product asked for the keys of {@link BOB}. */
  trespasses = 0;
  /** How often the product asked for a rotation. */
  rotationsAsked = 0;
  report: AccountReport | undefined;
  /** Names of all port calls in order. */
  readonly calls: string[] = [];
  readonly journal: Journaled[] = [];
  /** What invocations answered and threw. */
  readonly answers: unknown[] = [];
  /** A function that makes more calls than that is stopped. */
  mostCalls = Infinity;
  /** What happens at the nth call (from 0), once. */
  readonly faults = new Map<number, Fault>();
  /** Runs after every call that changed something, with the name of the function's invocation. */
  watch: (by: string) => void = () => {};
  /** Runs after every invocation. */
  ended: () => void = () => {};
  /** Runs when an event is published or only recorded, with the number of calls when the invocation that does so began. */
  told: (event: Said, since: number) => void = () => {};
  /** When the mailer had each event whose mail goes to the owner. */
  readonly mailed = new Map<string, Date>();
  /** What becomes of the mails: in time, for nothing, or not at all, while SES or the mailer fails. */
  mail: 'arrives' | 'bounces' | 'is never sent' = 'arrives';
  /** Until then every message is refused. */
  snsDownUntil = new Date(0);
  /** Runs before each call, and is waited for: somebody's deed between two calls. */
  between: (call: number) => void | Promise<unknown> = () => {};
  /** Users and roles that policies may not name, because they do not exist; with `*` every policy is refused. */
  readonly missingPrincipals = new Set<string>();
  /** Whether a policy that is refused is stored all the same: AWS does not say. */
  storesRefusedPolicies = false;
  /** Whether a RotateSecret that is refused, for a rotation is outstanding, turns rotation on all the same: AWS does not say. */
  enablesRefused = false;
  /** How far the functions' clock is ahead of AWS's. */
  skewMs = 0;
  /** The step that Secrets Manager has called last. */
  running: { readonly step: string; readonly token: string } | undefined;
  private throttling: string | undefined;
  private created = 0;
  private attempts = 0;
  private rotations = 0;
  private cache = emptyCache();
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

  /** All that decides what happens from here on, as text: two worlds of the same text have the same future. Holds between two invocations. */
  fingerprint(): string {
    const {
      now,
      keys,
      userId,
      userExists,
      slice,
      throttling,
      created,
      attempts,
      rotations,
      rotationsAsked,
      running,
      cache,
    } = this;
    const secrets = [...this.secrets.values()].map((secret) => ({
      ...secret,
      versions: [...secret.versions].map(([id, { value, stages }]) => [id, value, ...stages]),
    }));
    const cached = [
      cache.circuitOpen,
      cache.rotationFailures,
      [...cache.reported],
      [...cache.users].map(([name, { failing, held }]) => [name, failing, held]),
    ];
    return JSON.stringify([
      now,
      keys,
      userId,
      userExists,
      slice?.users[0]?.unmanagedKeys,
      throttling,
      created,
      attempts,
      rotations,
      rotationsAsked,
      running,
      cached,
      [...this.lostKeys],
      [...this.mailed],
      secrets,
    ]);
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

  private isPropagated({ createdAt }: StoredKey): boolean {
    return this.now.getTime() - createdAt.getTime() >= PROPAGATION_MS;
  }

  pass(hours: number): void {
    this.now = new Date(this.now.getTime() + hours * 3_600_000);
  }

  /** Nothing when that is over already. */
  passUntil(since: Date, hours: number): void {
    this.now = new Date(Math.max(this.now.getTime(), since.getTime() + hours * 3_600_000));
  }

  /** A throttling goes on. */
  get isThrottled(): boolean {
    return this.throttling !== undefined;
  }

  get outstanding(): string | undefined {
    return this.secrets.size > 0 ? this.outstandingOf(this.secret) : undefined;
  }

  private outstandingOf(secret: StoredSecret): string | undefined {
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

  /** Runs the four steps of a token as Secrets Manager does; the first failure ends the attempt. */
  async rotate(token = this.startRotation()): Promise<Error | undefined> {
    for (const step of STEPS) {
      this.running = { step, token };
      const failure = await this.step(step, token);
      if (failure) return failure;
    }
    return undefined;
  }

  /** Attempts until a rotation finishes, as Secrets Manager and reconcile do between them. */
  async rotateUntilDone(most: number): Promise<number> {
    let token = this.startRotation();
    for (let attempt = 1; attempt <= most; attempt++) {
      if (this.secret.versions.get(token)!.stages.size === 0) token = this.startRotation();
      if (!(await this.rotate(token))) return attempt;
      this.pass(0.25);
      await this.reconcile();
    }
    throw new Error(`no rotation finished in ${most} attempts`);
  }

  step(step: string, token: string): Promise<Error | undefined> {
    return this.handle({ SecretId: this.arn(this.secret), ClientRequestToken: token, Step: step });
  }

  /** Any event, as Lambda hands it on. */
  handle(event: unknown): Promise<Error | undefined> {
    const { Step: step } = (event ?? {}) as { Step?: unknown };
    return this.invoke(typeof step === 'string' ? step : 'rotate', (ports) =>
      handleStep(
        ports,
        {
          accountId: ACCOUNT,
          region: REGION,
          attempt: `attempt-${step === 'createSecret' ? this.attempts++ : this.attempts}`,
          timeoutMs: TIMEOUT_MS,
        },
        event,
      ),
    );
  }

  /** A full pass of the schedule, unless a rotation event is given. */
  async reconcile(rotationFailure?: RotationFailure): Promise<RunOutcome | undefined> {
    let outcome: RunOutcome | undefined;
    if (!rotationFailure) delete this.cache.fullPassAt;
    const failure = await this.invoke('reconcile', async (ports) => {
      outcome = await reconcile(
        ports,
        {
          accountId: ACCOUNT,
          region: REGION,
          partition: 'aws',
          rotateTimeoutMs: TIMEOUT_MS,
          rotateFunctionArn: ROTATE,
          codeVersion: 'test',
        },
        this.cache,
        rotationFailure,
      );
    });
    if (failure instanceof Killed) this.forget();
    else if (failure) throw failure;
    this.answers.push(outcome);
    return outcome;
  }

  /** Until when the mail says that the previous key works. */
  private dateNamed(eventId: string, sentAt: Date): string | undefined {
    const event = this.notices.find(({ id }) => id === eventId);
    if (!event?.previousKey) return undefined;
    const recipient = { kind: 'owner', user: this.slice?.users[0] ?? this.user, address: '' } as const;
    const { previousKey } = asOfSending(event as unknown as OwnerEvent, recipient, sentAt);
    return previousKey.kind === 'works' ? previousKey.until : undefined;
  }

  /** As the mailer and SES left it in the org bucket. */
  mailAbout(eventId: string): Awaited<ReturnType<Mails['about']>> {
    const sentAt = this.mailed.get(eventId)?.toISOString();
    if (sentAt === undefined || this.mail === 'is never sent') return {};
    const about = { schemaVersion: 1, accountId: ACCOUNT, eventId } as const;
    const until = this.dateNamed(eventId, new Date(sentAt));
    return {
      delivery: { ...about, sentAt, recipient: 'owner', ...(until !== undefined && { previousKeyUntil: until }) },
      ...(this.mail === 'bounces' && {
        feedback: { ...about, kind: 'bounced', audience: 'owner', addresses: [ANN.email!], at: sentAt },
      }),
    };
  }

  /** The next run is a new container's: it remembers nothing. */
  forget(): void {
    this.cache = emptyCache();
  }

  /** A command of the operator. @returns its message, or the failure */
  async operate(command: object): Promise<string | Error> {
    let message = '';
    const failure = await this.invoke('operate', async (ports) => {
      ({ message } = await operate(ports, ACCOUNT, command));
    });
    this.answers.push(message);
    return failure ?? message;
  }

  private async invoke(
    name: string,
    run: (ports: ReturnType<World['ports']>) => Promise<void>,
  ): Promise<Error | undefined> {
    const invocation: Invocation = { name, since: this.calls.length, dead: false, kill: () => {} };
    const killed = new Promise<Error>((resolve) => {
      invocation.kill = resolve;
    });
    const ended = run(this.ports(invocation)).then(
      () => undefined,
      (error: Error) => error,
    );
    const outcome = await Promise.race([ended, killed]);
    if (outcome) this.answers.push(outcome);
    this.ended();
    return outcome;
  }

  private async call<T>(invocation: Invocation, name: string, about: string, effect: () => T): Promise<T> {
    if (invocation.dead) return new Promise<T>(() => {});
    const index = this.calls.push(name) - 1;
    const journaled: Journaled = { at: this.now, by: invocation.name, request: name, about, outcome: '' };
    this.journal.push(journaled);
    if (name === 'iam:CreateAccessKey') this.creations.set(invocation, (this.creations.get(invocation) ?? 0) + 1);
    const deed = this.between(index);
    if (deed) await deed;
    if (invocation.dead) return new Promise<T>(() => {});
    try {
      return await this.answer(invocation, name, effect, this.faults.get(index));
    } catch (error) {
      journaled.outcome = (error as Error).name;
      throw error;
    }
  }

  /** A throttling that goes on leaves a call alone that has a fault of its own. */
  private answer<T>(invocation: Invocation, name: string, effect: () => T, fault: Fault | undefined): T | Promise<T> {
    if (fault === 'killed-before' || this.calls.length > this.mostCalls) return this.kill(invocation);
    if (fault === 'error') throw new ServiceError('InternalFailure', 'server', { httpStatusCode: 500 });
    if (fault === 'timeout') this.now = new Date(this.now.getTime() + REQUEST_TIMEOUT_MS);
    if (fault === 'timeout') throw new ServiceError('TimeoutError');
    if (fault === 'throttled' || (fault === undefined && this.throttling === name)) {
      this.throttling = fault === 'throttled' ? name : undefined;
      throw refused('ThrottlingException');
    }
    const result = effect();
    if (!isRead(name)) this.watch(invocation.name);
    if (fault === 'killed-after') return this.kill(invocation);
    if (fault === 'lost') throw new ServiceError('ECONNRESET');
    return result;
  }

  private kill<T>(invocation: Invocation): Promise<T> {
    invocation.dead = true;
    invocation.kill(new Killed('the function was killed'));
    return new Promise<T>(() => {});
  }

  private ports(invocation: Invocation) {
    const call = <T>(name: string, about: string, effect: () => T): Promise<T> =>
      this.call(invocation, name, about, effect);
    const deadline = this.now.getTime() + TIMEOUT_MS;
    return {
      secrets: this.secretsPort(call),
      keys: { of: (name: string) => this.keysPort(call, name) },
      identities: {
        identify: (key: AccessKeyPair) =>
          call('sts:GetCallerIdentity', key.id, () => {
            const stored = this.keys.find(({ id, secret }) => id === key.id && secret === key.secret);
            const other = this.keysOfOthers.get(key.id);
            if (other) return { arn: this.arnOf(other), accountId: ACCOUNT };
            return stored?.status === 'Active' && this.isPropagated(stored)
              ? { arn: this.arnOf(this.user.name), accountId: ACCOUNT }
              : undefined;
          }),
      },
      roster: {
        read: () =>
          call('s3:GetObject slice', '', () =>
            this.sliceText === undefined ? this.slice : parseSlice(this.sliceText),
          ),
      },
      notices: {
        record: (event: NoticeEvent) =>
          call('s3:PutObject event', event.type, () => {
            this.recorded.push(event);
            this.told(event, invocation.since);
          }),
        send: async (event: NoticeEvent) => {
          await call('s3:PutObject event', event.type, () => void this.recorded.push(event));
          await call('sns:Publish', event.type, () => {
            if (this.now < this.snsDownUntil)
              throw new ServiceError('InternalError', 'server', { httpStatusCode: 500 });
            this.told(event, invocation.since);
            if (this.notices.some(({ id }) => id === event.id)) return;
            this.notices.push(event);
            if (event.audience.includes('owner')) this.mailed.set(event.id, this.now);
          });
        },
      },
      mails: { about: (eventId: string) => call('s3:GetObject delivery', '', () => this.mailAbout(eventId)) },
      reports: {
        read: () => call('s3:GetObject report', '', () => (this.report ? JSON.stringify(this.report) : undefined)),
        write: (report: AccountReport) => call('s3:PutObject report', '', () => void (this.report = report)),
      },
      clock: {
        now: () => new Date(this.now.getTime() + this.skewMs),
        sleep: async (milliseconds: number) => {
          this.now = new Date(this.now.getTime() + milliseconds);
        },
        remaining: () => deadline - this.now.getTime(),
      },
      log: { info: this.log, warn: this.log, error: this.log },
    };
  }

  private readonly log = (message: string, fields: object = {}): void => {
    this.logLines.push(JSON.stringify({ message, ...fields }));
  };

  private readonly arnOf = (userName: string): string => `arn:aws:iam::${ACCOUNT}:user/people/${userName}`;

  readonly arn = ({ name }: StoredSecret): string =>
    `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:${name}-AbCdEf`;

  private find(secretId: string): StoredSecret | undefined {
    return [...this.secrets.values()].find((secret) => secret.name === secretId || this.arn(secret) === secretId);
  }

  private existing(secretId: string): StoredSecret {
    const secret = this.find(secretId);
    if (!secret) throw refused('ResourceNotFoundException');
    return secret;
  }

  private secretsPort(call: <T>(name: string, about: string, effect: () => T) => Promise<T>): SecretLifecycle {
    const act = <T>(operation: string, effect: () => T, about = ''): Promise<T> =>
      call(`secretsmanager:${operation}`, about, effect);
    return {
      describe: (id) => act('DescribeSecret', () => this.description(id)),
      value: (id, stage, versionId) =>
        act(
          'GetSecretValue',
          () =>
            [...this.existing(id).versions].find(
              ([version, { stages }]) => stages.has(stage) && (versionId ?? version) === version,
            )?.[1].value,
          stage,
        ),
      put: (id, versionId, value) =>
        act(
          'PutSecretValue',
          () => {
            const version = this.existing(id).versions.get(versionId);
            if (version?.value !== undefined && version.value !== value) throw refused('ResourceExistsException');
            this.existing(id).versions.set(versionId, { value, stages: version?.stages ?? new Set(['AWSPENDING']) });
          },
          'AWSPENDING',
        ),
      moveStage: (id, stage, { to, from }) =>
        act(
          'UpdateSecretVersionStage',
          () => this.moveStage(this.existing(id), stage, to, from),
          `${to ? '' : 'remove '}${stage}`,
        ),
      tag: (id, tags) =>
        act('TagResource', () => void Object.assign(this.existing(id).tags, readable(tags)), Object.keys(tags)[0]),
      untag: (id, tagKeys) =>
        act(
          'UntagResource',
          () => {
            for (const key of tagKeys) delete this.existing(id).tags[key];
          },
          tagKeys[0],
        ),
      list: () => act('ListSecrets', () => [...this.secrets.keys()]),
      create: (name, value, tags) =>
        act('CreateSecret', () => {
          if (this.secrets.has(name)) throw refused('ResourceExistsException');
          this.secrets.set(name, {
            name,
            versions: new Map([['created-0000000000000000000000000', { value, stages: new Set(['AWSCURRENT']) }]]),
            tags: { ...tags },
            rotationEnabled: false,
          });
        }),
      policy: (id) => act('GetResourcePolicy', () => this.policyOf(this.existing(id))),
      putPolicy: (id, policy) => act('PutResourcePolicy', () => this.putPolicy(this.existing(id), policy)),
      rotate: (id, schedule, now) =>
        act('RotateSecret', () => {
          if (now) this.rotationsAsked++;
          if (this.outstandingOf(this.existing(id)) && !this.enablesRefused) throw refused('InvalidRequestException');
          Object.assign(this.existing(id), { schedule, window: undefined, rotationEnabled: true, functionArn: ROTATE });
          if (this.outstandingOf(this.existing(id))) throw refused('InvalidRequestException');
          if (now) this.startRotation(this.existing(id));
        }),
      delete: (id) =>
        act(
          'DeleteSecret',
          () => void Object.assign(this.existing(id), { deletedAt: this.now, rotationEnabled: false }),
        ),
      restore: (id) => act('RestoreSecret', () => void (this.existing(id).deletedAt = undefined)),
      cancelRotation: (id) => act('CancelRotateSecret', () => void (this.existing(id).rotationEnabled = false)),
    };
  }

  private description(id: string): Secret | undefined {
    const secret = this.find(id);
    return (
      secret && {
        arn: this.arn(secret),
        name: secret.name,
        rotationEnabled: secret.rotationEnabled,
        ...(secret.schedule && { scheduleExpression: secret.schedule }),
        ...(secret.window && { rotationWindow: secret.window }),
        ...(secret.functionArn && { rotationFunctionArn: secret.functionArn }),
        ...(secret.deletedAt && { deletedAt: secret.deletedAt }),
        versions: Object.fromEntries([...secret.versions].map(([id, { stages }]) => [id, [...stages]])),
        ...soundTags({ ...secret.tags }),
      }
    );
  }

  /** Principals that were deleted since the policy was put read as their unique ids. */
  private policyOf({ policy, gone }: StoredSecret): string | undefined {
    const idOf = (arn: string): string => (gone?.has(arn) ? `AROA${arn.split('/').at(-1)!.toUpperCase()}` : arn);
    return policy && withPrincipals(policy, (principals) => principals.map(idOf));
  }

  private putPolicy(secret: StoredSecret, policy: string): boolean {
    const exist =
      !this.missingPrincipals.has('*') &&
      principalsOf(policy).every((arn) => arn.startsWith('arn:') && !this.missingPrincipals.has(arn));
    if (exist || this.storesRefusedPolicies) Object.assign(secret, { policy, gone: new Set() });
    return exist;
  }

  /** Somebody deletes a user or role that policies name. */
  deletePrincipal(arn: string): void {
    for (const secret of this.secrets.values()) secret.gone?.add(arn);
  }

  private moveStage(secret: StoredSecret, stage: string, to: string | undefined, from: string | undefined): void {
    const holder = [...secret.versions].find(([, { stages }]) => stages.has(stage))?.[0];
    if (holder !== from) throw refused('InvalidParameterException');
    if (from) secret.versions.get(from)!.stages.delete(stage);
    if (to) secret.versions.get(to)!.stages.add(stage);
    if (stage !== 'AWSCURRENT' || !from) return;
    for (const { stages } of secret.versions.values()) stages.delete('AWSPREVIOUS');
    secret.versions.get(from)!.stages.add('AWSPREVIOUS');
  }

  private keysPort(call: <T>(name: string, about: string, effect: () => T) => Promise<T>, userName: string) {
    const act = <T>(operation: string, effect: () => T, about = ''): Promise<T> =>
      call(`iam:${operation}`, about, effect);
    if (userName === BOB) this.trespasses++;
    const find = (keyId: string): StoredKey => {
      const key = this.keys.find(({ id }) => id === keyId);
      if (!key) throw refused('NoSuchEntityException');
      return key;
    };
    return {
      user: () =>
        act('GetUser', () =>
          this.userExists ? { name: userName, id: this.userId, arn: this.arnOf(userName) } : undefined,
        ),
      list: () =>
        act('ListAccessKeys', () => this.keys.map(({ id, status, createdAt }) => ({ id, status, createdAt }))),
      lastUse: (keyId: string) => act('GetAccessKeyLastUsed', () => find(keyId).lastUse, keyId),
      create: () =>
        act('CreateAccessKey', () => {
          if (this.keys.length >= 2) this.refusedForLimit++;
          if (this.keys.length >= 2) throw refused('LimitExceededException');
          const pair = this.newPair();
          this.made.add(pair.id);
          this.keys.push({
            ...pair,
            status: 'Active',
            createdAt: new Date(Math.floor(this.now.getTime() / 1_000) * 1_000),
            lastUse: { used: false },
          });
          return pair;
        }),
      activate: (keyId: string) => act('UpdateAccessKey Active', () => void (find(keyId).status = 'Active'), keyId),
      deactivate: (keyId: string) =>
        act(
          'UpdateAccessKey Inactive',
          () => {
            const key = this.keys.find(({ id }) => id === keyId);
            if (key) key.status = 'Inactive';
          },
          keyId,
        ),
      delete: (keyId: string) =>
        act('DeleteAccessKey', () => void (this.keys = this.keys.filter(({ id }) => id !== keyId)), keyId),
    };
  }

  private newPair(): AccessKeyPair {
    const number = String(this.created++).padStart(4, '0');
    const pair = { id: `AKIAEXAMPLE00000${number}`, secret: `${number}/not+a/real+secret/of+an/example/key` };
    this.pairs.push(pair);
    return pair;
  }

  private hoursAgo(hours: number): Date {
    return new Date(this.now.getTime() - hours * 3_600_000);
  }
}
