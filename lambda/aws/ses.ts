import { SendEmailCommand, type SESClient } from '@aws-sdk/client-ses';
import type { Mail } from '../domain/mail/render';

const utf8 = (Data: string) => ({ Data, Charset: 'UTF-8' });

/** SES builds the MIME message itself, so that no value reaches a header unencoded. */
export function sesMail(client: SESClient, settings: { readonly sender: string; readonly configurationSet: string }) {
  return {
    async send(to: readonly string[], { subject, text, html }: Mail): Promise<string> {
      const { MessageId } = await client.send(
        new SendEmailCommand({
          Source: settings.sender,
          Destination: { ToAddresses: [...to] },
          ConfigurationSetName: settings.configurationSet,
          Message: { Subject: utf8(subject), Body: { Text: utf8(text), Html: utf8(html) } },
        }),
      );
      return MessageId ?? '';
    },
  };
}
