/** One way that things can go: a starting state, faults at calls, and something that happens between two calls. */
import { ANN, type Fault, type World } from '../domain/world';
import { Promises } from './promises';
import { STATES } from './states';

export interface Schedule {
  readonly state: string;
  /** By call, counted from the beginning of the rotation. */
  readonly faults: readonly { readonly call: number; readonly fault: Fault }[];
  readonly between?: { readonly call: number; readonly deed: Deed };
}

/** `deliver again`: Secrets Manager calls the step that is running once more. */
export type Deed = 'a person makes a key' | 'reconcile' | 'deliver again' | 'rotate is asked for' | 'rollback';

export interface Outcome {
  readonly problems: readonly string[];
  readonly calls: readonly string[];
  readonly attempts: number;
}

const MOST_ATTEMPTS = 30;
/** Secrets Manager's own come within the hours; then reconcile starts it again, day by day. */
const QUICK_ATTEMPTS = 6;

/** Runs it to rest: the rotation with Secrets Manager's attempts, then the previous key's retirement. */
export async function run({ state, faults, between }: Schedule): Promise<Outcome> {
  const world = await STATES[state]!();
  world.notices.length = 0;
  const start = world.calls.length;
  const promises = new Promises(world);
  for (const { call, fault } of faults) world.faults.set(start + call, fault);
  const deed = between && plan(world, promises, start + between.call, between.deed);
  const attempts = await finish(world, deed);
  await deed?.done();
  for (let day = 0; day < 17; day++) {
    world.pass(day < 1 ? 1 : 24);
    await tend(world);
  }
  if (attempts <= MOST_ATTEMPTS) promises.atRest();
  const problems = [...promises.problems, ...(attempts > MOST_ATTEMPTS ? [`no rotation finished in ${MOST_ATTEMPTS} attempts`] : []), ...(deed?.problems() ?? [])];
  return { problems, calls: world.calls.slice(start), attempts };
}

/** @returns how many attempts it took */
async function finish(world: World, deed: Planned | undefined): Promise<number> {
  let token = world.startRotation();
  for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
    const stages = world.secret.versions.get(token)?.stages;
    if (!stages?.has('AWSPENDING') && !stages?.has('AWSCURRENT')) token = world.startRotation();
    if (!(await world.rotate(token))) return attempt;
    world.pass(attempt < QUICK_ATTEMPTS ? 0.25 : 24);
    if (attempt === QUICK_ATTEMPTS) deed?.leave();
    await tend(world);
  }
  return MOST_ATTEMPTS + 1;
}

/** A run of reconcile that fails is one that Lambda counts as an error: the next one comes. */
async function tend(world: World): Promise<void> {
  await world.reconcile().catch(() => undefined);
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
