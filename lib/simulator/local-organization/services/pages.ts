import type { AwsError } from '../service';

/**
 * One page of a list; tokens are positions, opaque to callers.
 * @throws what `refuse` makes, when the token is none that a page of this list gave
 */
export function page<T>(
  items: readonly T[],
  size: number,
  token: string | undefined,
  refuse: () => AwsError,
): { readonly items: T[]; readonly nextToken?: string } {
  const start = token === undefined ? 0 : positionOf(token);
  if (start === undefined || start > items.length) throw refuse();
  const end = start + size;
  return { items: items.slice(start, end), ...(end < items.length && { nextToken: tokenOf(end) }) };
}

/** Of the page that begins there. */
export const tokenOf = (position: number): string => Buffer.from(String(position)).toString('base64');

function positionOf(token: string): number | undefined {
  const position = Number(Buffer.from(token, 'base64').toString());
  return Number.isSafeInteger(position) && position >= 0 && tokenOf(position) === token ? position : undefined;
}
