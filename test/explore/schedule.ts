/** One way that things can go: a starting state, faults at calls, and something that happens between two calls. */
import { ANN, type Fault, type World } from '../domain/world';
import { TAGS } from '../../lambda/domain/ledger';
import type { Occurrence } from '../../lambda/domain/rotation-events';
import { Promises } from './promises';
import { STATES, type Habits } from './states';

export interface Schedule {
  readonly state: string;
  /** By call, counted from the beginning of the rotation. */
  readonly faults: readonly { readonly call: number; readonly fault: Fault }[];
  readonly between?: { readonly call: number; readonly deed: Deed };
  /** Reconcile passes on the days only on which a retirement has something to do. */
  readonly hurried?: true;
}

/** `deliver again`: Secrets Manager calls the step that is running once more. */
export type Deed = 'a person makes a key' | 'reconcile' | 'deliver again' | 'rotate is asked for' | 'rollback';

export interface Outcome {
  readonly problems: readonly string[];
  readonly calls: readonly string[];
  /** Indices of the calls of those runs of reconcile after the rotation that changed anything but the report. */
  readonly retiring: readonly number[];
  readonly attempts: number;
}

const MOST_ATTEMPTS = 30;
/** Of retirement: seven until the previous key is deactivated, seven until it is deleted, and some in which faults put it off. */
const DAYS = 17;
const HURRIED_DAYS = [1, 2, 8, 9, 16, 17];
/** Secrets Manager's own come within the hours; then reconcile starts it again, day by day. */
const QUICK_ATTEMPTS = 6;

/** Runs it to rest: the rotation with Secrets Manager's attempts, then the previous key's retirement. */
export async function run({ state, faults, between, hurried }: Schedule): Promise<Outcome> {
  const { make, habits = {} } = STATES[state]!;
  const world = await make();
  world.notices.length = 0;
  world.creations.clear();
  const start = world.calls.length;
  const promises = new Promises(world);
  for (const { call, fault } of faults) world.faults.set(start + call, fault);
  const deed = between && plan(world, promises, start + between.call, between.deed);
  const first = world.keyOf('AWSCURRENT')?.id;
  const attempts = await finish(world, promises, habits, deed);
  await deed?.done();
  const retiring: number[] = [];
  const rested = world.now;
  for (const day of hurried ? HURRIED_DAYS : Array.from({ length: DAYS }, (_, index) => index)) {
    world.passUntil(rested, day < 1 ? 1 : 24 * day + 1);
    if (habits.usesPreviousForDays && day < habits.usesPreviousForDays) use(world, first);
    const before = world.calls.length;
    await tend(world);
    const run = world.calls.slice(before);
    if (world.outstanding) await attemptOf(world, promises, world.outstanding);
    if (run.some((call) => CHANGES.test(call))) retiring.push(...run.map((_, index) => before - start + index));
    if (day === (hurried ? 2 : 1) && attempts <= MOST_ATTEMPTS && between?.deed !== 'a person makes a key') promises.afterwards();
  }
  if (attempts <= MOST_ATTEMPTS) promises.atRest();
  const problems = [...promises.problems, ...(attempts > MOST_ATTEMPTS ? [`no rotation finished in ${MOST_ATTEMPTS} attempts`] : []), ...(deed?.problems() ?? [])];
  return { problems, calls: world.calls.slice(start), retiring, attempts };
}

const CHANGES = /^(iam:(Update|Delete)|secretsmanager:(Tag|Untag|Put|Update|Rotate)|sns:)/;

function use(world: World, keyId: string | undefined): void {
  const key = world.keys.find(({ id, status }) => id === keyId && status === 'Active');
  if (key) world.use(key);
}

/** @returns how many attempts it took */
async function finish(world: World, promises: Promises, { givesUpAfterPromotion }: Habits, deed: Planned | undefined): Promise<number> {
  let token = world.startRotation();
  for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
    const stages = world.secret.versions.get(token)?.stages;
    if (!stages?.has('AWSPENDING') && !stages?.has('AWSCURRENT')) token = world.startRotation();
    if (!(await attemptOf(world, promises, token))) return attempt;
    if (givesUpAfterPromotion && world.secret.versions.get(token)?.stages.has('AWSCURRENT')) return attempt;
    world.pass(attempt < QUICK_ATTEMPTS ? 0.25 : 24);
    if (attempt === QUICK_ATTEMPTS) deed?.leave();
    await tend(world);
  }
  return MOST_ATTEMPTS + 1;
}

/** One attempt of Secrets Manager, with the event that CloudTrail makes of a failure. @returns whether it failed */
async function attemptOf(world: World, promises: Promises, token: string): Promise<boolean> {
  const before = world.notices.length;
  const formerRecord = world.secret.tags[TAGS.failed];
  const failure = await world.rotate(token);
  if (!failure) return false;
  const since = world.notices.length;
  const told = world.notices.slice(before).some(({ type }) => type === 'rotation-failed' || type === 'rotation-partial');
  const recorded = world.secret.tags[TAGS.failed] !== formerRecord;
  await tend(world, { name: 'RotationFailed', secretId: world.arn(world.secret), at: world.now.toISOString() });
  promises.failed(told && recorded, since);
  return true;
}

/** A run that fails is one that Lambda counts as an error: an event is delivered again, and of the schedule the next one comes. */
async function tend(world: World, occurrence?: Occurrence): Promise<void> {
  for (let attempt = 0; attempt < (occurrence ? 3 : 1); attempt++) {
    if (await world.reconcile(occurrence).catch(() => undefined)) return;
  }
}

interface Planned {
  readonly done: () => Promise<unknown>;
  /** The person takes the key away again, so that there is room. */
  readonly leave: () => void;
  readonly problems: () => readonly string[];
}

function plan(world: World, promises: Promises, at: number, deed: Deed): Planned {
  let key: World['keys'][number] | undefined;
  let other: Promise<unknown> = Promise.resolve();
  let begun = deed === 'a person makes a key' && world.keys.length >= 2;
  const problems: string[] = [];
  const check = (): void => {
    if (key && (!world.keys.includes(key) || key.status !== 'Active')) problems.push('a key that a person made was touched');
  };
  if (deed === 'a person makes a key' && !begun) world.slice = { ...world.slice!, users: [{ ...world.user, unmanagedKeys: 'hold' }] };
  world.between = (index) => {
    if (index !== at || begun) return;
    begun = true;
    if (deed === 'a person makes a key' && world.keys.length < 2) key = world.addKey({ ageHours: 0 });
    if (deed === 'reconcile') other = tend(world);
    if (deed === 'deliver again') other = world.step('createSecret', world.outstanding ?? 'token-'.padEnd(36, '0'));
    if (deed === 'rotate is asked for') other = world.operate({ command: 'rotate', secretName: ANN.secretName });
    if (deed === 'rollback') other = world.operate({ command: 'rollback', secretName: ANN.secretName });
  };
  const leave = (): void => {
    check();
    world.keys = world.keys.filter((own) => own !== key);
    promises.accept();
    key = undefined;
  };
  return { done: () => other, leave, problems: () => (check(), problems) };
}
