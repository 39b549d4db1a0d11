import { CfnOutput, Fn, RemovalPolicy } from 'aws-cdk-lib';
import { CfnEmailIdentity } from 'aws-cdk-lib/aws-ses';
import type { Construct } from 'constructs';
import { domainOfSender, type SenderIdentity } from '../../roster/sender';

/**
 * What SES lets the mailer send as. The address is always an identity of its own: it goes on sending while the domain
 * waits for its DNS records, and inherits the domain's DKIM signature once that is verified
 * (https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-dkim-easy-managing.html). Identities are kept
 * when their stack or the setting goes, because mail that stops stops the retirement of keys.
 */
export function senderIdentity(scope: Construct, sender: string, kind: SenderIdentity): void {
  if (kind === 'existing') return;
  kept(new CfnEmailIdentity(scope, 'Sender', { emailIdentity: sender }));
  if (kind !== 'domain') return;
  const domain = kept(new CfnEmailIdentity(scope, 'SenderDomain', { emailIdentity: domainOfSender(sender) }));
  const records = [
    [domain.attrDkimDnsTokenName1, domain.attrDkimDnsTokenValue1],
    [domain.attrDkimDnsTokenName2, domain.attrDkimDnsTokenValue2],
    [domain.attrDkimDnsTokenName3, domain.attrDkimDnsTokenValue3],
  ] as const;
  for (const [index, [name, value]] of records.entries()) {
    new CfnOutput(scope, `DkimRecord${index + 1}`, {
      value: Fn.join(' CNAME ', [name, value]),
      description: 'DNS record that the domain of the sender needs',
    });
  }
}

function kept(identity: CfnEmailIdentity): CfnEmailIdentity {
  identity.applyRemovalPolicy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE);
  return identity;
}
