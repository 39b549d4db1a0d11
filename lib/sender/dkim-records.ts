import { GetIdentityDkimAttributesCommand, type SESClient } from '@aws-sdk/client-ses';
import { domainOfSender } from '../roster/sender';
import { STACKS } from '../names';
import type { Roster } from '../roster/roster';

/** Where the records point to `dkim.amazonses.com`; elsewhere only the stack's outputs are sure. */
const COMMON_DOMAIN: ReadonlySet<string> = new Set([
  'us-east-1',
  'us-east-2',
  'us-west-1',
  'us-west-2',
  'ap-south-1',
  'ap-northeast-1',
  'ap-northeast-2',
  'ap-southeast-1',
  'ap-southeast-2',
  'ca-central-1',
  'eu-central-1',
  'eu-west-1',
  'eu-west-2',
  'eu-west-3',
  'eu-north-1',
  'sa-east-1',
]);

/**
 * What the domain of the sender still lacks in its DNS, in lines for people; empty where nothing is lacking or the
 * roster asks for no domain. https://docs.aws.amazon.com/ses/latest/APIReference/API_VerifyDomainDkim.html
 */
export async function dkimRecords({ notifications, region }: Roster, client: SESClient): Promise<readonly string[]> {
  if (notifications.senderIdentity !== 'domain') return [];
  const domain = domainOfSender(notifications.sender);
  const { DkimAttributes = {} } = await client.send(new GetIdentityDkimAttributesCommand({ Identities: [domain] }));
  const { DkimTokens = [], DkimVerificationStatus } = DkimAttributes[domain] ?? {};
  if (DkimVerificationStatus === 'Success') return [];
  if (DkimTokens.length === 0)
    return [`${domain} has no DKIM records yet: the stage Central makes them, as outputs of ${STACKS.notification}`];
  const value = COMMON_DOMAIN.has(region) ? 'dkim.amazonses.com' : undefined;
  return [
    `${domain} is not verified: mail goes by the sender's address alone until its DNS has these records`,
    ...DkimTokens.map(
      (token) =>
        `${token}._domainkey.${domain} CNAME ${value === undefined ? `see the outputs of ${STACKS.notification}` : `${token}.${value}`}`,
    ),
  ];
}
