/** What the mailer and SES leave in the org bucket about the mail of an event. */
import type { OwnerEvent } from '../../../lambda/domain/mail/owner-event';
import { asOfSending } from '../../../lambda/domain/mail/promised-date';
import type { Mails } from '../../../lambda/domain/ports';
import type { Account } from './account';
import { ACCOUNT, ANN } from './roster';

export function mailAbout(account: Account, eventId: string): Awaited<ReturnType<Mails['about']>> {
  const sentAt = account.mailed.get(eventId)?.toISOString();
  if (sentAt === undefined || account.mail === 'is never sent') return {};
  const about = { schemaVersion: 1, accountId: ACCOUNT, eventId } as const;
  const until = dateNamed(account, eventId, new Date(sentAt));
  return {
    delivery: { ...about, sentAt, recipient: 'owner', ...(until !== undefined && { previousKeyUntil: until }) },
    ...(account.mail === 'bounces' && {
      feedback: { ...about, kind: 'bounced', audience: 'owner', addresses: [ANN.email!], at: sentAt },
    }),
  };
}

/** Until when the mail says that the previous key works. */
function dateNamed({ recorded, slice, user }: Account, eventId: string, sentAt: Date): string | undefined {
  const event = recorded.find(({ id }) => id === eventId);
  if (!event?.previousKey) return undefined;
  const recipient = { kind: 'owner', user: slice?.users[0] ?? user, address: '' } as const;
  const { previousKey } = asOfSending(event as unknown as OwnerEvent, recipient, sentAt);
  return previousKey.kind === 'works' ? previousKey.until : undefined;
}
