/** A breaker for new rotations: when many fail, others would too, and each leaves a key that waits to be stored. */

interface Failures {
  readonly failing: number;
  readonly users: number;
}

/** Fewer are taken for faults of their own. */
const LEAST = 3;
const SHARE = 0.1;

export const isOpen = ({ failing, users }: Failures): boolean => failing >= Math.max(LEAST, users * SHARE);

/** How many rotations a run may start: one as a probe while the circuit is open. */
export const circuitBudget = (failures: Failures, usual: number): number =>
  isOpen(failures) ? Math.min(1, usual) : usual;
