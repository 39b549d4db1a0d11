/** What the mailer itself has to say to the admins. Nothing in here was written by whoever sent the message. */
import Handlebars from 'handlebars';
import type { Envelope } from './envelope';
import type { Mail } from './render';

/** Why nothing stands behind a message. */
export type Unbacked = 'no-pointer' | 'no-object' | 'too-large' | 'not-an-event';

const FOUND: Readonly<Record<Unbacked, string>> = {
  'no-pointer': 'It names no event object.',
  'no-object': 'The event object that it names does not exist.',
  'too-large': 'The event object that it names is larger than any event and was not read.',
  'not-an-event': 'The object that it names is not an event of the account in whose folder it lies.',
};

/** Follows a message of the admin topic that the product did not write. */
export function unbackedMail(found: Unbacked, { messageId, sentAt }: Envelope): Mail {
  return mailOf('Access keys: do not trust a message on the admin topic', [
    `A message reached the admin topic at ${sentAt}, and it does not match any event object: access-keys did not send it in this form. ${FOUND[found]}`,
    'If you received an e-mail from the admin topic at that time, do not do what it asks and follow no link in it.',
    `To find out who sent it, look in the CloudTrail data events of Amazon SNS for Publish with the message id ${messageId}, or ask the administrators of the accounts whose roles are named access-keys-*.`,
  ]);
}

/** @param hour as `2027-01-04T05`, in UTC */
export function restMail(rest: 'warnings' | { readonly account: string }, most: number, hour: string): Mail {
  const period = `in the hour from ${hour.replace('T', ', ')}:00 UTC`;
  if (rest === 'warnings') {
    return mailOf('Access keys: do not trust any message on the admin topic in this hour', [
      `More than ${most} messages that access-keys did not send reached the admin topic ${period}. You will not be warned about each of them until the hour is over.`,
      'Do not trust any e-mail from the admin topic during this time. The event objects in the org bucket show what happened.',
    ]);
  }
  return mailOf(`Access keys: too many notices from account ${rest.account}`, [
    `Account ${rest.account} caused more than ${most} mails to owners ${period}. The remaining notices of this hour are not mailed to their owners individually; this e-mail covers all of them.`,
    `They are in the org bucket under events/${rest.account}/. Inform the owners they concern, and find out what in that account creates so many.`,
  ]);
}

const LOST = {
  bounced: 'bounced',
  rejected: 'was refused by SES',
  complained: 'was reported as spam',
} as const;

export type LostKind = keyof typeof LOST;

/** In the owner's place, of whom nobody knows now whether the mail was read. */
export function unreachableMail(
  { accountId, eventId }: { readonly accountId: string; readonly eventId: string },
  { kind, addresses, at }: { readonly kind: LostKind; readonly addresses: readonly string[]; readonly at: string },
): Mail {
  return mailOf(`Access keys: a mail to an owner in account ${accountId} did not arrive (OWNER_UNREACHABLE)`, [
    `The mail about event ${eventId} of account ${accountId} to ${addresses.join(', ')} ${LOST[kind]} at ${at}. It is treated as unread. The event is in the org bucket under events/${accountId}/: pass its content on to the owner.`,
    `Correct the address in the roster. If it is right, have the mailbox fixed, then remove the address from the SES suppression list: aws sesv2 delete-suppressed-destination --email-address ${addresses.join(' ')}. Until then SES sends nothing to it.`,
  ]);
}

function mailOf(subject: string, paragraphs: readonly string[]): Mail {
  const escape = (text: string): string => Handlebars.escapeExpression(text);
  return {
    subject,
    text: `${paragraphs.join('\n\n')}\n`,
    html: `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escape(subject)}</title></head><body style="font-family: sans-serif; max-width: 40em">${paragraphs.map((text) => `<p>${escape(text)}</p>`).join('')}</body></html>`,
  };
}
