import { RotationError, codeOf, reasonOf } from '../errors';
import { ownerMail, type Mail } from './render';
import { ownerEvent } from './owner-event';
import { eventLocation, type EventLocation } from './pointer';
import { recipientOf } from './recipient';
import type { Log } from '../ports';
import type { RosterSlice } from '../../contract/slice';

export interface MailerPorts {
  /** Text of the event object. */
  readonly events: { read(key: string): Promise<string> };
  readonly slices: { read(accountId: string): Promise<RosterSlice | undefined> };
  /**
   * Runs `send` unless it has succeeded for this event before. While another run of it may be under way it throws; a run
   * that died counts as under way until its lease ends.
   */
  readonly deliveries: { once(event: EventLocation, send: () => Promise<string>): Promise<void> };
  /** @returns the message id */
  readonly mail: { send(to: readonly string[], mail: Mail): Promise<string> };
  readonly log: Log;
}

/**
 * Mails what one queued message points to. The message only says where to look; the account comes from the object's key,
 * the recipient, region and secret from the roster, the words from the templates.
 * @throws whatever a retry may cure, and RotationError EVENT_INVALID or SLICE_MISSING for the dead-letter queue
 */
async function deliver(ports: MailerPorts, admins: readonly string[], body: string): Promise<void> {
  const location = eventLocation(body);
  if (!location) return ports.log.warn('a message points to no event and is dropped');
  const event = ownerEvent(await ports.events.read(location.key), location);
  if (!event) return ports.log.info('an event is not for its owner', { event: location.key });
  const slice = await ports.slices.read(location.accountId);
  if (slice?.accountId !== location.accountId)
    throw new RotationError(
      'SLICE_MISSING',
      `no roster is published for account ${location.accountId}`,
      'publish the roster',
    );
  const recipient = recipientOf(event.userName, slice);
  await ports.deliveries.once(location, async () => {
    const messageId = await ports.mail.send(
      recipient.kind === 'owner' ? [recipient.address] : admins,
      ownerMail(event, recipient, slice),
    );
    ports.log.info('mailed', { event: location.key, type: event.type, to: recipient.kind, messageId });
    return messageId;
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
  for (const { messageId, body } of messages) {
    try {
      if (remaining() < MAIL_MS) failed.push(messageId);
      else await deliver(ports, admins, body);
    } catch (error) {
      ports.log.error('a message comes again', { messageId, code: codeOf(error), reason: reasonOf(error) });
      failed.push(messageId);
    }
  }
  return failed;
}

export interface QueuedMessage {
  readonly messageId: string;
  readonly body: string;
}
