export interface Arn {
  readonly service: string;
  readonly region: string;
  readonly accountId: string;
  readonly resource: string;
}

/** Undefined when the text is no ARN. */
export function parseArn(text: string): Arn | undefined {
  const [prefix, , service = '', region = '', accountId = '', ...rest] = text.split(':');
  return prefix === 'arn' && rest.length > 0 ? { service, region, accountId, resource: rest.join(':') } : undefined;
}

export const formatArn = ({ service, region, accountId, resource }: Arn): string =>
  `arn:aws:${service}:${region}:${accountId}:${resource}`;
