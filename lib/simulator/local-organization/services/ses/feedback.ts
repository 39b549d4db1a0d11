/**
 * What SES publishes of a mail's further way, in its own form:
 * https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
 */
import type { Reaction, SentMail } from './state';

export interface FeedbackMail extends Pick<SentMail, 'at' | 'messageId' | 'accountId' | 'from' | 'to'> {
  readonly region: string;
  readonly configurationSet: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** Event type as a destination names it. */
export const EVENT_TYPES: Readonly<Record<Reaction, string>> = {
  delivery: 'DELIVERY',
  bounce: 'BOUNCE',
  complaint: 'COMPLAINT',
  delay: 'DELIVERY_DELAY',
};

/** @param suppressed the address was on the account's suppression list, so that SES sent nothing */
export function feedbackOf(
  mail: FeedbackMail,
  address: string,
  { reaction, suppressed }: { readonly reaction: Reaction; readonly suppressed: boolean },
  at: Date,
): object {
  const timestamp = at.toISOString();
  switch (reaction) {
    case 'delivery':
      return { eventType: 'Delivery', delivery: { timestamp, recipients: [address] }, mail: mailPart(mail) };
    case 'bounce':
      return { eventType: 'Bounce', bounce: bounce(address, suppressed, timestamp), mail: mailPart(mail) };
    case 'complaint': {
      const complaint = {
        complainedRecipients: [{ emailAddress: address }],
        complaintFeedbackType: 'abuse',
        timestamp,
      };
      return { eventType: 'Complaint', complaint, mail: mailPart(mail) };
    }
    case 'delay': {
      const delayedRecipients = [{ emailAddress: address, status: '4.4.1' }];
      const deliveryDelay = { delayType: 'TransientCommunicationFailure', delayedRecipients, timestamp };
      return { eventType: 'DeliveryDelay', deliveryDelay, mail: mailPart(mail) };
    }
  }
}

const bounce = (emailAddress: string, suppressed: boolean, timestamp: string): object => ({
  bounceType: 'Permanent',
  bounceSubType: suppressed ? 'OnAccountSuppressionList' : 'General',
  bouncedRecipients: [
    { emailAddress, action: 'failed', status: '5.1.1', diagnosticCode: 'smtp; 550 5.1.1 user unknown' },
  ],
  timestamp,
});

function mailPart({ at, messageId, accountId, region, from, to, configurationSet, tags }: FeedbackMail): object {
  return {
    timestamp: at.toISOString(),
    source: from,
    sourceArn: `arn:aws:ses:${region}:${accountId}:identity/${from}`,
    sendingAccountId: accountId,
    messageId,
    destination: [...to],
    tags: {
      'ses:configuration-set': [configurationSet],
      ...Object.fromEntries(Object.entries(tags).map(([name, value]) => [name, [value]])),
    },
  };
}
