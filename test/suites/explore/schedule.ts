/** One way that things can go: a starting state, faults at calls, and something that happens between two calls. */
import { createHash } from 'node:crypto';
import { STEPS, type Step } from '../../../lambda/domain/rotation/step-event';
import { compromisedTagKey, TAGS } from '../../../lambda/domain/ledger/tags';
import type { RotationFailure } from '../../../lambda/domain/reconcile/account/rotation-failed-event';
import type { NoticeEvent } from '../../../lambda/contract/notice';
import type { SliceUser } from '../../../lambda/contract/slice';
import { ACCOUNT, ANN, Killed, type Fault, type Journaled, type World } from '../../domain/world';
import { printSecretValue } from '../../../lambda/domain/secret-value';
import { follow } from '../../domain/follow';
import { Promises } from './promises';
import { STATES, type Habits } from './states';

export interface Schedule {
  readonly state: string;
  /** By call, counted from the beginning of the rotation. */
  readonly faults: readonly { readonly call: number; readonly fault: Fault }[];
  readonly between?: Between;
}

interface Between {
  readonly call: number;
  readonly deed: Deed;
  /** The deed's calls and those of the function take turns; otherwise it is done when the function's call is sent. */
  readonly meanwhile?: true;
}

const COMMANDS = {
  'rotate is asked for': { command: 'rotate' },
  'rotate --compromised': { command: 'rotate', compromised: true },
  rollback: { command: 'rollback' },
} as const;
const PERSONS_KEYS = {
  'a person makes a key, which the roster holds': 'hold',
  'a person makes a key, which the roster retires': 'retire',
  'a person makes a key, which the roster deletes': 'delete',
} as const satisfies Record<string, SliceUser['unmanagedKeys']>;
/** `the step again`: the step that Secrets Manager called last is delivered once more; `the steps before, again`: late, those of its rotation that have ended. */
export type Deed =
  | keyof typeof COMMANDS
  | keyof typeof PERSONS_KEYS
  | 'the step again'
  | 'the steps before, again'
  | 'reconcile'
  | "another user's key is put"
  | Harm;

/** Deeds that take calls of their own, which can take turns with those of a function. */
export const FUNCTIONS: readonly Deed[] = [
  'the step again',
  'the steps before, again',
  'reconcile',
  ...(Object.keys(COMMANDS) as Deed[]),
];
export const PERSONS: readonly Deed[] = [
  ...(Object.keys(PERSONS_KEYS) as Deed[]),
  "another user's key is put",
  'the owner deactivates the current key',
];

export interface Outcome {
  readonly problems: readonly string[];
  /** The call at which the first promise broke. */
  readonly brokenAt?: number;
  readonly calls: readonly string[];
  readonly journal: readonly Journaled[];
  /** Calls at which an invocation began, each with a mark: from equal marks on, all goes the same way. */
  readonly marks: readonly { readonly call: number; readonly mark: string }[];
  /** Calls that were made before its last attempt. */
  readonly lastAttemptAt: number;
  /** How many calls were made until the rotation was closed. */
  readonly closedAt: number;
  /** Indices of the calls of those runs of reconcile after the rotation that changed anything but the report. */
  readonly retiring: readonly number[];
  readonly attempts: number;
  /** Whether the deed had an occasion, and something to do. */
  readonly done: boolean;
}

export interface Knowledge {
  /** Marks from which everything went well, with the attempts that were still made: what comes to one of them is not gone on with. */
  readonly known?: Map<string, number>;
  /** Attempts of this state without a fault. */
  readonly usual?: number;
}

/** Pauses before the second to fifth attempt of Secrets Manager; later ones come because reconcile asks for them. */
const RETRY_AFTER_HOURS = [1 / 60, 5 / 60, 15 / 60, 1];
/** Then hour by hour, and day by day where a key has to retire first. */
const HOURLY_ROUNDS = 8;
const MOST_ROUNDS = 45;
/** What one fault may cost; a throttling is two. */
const ATTEMPTS_A_FAULT = 2;
const MOST_CALLS = 6_000;
/** Of retirement: seven until the previous key is deactivated, seven until it is deleted; on the others nothing is due. */
const DAYS = [0, 1, 2, 8, 9, 10, 15, 16, 17, 18, 19];
const EVERY_DAY = Array.from({ length: 21 }, (_, day) => day);
/** Where no mail arrives, seven more until it is deactivated. */
const LONGER = Array.from({ length: 28 }, (_, day) => day);

function daysOf({ mail, usesPreviousForDays }: Habits): readonly number[] {
  if (mail) return LONGER;
  return usesPreviousForDays ? EVERY_DAY : DAYS;
}

/** Runs it to rest: the rotation with Secrets Manager's attempts, then the previous key's retirement. */
export async function run(schedule: Schedule, knowledge: Knowledge = {}): Promise<Outcome> {
  return new Run(schedule, await STATES[schedule.state]!.make(), knowledge).outcome();
}

/** Stacks name no data, and are slow to make. */
Error.stackTraceLimit = 0;

/** After these nobody follows what was said before. */
const OVERTAKES: readonly NoticeEvent['type'][] = ['key-compromised', 'resolved'];

/** Thrown when what is left of a schedule is known to go well. */
class Known {}
/** Thrown when the deed had no occasion, or nothing to do. */
class Vain {}

class Run {
  private readonly start: number;
  private readonly promises: Promises;
  private readonly habits: Habits;
  private readonly first: string | undefined;
  private readonly deed: Planned | undefined;
  private readonly marks: { call: number; mark: string; attempts: number }[] = [];
  private readonly retiring: number[] = [];
  /** Attempts of Secrets Manager's own, by token. */
  private readonly own = new Map<string, number>();
  private asked = 0;
  private attempts = 0;
  /** Passes of reconcile since the last fault. */
  private cleanPasses = 0;
  private lastAttemptAt = 0;
  private closedAt = 0;
  private readonly problems: string[] = [];
  /** Notices whose command somebody gave. */
  private readonly followed = new Set<string>();

  constructor(
    private readonly schedule: Schedule,
    private readonly world: World,
    private readonly knowledge: Knowledge,
  ) {
    this.habits = STATES[schedule.state]!.habits ?? {};
    if (this.habits.mail) world.mail = this.habits.mail;
    world.notices.length = 0;
    world.creations.clear();
    this.start = world.calls.length;
    this.asked = world.rotationsAsked;
    world.mostCalls = this.start + MOST_CALLS;
    this.promises = new Promises(world, schedule.between !== undefined);
    for (const { call, fault } of schedule.faults) world.faults.set(this.start + call, fault);
    this.deed = schedule.between && plan(world, this.promises, this.start, schedule.between);
    this.first = world.keyOf('AWSCURRENT')?.id;
  }

  async outcome(): Promise<Outcome> {
    const { world, schedule, start, knowledge } = this;
    let known = 0;
    try {
      await this.toRest();
    } catch (error) {
      if (error instanceof Known) known = knowledge.known!.get(this.marks.at(-1)!.mark)!;
      else if (!(error instanceof Vain)) throw error;
    }
    const attempts = this.attempts + known;
    const cost = schedule.faults.reduce(
      (sum, { fault }) => sum + (fault === 'throttled' ? 2 : 1) * ATTEMPTS_A_FAULT,
      0,
    );
    if (knowledge.usual !== undefined && !schedule.between && attempts > knowledge.usual + cost)
      this.problems.push(`the rotation took ${attempts} attempts instead of ${knowledge.usual}`);
    const problems = [...this.promises.problems, ...this.problems];
    if (problems.length === 0)
      for (const { mark, attempts: before } of this.marks) knowledge.known?.set(mark, attempts - before);
    const { brokenAt } = this.promises;
    return {
      problems,
      calls: world.calls.slice(start),
      journal: world.journal.slice(start),
      marks: this.marks,
      lastAttemptAt: this.lastAttemptAt,
      closedAt: this.closedAt,
      retiring: this.retiring,
      attempts,
      done: this.deed?.isDone() ?? false,
      ...(brokenAt !== undefined && { brokenAt: brokenAt - start - 1 }),
    };
  }

  private async toRest(): Promise<void> {
    const { world, start, habits, deed, schedule } = this;
    const finished = await this.rotate(world.startRotation());
    await deed?.done();
    this.closedAt = world.calls.length - start;
    if (!finished) return;
    await deed?.again();
    const rested = world.now;
    for (const day of daysOf(habits)) {
      await deed?.done();
      world.passUntil(rested, day < 1 ? 1 : 24 * day + 1);
      if (habits.usesPreviousForDays && day < habits.usesPreviousForDays) use(world, this.first);
      this.rest(`day ${day} ${rested.getTime() - world.now.getTime()}`);
      const before = world.calls.length;
      await this.tend();
      const calls = world.calls.slice(before);
      if (calls.some((call) => CHANGES.test(call)))
        this.retiring.push(...calls.map((_, index) => before - start + index));
      const { outstanding } = world;
      if (outstanding && !(await this.rotate(outstanding))) return;
      if (this.cleanPasses === 2 && !deed?.isAPersons) this.promises.afterwards();
    }
    await deed?.done();
    if (!(await this.recover())) return;
    this.promises.atRest(schedule.between === undefined);
  }

  /** What nobody cured within all that time, somebody does now. @returns whether the rotation that this takes ended */
  private async recover(): Promise<boolean> {
    if (!(await this.cure())) return true;
    for (let pass = 0; pass < 2; pass++) {
      this.world.pass(1);
      await this.tend();
      const { outstanding } = this.world;
      if (outstanding && !(await this.rotate(outstanding))) return false;
    }
    return true;
  }

  /** Somebody does what the last notice of a stored key that does not work says. @returns whether there was something to do */
  private async cure(): Promise<boolean> {
    const { world, promises, deed, habits } = this;
    if (!(deed?.harms || habits.followsNotices) || world.works(world.keyOf('AWSCURRENT'))) return false;
    if (isCompromised(world)) return false;
    const last = world.notices.findLast(({ command, type }) => command !== undefined || OVERTAKES.includes(type));
    if (last?.command === undefined || this.followed.has(last.id)) return false;
    this.followed.add(last.id);
    await follow(world, last.command);
    promises.accept();
    return true;
  }

  /** Attempts, until the rotation ends. @returns whether it did */
  private async rotate(token: string): Promise<boolean> {
    const { world, habits, deed } = this;
    for (let round = 0; round < MOST_ROUNDS; round++) {
      this.rest(`round ${round} ${token}`);
      const stages = world.secret.versions.get(token)?.stages;
      const isOwn = (this.own.get(token) ?? 0) <= RETRY_AFTER_HOURS.length;
      const isAsked = world.rotationsAsked > this.asked;
      const isAbandoned = !stages?.has('AWSPENDING') && !stages?.has('AWSCURRENT');
      if (!isOwn && !isAsked && !isAbandoned && !stages?.has('AWSPENDING')) return true;
      if (isOwn || isAsked || isAbandoned) {
        this.asked = world.rotationsAsked;
        if (isAbandoned) token = world.startRotation();
        if (await this.attempt(token)) return true;
        if (habits.givesUpAfterPromotion && world.secret.versions.get(token)?.stages.has('AWSCURRENT')) return true;
      }
      if (world.calls.length >= world.mostCalls) break;
      await deed?.done();
      const own = this.own.get(token) ?? 0;
      world.pass(RETRY_AFTER_HOURS[own - 1] ?? (round < HOURLY_ROUNDS ? 1.1 : 24));
      if (own > RETRY_AFTER_HOURS.length) deed?.leave();
      if (round >= HOURLY_ROUNDS) await this.cure();
      this.rest(`pass ${round} ${token}`);
      await this.tend();
    }
    this.problems.push(
      world.calls.length >= world.mostCalls
        ? `it never came to rest: ${MOST_CALLS} calls were made`
        : `no rotation finished in ${this.attempts} attempts`,
    );
    return false;
  }

  /** One attempt of Secrets Manager, with the event that CloudTrail makes of a failure. @returns whether it went well */
  private async attempt(token: string): Promise<boolean> {
    const { world } = this;
    this.attempts++;
    if (this.closedAt === 0) this.lastAttemptAt = world.calls.length - this.start;
    this.own.set(token, (this.own.get(token) ?? 0) + 1);
    const before = world.notices.length;
    const formerRecord = world.secret.tags[TAGS.failed];
    const failure = await world.rotate(token);
    if (!failure) return true;
    const since = world.notices.length;
    const told = world.notices
      .slice(before)
      .some(({ type }) => type === 'rotation-failed' || type === 'rotation-partial');
    const recorded = world.secret.tags[TAGS.failed] !== formerRecord;
    const at = world.now.toISOString();
    if (!(failure instanceof Killed) || !(told || recorded)) this.promises.failed(token, failure, at);
    this.rest('event');
    await this.tend({ name: 'RotationFailed', secretId: world.arn(world.secret), at });
    if (told && recorded) this.promises.deniedRecord(since);
    return false;
  }

  /** A run that fails is one that Lambda counts as an error: an event is delivered again, and of the schedule the next one comes. */
  private async tend(occurrence?: RotationFailure): Promise<void> {
    for (let attempt = 0; attempt < (occurrence ? 3 : 1); attempt++) {
      if (await reconcileOnce(this.world, occurrence)) break;
    }
    const last = Math.max(-1, ...this.schedule.faults.map(({ call }) => call));
    this.cleanPasses =
      this.world.calls.length - this.start > last && !this.world.isThrottled ? this.cleanPasses + 1 : 0;
  }

  /** Between two invocations. @throws Known */
  private rest(place: string): void {
    const { world, schedule, start, knowledge, deed } = this;
    if (deed?.isUnderWay()) return;
    const call = world.calls.length - start;
    if (deed && !deed.isDone() && schedule.between!.call < call) throw new Vain();
    const ahead = schedule.faults
      .filter((fault) => fault.call >= call)
      .map((fault) => [fault.call - call, fault.fault]);
    const deedAhead = deed && (deed.isDone() ? deed.leaves() : [schedule.between!.call - call, schedule.between]);
    const state = [
      place,
      ahead,
      deedAhead,
      [...this.own],
      world.rotationsAsked - this.asked,
      Math.min(this.cleanPasses, 3),
      this.followed.size,
      this.promises.fingerprint(),
      world.fingerprint(),
    ];
    const mark = createHash('sha1')
      .update(relativeTo(world.now, JSON.stringify(state)))
      .digest('base64');
    this.marks.push({ call, mark, attempts: this.attempts });
    if (knowledge.known?.has(mark)) throw new Known();
  }
}

/** Instants count from the present: what happened at another time of the same story has the same future. */
const relativeTo = (now: Date, text: string): string =>
  text.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, (instant) => String(Date.parse(instant) - now.getTime()));

const CHANGES = /^(iam:(Update|Delete)|secretsmanager:(Tag|Untag|Put|Update|Rotate)|sns:)/;

const reconcileOnce = (world: World, occurrence?: RotationFailure): Promise<unknown> =>
  world.reconcile(occurrence).catch(() => undefined);

function use(world: World, keyId: string | undefined): void {
  const key = world.keys.find(({ id, status }) => id === keyId && status === 'Active');
  if (key) world.use(key);
}

/** The stored key works no more, and somebody has to follow the notice. */
type Harm = 'the owner deactivates the current key' | 'the secret is deleted without recovery';

const HARMS: Readonly<Record<Harm, (world: World) => boolean>> = {
  'the owner deactivates the current key': (world) => {
    const key = world.keys.find(({ id, status }) => id === world.keyOf('AWSCURRENT')?.id && status === 'Active');
    if (key) key.status = 'Inactive';
    return key !== undefined;
  },
  // before the first report that names its key nothing can know that there was one
  'the secret is deleted without recovery': (world) => {
    const isKnown = world.report?.users.some(({ keys }) => keys.some(({ role }) => role === 'current')) ?? false;
    if (isKnown) world.loseSecret();
    return isKnown;
  },
};

/** Whoever knows that follows no older notice. */
const isCompromised = (world: World): boolean =>
  world.secret.tags[compromisedTagKey(world.keyOf('AWSCURRENT')?.id ?? '')] !== undefined;

interface Planned {
  /** Waits for it: no invocation lasts until the next attempt or pass. */
  readonly done: () => Promise<unknown>;
  /** An operator whose emergency command failed gives it once more. */
  readonly again: () => Promise<unknown>;
  readonly isDone: () => boolean;
  readonly isUnderWay: () => boolean;
  readonly isAPersons: boolean;
  readonly harms: boolean;
  /** What of it matters later. */
  readonly leaves: () => string;
  /** The person takes a key away that the roster leaves alone, so that there is room. */
  readonly leave: () => void;
}

function plan(world: World, promises: Promises, start: number, { call, deed, meanwhile }: Between): Planned {
  let key: World['keys'][number] | undefined;
  let begun = false;
  let done = false;
  let underWay: Promise<unknown> | undefined;
  let answer: unknown;
  const unmanagedKeys = PERSONS_KEYS[deed as keyof typeof PERSONS_KEYS];
  if (unmanagedKeys) world.slice = { ...world.slice!, users: [{ ...world.user, unmanagedKeys }] };
  world.between = (index) => {
    if (begun || index !== start + call) return undefined;
    begun = true;
    if (unmanagedKeys && world.keys.length < 2) key = world.addKey({ ageHours: 0 });
    if (key) promises.accept();
    if (unmanagedKeys) done = key !== undefined;
    else if (deed in HARMS) done = HARMS[deed as Harm](world);
    else if (deed === "another user's key is put") done = putOthersKey(world);
    else underWay = perform(world, deed)?.then((said) => ([underWay, answer] = [undefined, said]));
    if (deed in HARMS) promises.accept();
    done ||= underWay !== undefined;
    return meanwhile ? undefined : underWay;
  };
  const leave = (): void => {
    if (!key || unmanagedKeys !== 'hold') return;
    world.keys = world.keys.filter((own) => own !== key);
    promises.accept();
    key = undefined;
  };
  const again = async (): Promise<unknown> =>
    deed === 'rotate --compromised' && answer instanceof Error ? perform(world, deed) : undefined;
  return {
    done: async () => underWay,
    again,
    isDone: () => done,
    isUnderWay: () => underWay !== undefined,
    isAPersons: unmanagedKeys !== undefined,
    harms: deed in HARMS,
    leaves: () => `${unmanagedKeys} ${key?.id}`,
    leave,
  };
}

function perform(world: World, deed: Deed): Promise<unknown> | undefined {
  if (deed === 'reconcile') return reconcileOnce(world);
  if (deed === 'the step again') return world.running && world.step(world.running.step, world.running.token);
  if (deed === 'the steps before, again') return stepsBefore(world);
  return world.operate({ ...COMMANDS[deed as keyof typeof COMMANDS], secretName: ANN.secretName });
}

function stepsBefore(world: World): Promise<unknown> | undefined {
  const { running } = world;
  const ended = running ? STEPS.slice(0, STEPS.indexOf(running.step as Step)) : [];
  return ended.length === 0
    ? undefined
    : ended.reduce<Promise<unknown>>(
        (former, step) => former.then(() => world.step(step, running!.token)),
        Promise.resolve(),
      );
}

/** Into the version that waits for a key: Secrets Manager refuses another value for one that has it. */
function putOthersKey(world: World): boolean {
  const version = world.secret.versions.get(world.outstanding ?? '');
  if (!version || version.value !== undefined) return false;
  version.value = printSecretValue({ userName: ANN.name, accountId: ACCOUNT, key: world.addOthersKey() });
  return true;
}
