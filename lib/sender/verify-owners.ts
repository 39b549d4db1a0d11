import {
  GetIdentityVerificationAttributesCommand,
  VerifyEmailIdentityCommand,
  type SESClient,
} from '@aws-sdk/client-ses';
import { domainOfSender } from '../roster/sender';
import type { Roster } from '../roster/roster';

export interface VerifiedAddress {
  readonly address: string;
  /** `asked`: SES has just mailed a link to it; `pending`: it did so before, and nobody has followed it yet. */
  readonly status: 'confirmed' | 'asked' | 'pending' | 'not-asked';
}

export interface VerifyOptions {
  /** Whether SES is asked to mail a link to addresses that have none. */
  readonly ask: boolean;
  /** SES takes one request a second: https://docs.aws.amazon.com/ses/latest/APIReference/API_VerifyEmailIdentity.html */
  readonly sleep: (milliseconds: number) => Promise<void>;
}

/** In the sandbox 200 mails a day may be sent: an organization with more owners needs production access. */
export const MOST_ADDRESSES = 100;
const BETWEEN_REQUESTS_MS = 1_100;

/** Who receives mail: every owner that the roster has an address of, and the admins, who get mail in an owner's place. */
export function mailAddresses({ accounts, notifications }: Roster): readonly string[] {
  const owners = accounts.flatMap(({ users }) => users.flatMap(({ email }) => email ?? []));
  return [...new Set([...owners, ...notifications.admins].map((address) => address.toLowerCase()))].sort();
}

/**
 * In its sandbox SES mails only to addresses whose owners have confirmed it. Repeating this asks nobody twice: SES's
 * link is good for a day, and an address whose link has expired is asked again.
 * @throws Error for more addresses than a sandbox is for
 */
export async function verifyOwners(
  roster: Roster,
  client: SESClient,
  { ask, sleep }: VerifyOptions,
): Promise<readonly VerifiedAddress[]> {
  const addresses = mailAddresses(roster);
  if (addresses.length > MOST_ADDRESSES) {
    throw new Error(
      `the roster has ${addresses.length} addresses, and the sandbox is for ${MOST_ADDRESSES} at most: ask AWS for production access, as the README says`,
    );
  }
  const statuses = await statusesOf([...addresses, ...new Set(addresses.map(domainOfSender))], client, sleep);
  const found: VerifiedAddress[] = [];
  for (const address of addresses) {
    const isConfirmed = [address, domainOfSender(address)].some((identity) => statuses.get(identity) === 'Success');
    if (isConfirmed) found.push({ address, status: 'confirmed' });
    else if (statuses.get(address) === 'Pending') found.push({ address, status: 'pending' });
    else if (!ask) found.push({ address, status: 'not-asked' });
    else {
      await sleep(BETWEEN_REQUESTS_MS);
      await client.send(new VerifyEmailIdentityCommand({ EmailAddress: address }));
      found.push({ address, status: 'asked' });
    }
  }
  return found;
}

/** SES answers for a hundred identities at once, and says nothing of those that it does not know. */
async function statusesOf(
  identities: readonly string[],
  client: SESClient,
  sleep: VerifyOptions['sleep'],
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (let start = 0; start < identities.length; start += 100) {
    if (start > 0) await sleep(BETWEEN_REQUESTS_MS);
    const { VerificationAttributes = {} } = await client.send(
      new GetIdentityVerificationAttributesCommand({ Identities: identities.slice(start, start + 100) }),
    );
    for (const [identity, { VerificationStatus = '' }] of Object.entries(VerificationAttributes))
      found.set(identity.toLowerCase(), VerificationStatus);
  }
  return found;
}
