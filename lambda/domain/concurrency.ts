/**
 * Acts on all items, on at most so many at a time. The first failure is thrown; what is under way goes on.
 */
export async function forEachAtMost<T>(
  most: number,
  items: readonly T[],
  act: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const work = async (): Promise<void> => {
    for (const item of queue) await act(item);
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, work));
}
