import { unbackedMail, type Unbacked } from './admin-mails';
import type { MailerPorts } from './deliver';
import { envelopeOf } from './envelope';
import { sendWithinLimit } from './hourly-limit';

/** Enough to notice, and few enough that whoever forges messages cannot bury the mailbox. */
const MOST_WARNINGS_AN_HOUR = 20;

/**
 * Whoever may publish to the admin topic reaches the admins' mailboxes with words of their own; the warning follows at
 * once, once for each message.
 * @throws whatever a retry may cure
 */
export async function warnAdmins(
  ports: MailerPorts,
  admins: readonly string[],
  body: string,
  found: Unbacked,
): Promise<void> {
  const envelope = envelopeOf(body);
  if (!envelope) return ports.log.warn('a message that was not delivered by the topic was dropped', { found });
  ports.log.warn('a message does not match any event object', { found, messageId: envelope.messageId });
  await sendWithinLimit(ports, admins, {
    key: `warnings/${envelope.messageId}`,
    behalf: 'warnings',
    most: MOST_WARNINGS_AN_HOUR,
    rest: 'warnings',
    send: async () => ({ messageId: await ports.mail.send(admins, unbackedMail(found, envelope)) }),
  });
}
