import { SendEmailCommand, type MessageTag, type SESClient } from '@aws-sdk/client-ses';
import { MAIL_TAGS, type MailSubject } from '../domain/mail/bounces';
import type { Mail } from '../domain/mail/render';

const utf8 = (Data: string) => ({ Data, Charset: 'UTF-8' });

/** SES builds the MIME message itself, so that no value reaches a header unencoded. */
export function sesMail(client: SESClient, settings: { readonly sender: string; readonly configurationSet: string }) {
  return {
    async send(
      to: readonly string[],
      { subject, text, html }: Mail,
      about: MailSubject = { audience: 'admins' },
    ): Promise<string> {
      const { MessageId } = await client.send(
        new SendEmailCommand({
          Source: settings.sender,
          Destination: { ToAddresses: [...to] },
          ConfigurationSetName: settings.configurationSet,
          Tags: tagsOf(about),
          Message: { Subject: utf8(subject), Body: { Text: utf8(text), Html: utf8(html) } },
        }),
      );
      return MessageId ?? '';
    },
  };
}

const tagsOf = ({ audience, event }: MailSubject): MessageTag[] => [
  { Name: MAIL_TAGS.audience, Value: audience },
  ...(event
    ? [
        { Name: MAIL_TAGS.account, Value: event.accountId },
        { Name: MAIL_TAGS.event, Value: event.eventId },
      ]
    : []),
];
