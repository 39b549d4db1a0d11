/** A breaker for new rotations: when many fail, others would too, and each leaves a key that waits to be stored. */
import { RotationError } from '../../errors';
import type { Cache } from '../cache';
import type { Run, RunBudget } from '../context';
import { reportAccountConditions, resolveCircuit } from './account-conditions';

/** Fewer are taken for faults of their own. */
const LEAST = 3;
const SHARE = 0.1;

interface Failures {
  readonly failing: number;
  readonly users: number;
}

const failuresIn = ({ users }: Cache): Failures => ({
  failing: [...users.values()].filter(({ failing }) => failing).length,
  users: users.size,
});

const isOpen = ({ failing, users }: Failures): boolean => failing >= Math.max(LEAST, users * SHARE);

/**
 * Reports when the circuit opens or closes.
 * @returns how many rotations this run may start: one as a probe while the circuit is open
 */
export async function limitRotations(run: Run): Promise<RunBudget> {
  const { cache, slice } = run;
  const failures = failuresIn(cache);
  const open = isOpen(failures);
  if (open) await reportAccountConditions(run, '', circuitOpen(failures));
  else await resolveCircuit(run);
  const usual = slice.limits.maxFirstRotationsPerRun;
  return { rotationsLeft: open ? Math.min(1, usual) : usual };
}

const circuitOpen = ({ failing, users }: Failures): RotationError =>
  new RotationError(
    'CIRCUIT_OPEN',
    `${failing} of ${users} users have a rotation that failed and is outstanding`,
    'until fewer fail, only one rotation at a time is started, as a probe; the alerts about the users explain the failures',
  );
