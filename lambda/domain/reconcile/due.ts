/** When something has to be looked at again: by the next run, at an instant, or only when something changes. */
export type Due = 'next-run' | 'on-change' | Date;

/** The first of several. */
export function soonest(dues: readonly Due[]): Due {
  if (dues.includes('next-run')) return 'next-run';
  const instants = dues.filter((due) => due instanceof Date).map((at) => at.getTime());
  return instants.length > 0 ? new Date(Math.min(...instants)) : 'on-change';
}

/** Whether it has come. */
export const isDue = (due: Due, now: Date): boolean => due === 'next-run' || (due instanceof Date && due <= now);
