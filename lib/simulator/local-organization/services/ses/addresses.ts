import { AwsError } from '../../service';

/** The address in `Name <address>`, in lower case. */
export const bare = (address: string): string => (/<([^>]+)>\s*$/.exec(address)?.[1] ?? address).trim().toLowerCase();

export const domainOf = (address: string): string => bare(address).split('@').at(-1) ?? '';

/** SES takes ASCII only before the `@`, and a domain with a dot in it. */
export function checkAddress(address: string): void {
  const plain = bare(address);
  if (!plain.includes('@')) throw invalid("Missing final '@domain'");
  if (!/^[\x21-\x7e]+@/.test(plain)) throw invalid('Local address contains control or whitespace');
  if (!/@[a-z0-9](?:[a-z0-9-]*\.)+[a-z0-9-]*[a-z0-9]$/.test(plain)) throw invalid('Domain contains illegal character');
}

const invalid = (message: string): AwsError => new AwsError('InvalidParameterValue', message);
