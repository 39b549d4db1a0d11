/**
 * SES's report of one mail, as it comes through its own topic and queue; only SES may publish there.
 * https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
 */
import type { MailFeedback } from '../../contract/mail-feedback';
import { member } from './pointer';

/** Names of the tags that every mail carries, so that a report says what the mail was about. */
export const MAIL_TAGS = { account: 'account', event: 'event', audience: 'audience' } as const;

/** What a mail is about, as SES gives it back; a mail of the mailer's own to the administrators is about no event. */
export interface MailSubject {
  readonly audience: MailFeedback['audience'];
  readonly event?: { readonly accountId: string; readonly eventId: string };
}

/** What SES reports of one mail. */
export interface MailReport extends MailSubject, Pick<MailFeedback, 'kind' | 'addresses' | 'at' | 'detail'> {}

interface Recipient {
  readonly emailAddress?: unknown;
}

interface SesEvent {
  readonly eventType?: unknown;
  readonly mail?: {
    readonly timestamp?: unknown;
    readonly destination?: unknown;
    readonly tags?: Record<string, unknown>;
  };
  readonly bounce?: {
    readonly bounceType?: unknown;
    readonly bounceSubType?: unknown;
    readonly bouncedRecipients?: unknown;
    readonly timestamp?: unknown;
  };
  readonly complaint?: { readonly complainedRecipients?: unknown; readonly timestamp?: unknown };
  readonly deliveryDelay?: { readonly delayedRecipients?: unknown; readonly timestamp?: unknown };
  readonly delivery?: { readonly recipients?: unknown; readonly timestamp?: unknown };
}

type Found = Pick<MailFeedback, 'kind' | 'detail'> & { readonly addresses: readonly unknown[]; readonly at: unknown };

/** @returns undefined for anything but a report of one of our mails; a retry would not change that */
export function mailReport(body: string): MailReport | undefined {
  const event = parsed(member(body, 'Message'));
  const subject = event && subjectOf(event);
  const found = event && foundIn(event);
  if (!subject || !found) return undefined;
  const addresses = found.addresses.filter((address): address is string => typeof address === 'string');
  const at = typeof found.at === 'string' && !Number.isNaN(Date.parse(found.at)) ? new Date(found.at) : undefined;
  if (!at || addresses.length === 0) return undefined;
  const { kind, detail } = found;
  return { ...subject, kind, addresses, at: at.toISOString(), ...(detail !== undefined && { detail }) };
}

/**
 * Whether a report says more than the one that is remembered: a bounce stays one, and a delay ends in what comes of it.
 * Reports come in any order and more than once.
 */
export function saysMore(former: MailFeedback | undefined, next: MailReport): boolean {
  if (!former) return next.kind !== 'delivered';
  return former.kind === 'delayed' && next.kind !== 'delayed';
}

function foundIn({ eventType, mail, bounce, complaint, deliveryDelay, delivery }: SesEvent): Found | undefined {
  switch (eventType) {
    case 'Bounce':
      return {
        kind: 'bounced',
        addresses: addressesOf(bounce?.bouncedRecipients),
        at: bounce?.timestamp,
        detail: `${wordOf(bounce?.bounceType)}/${wordOf(bounce?.bounceSubType)}`,
      };
    case 'Complaint':
      return { kind: 'complained', addresses: addressesOf(complaint?.complainedRecipients), at: complaint?.timestamp };
    case 'DeliveryDelay':
      return {
        kind: 'delayed',
        addresses: addressesOf(deliveryDelay?.delayedRecipients),
        at: deliveryDelay?.timestamp,
      };
    case 'Delivery':
      return { kind: 'delivered', addresses: listOf(delivery?.recipients), at: delivery?.timestamp };
    case 'Reject':
      return { kind: 'rejected', addresses: listOf(mail?.destination), at: mail?.timestamp };
  }
  return undefined;
}

function subjectOf({ mail }: SesEvent): MailSubject | undefined {
  const tag = (name: string): string => {
    const [value] = listOf(mail?.tags?.[name]);
    return typeof value === 'string' ? value : '';
  };
  const [accountId, eventId, audience] = [tag(MAIL_TAGS.account), tag(MAIL_TAGS.event), tag(MAIL_TAGS.audience)];
  if (audience !== 'owner' && audience !== 'admins') return undefined;
  if (!/^\d{12}$/.test(accountId) || !/^[0-9a-f]{32}$/.test(eventId)) return { audience };
  return { audience, event: { accountId, eventId } };
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);
const addressesOf = (recipients: unknown): readonly unknown[] =>
  listOf(recipients).map((recipient) => (recipient as Recipient | null)?.emailAddress);
const wordOf = (value: unknown): string => (typeof value === 'string' && /^\w{1,40}$/.test(value) ? value : 'Unknown');

function parsed(text: unknown): SesEvent | undefined {
  if (typeof text !== 'string') return undefined;
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null ? (value as SesEvent) : undefined;
  } catch {
    return undefined;
  }
}
