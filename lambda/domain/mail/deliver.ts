import { RotationError, codeOf, reasonOf } from '../errors';
import type { MailDelivery } from '../../contract/mail-delivery';
import type { MailFeedback } from '../../contract/mail-feedback';
import { unreachableMail } from './admin-mails';
import { mailReport, saysMore, type MailReport, type MailSubject } from './bounces';
import { mostMailsAnHour, sendWithinLimit, type SentMail, type Tally } from './hourly-limit';
import { asOfSending } from './promised-date';
import { ownerMail, type Mail } from './render';
import { ownerEvent, type OwnerEvent } from './owner-event';
import { eventLocation, type EventLocation } from './pointer';
import { recipientOf } from './recipient';
import { warnAdmins } from './warn-admins';
import type { Clock, Log } from '../ports';
import type { RosterSlice } from '../../contract/slice';

export interface MailerPorts {
  /** The event object; one of more than 64 KiB is not read. */
  readonly events: { read(key: string): Promise<{ readonly text: string } | 'no-object' | 'too-large'> };
  readonly slices: { read(accountId: string): Promise<RosterSlice | undefined> };
  /**
   * Runs `send` unless it has succeeded for this delivery before, and returns what it returned. While another run of it
   * may be under way it throws; a run that died counts as under way until its lease ends.
   */
  readonly deliveries: { once(key: string, send: () => Promise<SentMail>): Promise<SentMail> };
  /** For the account that the event is about; written again, it says the same. */
  readonly accepted: { write(delivery: MailDelivery): Promise<void> };
  readonly tally: Tally;
  /**
   * @param about what SES gives back with its reports of the mail; no event of the admins', unless given
   * @returns the message id
   */
  readonly mail: { send(to: readonly string[], mail: Mail, about?: MailSubject): Promise<string> };
  /** What SES reported of mails before; a write fails when another one came first. */
  readonly feedback: {
    read(
      accountId: string,
      eventId: string,
    ): Promise<{ readonly feedback: MailFeedback; readonly etag: string } | undefined>;
    write(feedback: MailFeedback, former: string | undefined): Promise<void>;
  };
  /** Raises the alarm of admin mails that bounced: a mail about it would bounce as well. */
  readonly adminMailBounced: () => void;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
}

/**
 * Mails what one queued message points to, and warns the admins of a message that no event object stands behind. The
 * message only says where to look; the account comes from the object's key, the recipient, region and secret from the
 * roster, the words from the templates.
 * @throws whatever a retry may cure, and RotationError EVENT_INVALID or SLICE_MISSING for the dead-letter queue
 */
async function deliver(ports: MailerPorts, admins: readonly string[], body: string): Promise<void> {
  const location = eventLocation(body);
  if (!location) return warnAdmins(ports, admins, body, 'no-pointer');
  const stored = await ports.events.read(location.key);
  if (typeof stored === 'string') return warnAdmins(ports, admins, body, stored);
  const event = await eventOf(ports, admins, { ...stored, location, body });
  if (!event) return ports.log.info('an event is not for its owner', { event: location.key });
  const slice = await ports.slices.read(location.accountId);
  if (slice?.accountId !== location.accountId)
    throw new RotationError(
      'SLICE_MISSING',
      `no roster is published for account ${location.accountId}`,
      'publish the roster',
    );
  await mailOwner(ports, admins, { event, location, slice });
}

/** An object that is no event may be a forgery, or one that a newer version of this function can read: the admins are warned, and the message is kept. */
async function eventOf(
  ports: MailerPorts,
  admins: readonly string[],
  { text, location, body }: { readonly text: string; readonly location: EventLocation; readonly body: string },
): Promise<OwnerEvent | undefined> {
  try {
    return ownerEvent(text, location);
  } catch (error) {
    await warnAdmins(ports, admins, body, 'not-an-event');
    throw error;
  }
}

async function mailOwner(
  ports: MailerPorts,
  admins: readonly string[],
  {
    event,
    location,
    slice,
  }: { readonly event: OwnerEvent; readonly location: EventLocation; readonly slice: RosterSlice },
): Promise<void> {
  const { accountId, eventId } = location;
  const recipient = recipientOf(event.userName, slice);
  const { delivery } = await sendWithinLimit(ports, admins, {
    key: `${accountId}/${eventId}`,
    behalf: accountId,
    most: mostMailsAnHour(slice),
    rest: { account: accountId },
    async send() {
      const to = recipient.kind === 'owner' ? [recipient.address] : admins;
      const now = ports.clock.now();
      const said = asOfSending(event, recipient, now);
      const messageId = await ports.mail.send(to, ownerMail(said, recipient, slice), {
        audience: recipient.kind,
        event: { accountId, eventId },
      });
      ports.log.info('mailed', { event: location.key, type: event.type, to: recipient.kind, messageId });
      const until = said.previousKey.kind === 'works' ? { previousKeyUntil: said.previousKey.until } : {};
      return { messageId, delivery: { sentAt: now.toISOString(), recipient: recipient.kind, ...until } };
    },
  });
  if (delivery) await ports.accepted.write({ schemaVersion: 1, accountId, eventId, ...delivery });
}

/**
 * Acts on what became of one mail and remembers it last, so that a run that dies in between is repeated whole: the mail
 * to the admins goes once, and an alarm that is raised again is the same alarm.
 */
async function hear(ports: MailerPorts, admins: readonly string[], body: string): Promise<void> {
  const report = mailReport(body);
  if (!report) return ports.log.warn('an SES notification about an unknown message was dropped');
  const { kind, audience, addresses, at, detail, event } = report;
  const former = event && (await ports.feedback.read(event.accountId, event.eventId));
  if (event && !saysMore(former?.feedback, report)) return;
  if (kind !== 'delivered') ports.log.warn('an e-mail was not delivered', { ...event, kind, audience, detail });
  if (kind !== 'delivered' && kind !== 'delayed') {
    if (audience === 'admins') ports.adminMailBounced();
    else if (event) await reportUnreachable(ports, admins, event, { kind, addresses, at });
  }
  if (!event) return;
  const known = { audience, kind, addresses, at, ...(detail !== undefined && { detail }) };
  await ports.feedback.write({ schemaVersion: 1, ...event, ...known }, former?.etag);
}

/** Enough to notice, and few enough that a domain whose mail fails does not bury the admins' mailboxes. */
const MOST_UNREACHABLE_AN_HOUR = 20;

async function reportUnreachable(
  ports: MailerPorts,
  admins: readonly string[],
  event: NonNullable<MailReport['event']>,
  lost: Parameters<typeof unreachableMail>[1],
): Promise<void> {
  const { accountId, eventId } = event;
  await sendWithinLimit(ports, admins, {
    key: `unreachable/${accountId}/${eventId}`,
    behalf: `${accountId}-unreachable`,
    most: MOST_UNREACHABLE_AN_HOUR,
    rest: { account: accountId },
    send: async () => ({ messageId: await ports.mail.send(admins, unreachableMail(event, lost)) }),
  });
}

/** A mail is not begun with less time than it may take, with all attempts to mark it as sent. */
const MAIL_MS = 30_000;

/**
 * One by one, because SES limits the rate of the whole account; one failure stops no other mail.
 * @param remaining milliseconds that this invocation still has
 * @returns ids of the messages that have to come again
 */
export async function deliverBatch(
  ports: MailerPorts,
  admins: readonly string[],
  messages: readonly QueuedMessage[],
  remaining: () => number,
): Promise<string[]> {
  const failed: string[] = [];
  for (const { messageId, body, from } of messages) {
    try {
      if (remaining() < MAIL_MS) failed.push(messageId);
      else if (from === 'ses') await hear(ports, admins, body);
      else await deliver(ports, admins, body);
    } catch (error) {
      ports.log.error('a message failed and will be retried', {
        messageId,
        code: codeOf(error),
        reason: reasonOf(error),
      });
      failed.push(messageId);
    }
  }
  return failed;
}

export interface QueuedMessage {
  /** Which queue it came by: the admin topic's, unless it is that of SES's reports. */
  readonly from?: 'ses';
  readonly messageId: string;
  readonly body: string;
}
