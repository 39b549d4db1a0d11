/** Mails are limited by account and hour, so that whoever holds one account cannot use up what all accounts share. */
import type { RosterSlice } from '../../contract/slice';
import { restMail } from './admin-mails';
import type { MailDelivery } from '../../contract/mail-delivery';
import type { MailerPorts } from './deliver';

/** How many mails were sent on somebody's behalf in an hour, as it was read. */
export interface Count {
  readonly mails: number;
  /** Of the object that was read; undefined where there is none yet. */
  readonly version?: string;
}

export interface Tally {
  read(behalf: string, hour: string): Promise<Count>;
  /** One more than was read. Of two at once one may be missed: the limit is a brake, not a ledger. */
  add(behalf: string, hour: string, read: Count): Promise<void>;
}

/**
 * What no honest hour exceeds: a user has a new key and the end of an old one, seldom both. The roster decides how many
 * users there are, so that no account can raise its own limit.
 */
export const mostMailsAnHour = ({ users }: Pick<RosterSlice, 'users'>): number => Math.max(100, 2 * users.length);

export interface Sending {
  /** Of the delivery, which is made once. */
  readonly key: string;
  /** The account, or what else the mails are counted for. */
  readonly behalf: string;
  readonly most: number;
  /** What the admins are told when there are more. */
  readonly rest: Parameters<typeof restMail>[0];
  readonly send: () => Promise<SentMail>;
}

/** What is remembered of a mail for as long as it must not go again: no address. */
export interface SentMail {
  /** SES's; empty of one that was among the rest of its hour. */
  readonly messageId: string;
  /** Of an owner's mail. */
  readonly delivery?: Pick<MailDelivery, 'sentAt' | 'recipient' | 'previousKeyUntil'>;
}

/**
 * Sends once; beyond the limit the admins get one mail for all the rest of the hour.
 * @returns what was sent, now or before
 * @throws whatever a retry may cure
 */
export async function sendWithinLimit(
  ports: MailerPorts,
  admins: readonly string[],
  sending: Sending,
): Promise<SentMail> {
  const { key, behalf, most, rest, send } = sending;
  const hour = ports.clock.now().toISOString().slice(0, 13);
  let read: Count | undefined;
  const sent = await ports.deliveries.once(key, async () => {
    const count = await ports.tally.read(behalf, hour);
    if (count.mails >= most) {
      await ports.deliveries.once(`rest/${behalf}/${hour}`, async () => ({
        messageId: await ports.mail.send(admins, restMail(rest, most, hour)),
      }));
      ports.log.warn('an e-mail exceeds the hourly limit of its account', { delivery: key, behalf, hour });
      return { messageId: '' };
    }
    const mail = await send();
    read = count;
    return mail;
  });
  if (read) await countOne(ports, behalf, hour, read);
  return sent;
}

/** The mail has gone: that it was not counted must not bring it back. */
async function countOne({ tally, log }: MailerPorts, behalf: string, hour: string, read: Count): Promise<void> {
  try {
    await tally.add(behalf, hour, read);
  } catch (error) {
    log.warn('an e-mail was not counted against the hourly limit', { behalf, hour, error: (error as Error).name });
  }
}
