import type { Clock } from '../clock';
import type { Random } from '../random';
import { AwsError, type Service } from '../service';
import { formatArn } from './arn';

export interface SentMail {
  readonly at: Date;
  readonly messageId: string;
  readonly accountId: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text?: string;
  readonly html?: string;
}

export class SesState {
  readonly mails: SentMail[] = [];
  private readonly identities = new Set<string>();

  /** A verified address or domain. */
  verify(accountId: string, region: string, identity: string): void {
    this.identities.add(`${accountId}/${region}/${identity.toLowerCase()}`);
  }

  /** The verified identity that may send from the address: itself, or its domain. */
  identityOf(accountId: string, region: string, address: string): string | undefined {
    const plain = bare(address);
    return [plain, plain.split('@')[1] ?? ''].find((identity) =>
      this.identities.has(`${accountId}/${region}/${identity}`),
    );
  }
}

export function sesService({ clock, random }: { clock: Clock; random: Random }): { service: Service; state: SesState } {
  const ids = random.fork('ses');
  const state = new SesState();
  const service: Service = {
    id: 'ses',
    operations: {
      SendEmail: {
        accesses: (input, call) => {
          const { accountId } = call.principal;
          const from: string = input.Source ?? '';
          const arn = (resource: string): string =>
            formatArn({ service: 'ses', region: call.region, accountId, resource });
          const access = (resource: string) => ({
            action: 'ses:SendEmail',
            resource,
            resourceAccountId: accountId,
            context: { 'ses:FromAddress': bare(from), 'ses:Recipients': recipients(input) },
          });
          return [
            access(arn(`identity/${state.identityOf(accountId, call.region, from) ?? bare(from)}`)),
            ...(input.ConfigurationSetName ? [access(arn(`configuration-set/${input.ConfigurationSetName}`))] : []),
          ];
        },
        run: (input, call) => {
          const { accountId } = call.principal;
          const from: string = input.Source ?? '';
          if (!state.identityOf(accountId, call.region, from))
            throw new AwsError(
              'MessageRejected',
              `Email address is not verified. The following identities failed the check in region ${call.region.toUpperCase()}: ${from}`,
            );
          const { Subject, Body } = input.Message ?? {};
          if (!Subject || !Body || recipients(input).length === 0)
            throw new AwsError(
              'InvalidParameterValue',
              'A message with a subject, a body and at least one recipient is required.',
            );
          const messageId = ids.uuid();
          state.mails.push({
            at: clock.now(),
            messageId,
            accountId,
            from,
            to: recipients(input),
            subject: Subject.Data ?? '',
            text: Body.Text?.Data,
            html: Body.Html?.Data,
          });
          return { MessageId: messageId };
        },
      },
    },
  };
  return { service, state };
}

function recipients(input: {
  Destination?: { ToAddresses?: string[]; CcAddresses?: string[]; BccAddresses?: string[] };
}): string[] {
  const { ToAddresses = [], CcAddresses = [], BccAddresses = [] } = input.Destination ?? {};
  return [...ToAddresses, ...CcAddresses, ...BccAddresses];
}

/** The address in `Name <address>`, in lower case. */
const bare = (address: string): string => (/<([^>]+)>\s*$/.exec(address)?.[1] ?? address).trim().toLowerCase();
