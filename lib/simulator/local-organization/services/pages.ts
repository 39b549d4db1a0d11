/** One page of a list; tokens are positions, opaque to callers. */
export function page<T>(
  items: readonly T[],
  size: number,
  token?: string,
): { readonly items: T[]; readonly nextToken?: string } {
  const start = token ? Number(Buffer.from(token, 'base64').toString()) || 0 : 0;
  const end = start + size;
  return {
    items: items.slice(start, end),
    ...(end < items.length && { nextToken: Buffer.from(String(end)).toString('base64') }),
  };
}
